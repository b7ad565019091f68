"""The records in a registry: published versions, the champion, decisions."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any

from house_prices.errors import ModelDamaged
from house_prices.registry import reading
from house_prices.registry.manifest import Manifest

REPORT = "report.html"
"""The model card's file, beside the model."""
PROFILE = "profile.json"
"""The distribution of what the version was trained on, beside the model."""
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

    def check(self, published: Mapping[str, str] = MappingProxyType({})) -> None:
        """Raise ModelDamaged unless the files are those that were published.

        `published` is the sha256 of each by the audit log. Versions of the first release have none there; the
        manifest knows the model's.
        """
        for name, expected in {"model.onnx": self.manifest.sha256, **published}.items():
            path = self.folder / name
            try:
                found = reading.sha256(path, self.folder.parent.parent)
            except FileNotFoundError:
                found = "no file"
            if found != expected:
                says = "the audit log" if name in published else "the manifest"
                raise ModelDamaged(
                    f"{path}: sha256 is {found}, {says} says {expected}. "
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

    @classmethod
    def from_values(cls, values: object) -> "Champion":
        """The champion in champion.json's value. Raises ValueError or TypeError for any other."""
        text: dict[str, Any] = dict.fromkeys(("sha256", "promoted_at", "by", "reason"), str)
        champion = cls(**reading.typed(values, {"version": int, "previous": (int, type(None)), **text}))
        for number in (champion.version, *filter(None, [champion.previous])):
            reading.number(number)
        return champion


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
    champion: int | None
    """The version that served then, with which the candidate was compared; None if none did."""
    at: str
    """ISO 8601, UTC."""

    def __str__(self) -> str:
        if self.outcome is Outcome.NEEDS_REVIEW:
            return f"needs review: {' '.join(self.reasons)}"
        if self.outcome is Outcome.FAIL:
            return f"rejected: {' '.join(self.reasons)}"
        shown = [f"{name} {self.metrics[name]:.4g}" for name in ("rmsle", "r2") if name in self.metrics]
        return ", ".join(["passed the gate", *shown])


@dataclass(frozen=True, kw_only=True)
class Head:
    """The end of an audit log at some time, kept where the log's writer does not reach."""

    lines: int
    hash: str
    """Of the last line, in hexadecimal. It stands for all lines up to it."""
    kept: str
    """Where and when, for people."""
