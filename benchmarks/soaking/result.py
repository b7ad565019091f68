"""The result of a soak's section."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Result:
    """A section's numbers, and the promises that they break."""

    facts: str
    faults: Sequence[str] = ()
    """Empty if every promise is kept."""


def result_of(facts: str, **promises: bool) -> Result:
    """A result from promises by name, each with whether it was kept."""
    broken = [name.replace("_", " ") for name, is_kept in promises.items() if not is_kept]
    return Result(facts=facts, faults=broken)


def counted(codes: Mapping[str, int] | Iterable[tuple[str, int]]) -> str:
    """`OK 120, NOT_FOUND 3`."""
    return ", ".join(f"{code} {count}" for code, count in sorted(dict(codes).items())) or "none"
