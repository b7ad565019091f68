"""What the gate has said of each version, as the audit log keeps it."""

from typing import Any

from house_prices.errors import PromotionRefused
from house_prices.registry import Registry


def newest(registry: Registry, market: str) -> dict[int, dict[str, Any]]:
    """The newest verdict on each version that was judged."""
    entries: list[dict[str, Any]] = registry.history(market)
    return {entry["version"]: entry for entry in entries if entry["event"] == "verdict"}


def summary(verdict: dict[str, Any] | None) -> str:
    """A verdict in a line; None is for a version that was not judged."""
    if verdict is None:
        return "not judged"
    if verdict.get("outcome") == "hold":
        return f"held: {' '.join(verdict['reasons'])}"
    if not verdict["passed"]:
        return f"rejected: {' '.join(verdict['reasons'])}"
    return "passed the gate, " + ", ".join(
        f"{name} {verdict['metrics'][name]:.4g}" for name in ("rmsle", "r2")
    )


def check(registry: Registry, market: str, number: int) -> None:
    """Raise PromotionRefused for a version that a person promotes only by force.

    One that is held is theirs to decide; one that the gate rejected, or has not seen, is not.
    """
    verdict = newest(registry, market).get(number)
    if verdict is None or not (verdict["passed"] or verdict.get("outcome") == "hold"):
        raise PromotionRefused(f"{market} version {number}: {summary(verdict)}")
