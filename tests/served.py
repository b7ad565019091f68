"""Lines of a prediction log, as a server writes them."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path


def line(
    houses: Sequence[Mapping[str, object]],
    prices: Sequence[float],
    *,
    time: str = "2026-03-01T12:00:00.000+00:00",
    version: int = 1,
    request: str = "r",
    references: Sequence[str | None] | None = None,
    share: float | None = 0.1,
) -> str:
    """One request. The interval lies `share` of the price around it; None for a model without one."""
    entry: dict[str, object] = {
        "record": 2,
        "time": time,
        "id": request,
        "market": "cottages",
        "version": version,
        "method": "/house_prices.cottages.v1.PredictionService/Predict",
        "houses": houses,
        "prices": prices,
    }
    if references:
        entry["references"] = references
    if share is not None:
        entry["lower"] = [(1 - share) * price for price in prices]
        entry["upper"] = [(1 + share) * price for price in prices]
    return json.dumps(entry)


def write(log: Path, *lines: str, name: str = "0-20260301T130000Z-abc") -> None:
    """A closed file of a market's log."""
    log.mkdir(parents=True, exist_ok=True)
    (log / f"{name}.jsonl").write_text("".join(f"{each}\n" for each in lines))
