"""The records in a registry: published versions, the champion, decisions."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from house_prices.errors import ModelDamaged
from house_prices.registry import atomic_files
from house_prices.registry.manifest import Manifest

REPORT = "report.html"
"""The model card's file, beside the model."""
IN_LIFE = "in_life.json"
"""How the version did on sales that came after its predictions, beside the model."""


@dataclass(frozen=True, kw_only=True)
class ModelVersion:
    """A published version on the disk."""

    market: str
    number: int
    folder: Path
    manifest: Manifest

    @property
    def model(self) -> Path:
        """The ONNX file."""
        return self.folder / "model.onnx"

    @property
    def trained_on(self) -> Path:
        """The file that identifies the sales this version was trained on."""
        return self.folder / "trained_on.bin"

    @property
    def report(self) -> Path:
        """The model card; written when model_card is materialized."""
        return self.folder / REPORT

    def check(self) -> None:
        """Raise ModelDamaged unless the model's bytes are those that were published."""
        found = atomic_files.sha256(self.model) if self.model.is_file() else "no file"
        if found != self.manifest.sha256:
            raise ModelDamaged(
                f"{self.model}: sha256 is {found}, the manifest says {self.manifest.sha256}. "
                "Publish the model again, or put back the file that was published."
            )


@dataclass(frozen=True, kw_only=True)
class Champion:
    """The version that serves."""

    version: int
    sha256: str
    promoted_at: str
    """ISO 8601, UTC."""
    by: str
    """Who promoted it: a sensor's name or a person's."""
    reason: str
    previous: int | None
    """The champion before this one, to which a rollback returns."""


@dataclass(frozen=True, kw_only=True)
class Rejection:
    """A person's decision that a version is not to serve."""

    by: str
    reason: str
    at: str
    """ISO 8601, UTC."""

    def __str__(self) -> str:
        return f"rejected by {self.by}: {self.reason}"


class Outcome(StrEnum):
    """What a rule of the gate, or the gate as a whole, makes of a candidate."""

    PASS = "pass"  # noqa: S105  # no password
    """Nothing stands against promotion."""
    NEEDS_REVIEW = "needs_review"
    """The numbers do not decide: a person promotes or rejects, with a reason."""
    FAIL = "fail"
    """The candidate is rejected."""
    NOT_APPLIED = "not_applied"
    """Of a rule alone: there was nothing to compare, which is neither for nor against the candidate."""


@dataclass(frozen=True, kw_only=True)
class DecisionRecord:
    """The gate's decision on a version, as recorded in the audit log."""

    version: int
    sha256: str
    outcome: Outcome
    reasons: tuple[str, ...]
    """A sentence for each rule that did not pass."""
    metrics: Mapping[str, float]
    """On the holdout."""
    holdout: str
    """Hash of the holdout's contents."""
    at: str
    """ISO 8601, UTC."""

    def __str__(self) -> str:
        if self.outcome is Outcome.NEEDS_REVIEW:
            return f"needs review: {' '.join(self.reasons)}"
        if self.outcome is Outcome.FAIL:
            return f"rejected: {' '.join(self.reasons)}"
        found = ", ".join(f"{name} {self.metrics[name]:.4g}" for name in ("rmsle", "r2"))
        return f"passed the gate, {found}"
