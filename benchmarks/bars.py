"""The limits of the serving benchmark."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Bar:
    """A measured value and its limit."""

    name: str
    value: float
    bar: float
    at_least: bool

    @property
    def is_kept(self) -> bool:
        return self.value >= self.bar if self.at_least else self.value <= self.bar

    def __str__(self) -> str:
        allowed = f"{'at least' if self.at_least else 'at most'} {self.bar:,g}"
        return f"{self.name:<52}{self.value:>14,.2f}  {allowed:<22}{'kept' if self.is_kept else 'MISSED'}"


def at_least(bar: float, name: str, value: float) -> Bar:
    return Bar(name=name, value=value, bar=bar, at_least=True)


def at_most(bar: float, name: str, value: float) -> Bar:
    return Bar(name=name, value=value, bar=bar, at_least=False)


def limits(found: Mapping[str, Any], many: int) -> list[Bar]:
    """Each limit with what was measured; `many` are the rows of large requests."""
    table = found["compared"]
    one, alone, large = (
        table["typed, 1 row"],
        table["typed, 1 row, 1 in flight"],
        table[f"OIP raw, {many} rows"],
    )
    envoy, workers, swap = one["envoy"], found["workers"], found["swap"]
    return [
        at_least(1.8, "Envoy, 1 row: requests/s of the floor's", envoy["requests_s_ratio"]),
        at_most(0.65, "Envoy, 1 row: CPU of the floor's", envoy["cpu_us_ratio"]),
        at_most(1.0, "Envoy, 1 row: p99 of the floor's", envoy["p99_us_ratio"]),
        at_most(1.25, "Envoy, 1 in flight: p50 of the floor's", alone["envoy"]["p50_us_ratio"]),
        at_least(
            0.9, f"Envoy, OIP {many} rows: requests/s of the floor's", large["envoy"]["requests_s_ratio"]
        ),
        at_least(1.5e6, f"Envoy, typed {many} rows: rows/s", table[f"typed, {many} rows"]["envoy"]["rows_s"]),
        at_least(1.6, "Envoy, two processes: requests/s of one's", workers[2] / workers[1]),
        *_beside("1 row", envoy, table["OIP raw, 1 row"], {"PyTriton": 2, "MLServer": 4}),
        *_beside(f"{many} rows", large["envoy"], large, {"PyTriton": 3, "MLServer": 3}),
        at_most(
            1.0, "grpcio, 1 row: CPU of a plain handler's", one["grpcio"]["cpu_us"] / one["plain"]["cpu_us"]
        ),
        at_most(2.0, "p99 while swapping of the steady", swap["swapping"] / swap["steady"]),
        at_most(1.0, "cost a row from one size to the next, at most", max(_rises(found["growth"]))),
    ]


def _beside(
    rows: str, ours: Mapping[str, float], table: Mapping[str, Mapping[str, float]], bars: Mapping[str, float]
) -> Iterator[Bar]:
    """For peers that were measured."""
    for peer, bar in bars.items():
        if peer in table:
            ratio = ours["requests_s"] / table[peer]["requests_s"]
            yield at_least(bar, f"Envoy, {rows}: requests/s of {peer}'s", ratio)


def _rises(growth: Mapping[str, Mapping[int, float]]) -> Iterator[float]:
    for costs in growth.values():
        yield from (later / earlier for earlier, later in pairwise(costs.values()))
