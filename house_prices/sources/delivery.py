"""What a source delivers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """Files of sales on this machine."""

    files: tuple[Path, ...]
    """To read, in the order of their names."""
    stamp: str
    """What the source looked like when they were delivered."""
    left: tuple[tuple[str, str], ...] = ()
    """What else was there by name, each with the reason why it is left alone."""
    checksums: Mapping[str, str] = field(default_factory=dict)
    """By file name where the file's own checksum would differ although the sales are the same."""
