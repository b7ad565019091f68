"""What lies in a registry: a published version, and the champion."""

from dataclasses import dataclass
from pathlib import Path

from house_prices.errors import ModelDamaged
from house_prices.registry import atomic_files
from house_prices.registry.manifest import Manifest

REPORT = "report.html"
"""The model card's file, beside the model."""


@dataclass(frozen=True, kw_only=True)
class ModelVersion:
    """A published version as it lies on the disk."""

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
        """Names of the sales it was trained on, as its publisher wrote them."""
        return self.folder / "trained_on.bin"

    @property
    def report(self) -> Path:
        """The model card; it is written when the gate has judged."""
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
    """The champion before this one: where a rollback goes."""


@dataclass(frozen=True, kw_only=True)
class Rejection:
    """A person's decision that a version is not to serve."""

    by: str
    reason: str
    at: str
    """ISO 8601, UTC."""

    def __str__(self) -> str:
        return f"rejected by {self.by}: {self.reason}"
