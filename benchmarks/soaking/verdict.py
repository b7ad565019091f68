"""What a section of a soak found."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Numbers, and what is wrong with them."""

    facts: str
    faults: Sequence[str] = ()
    """Empty where all is as promised."""


def verdict(facts: str, **promises: bool) -> Verdict:
    """From promises by their name, with what came of each."""
    broken = [name.replace("_", " ") for name, is_kept in promises.items() if not is_kept]
    return Verdict(facts=facts, faults=broken)


def counted(codes: Mapping[str, int] | Iterable[tuple[str, int]]) -> str:
    """`OK 120, NOT_FOUND 3`."""
    return ", ".join(f"{code} {count}" for code, count in sorted(dict(codes).items())) or "none"
