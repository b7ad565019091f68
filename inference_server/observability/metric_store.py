"""The numbers of one process, and their sums over several.

Kept here and not in prometheus_client's own counters: adding to a list costs a tenth of those that several
processes can share, a worker that ends leaves its sums and takes its gauges along, and a label that is no
longer true goes away.
"""

import json
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

Key: TypeAlias = tuple[str, ...]
"""Name of the metric and the values of its labels."""
Numbers: TypeAlias = dict[Key, list[float]]
"""A counter or gauge has one number; a histogram one for each bucket, one above them, and the sum."""


class Kind(Enum):
    """How a metric's numbers are meant."""

    COUNTER = "only grows; stays when its process ends"
    HISTOGRAM = "only grows, by bucket; stays when its process ends"
    GAUGE = "as it is now; goes when its process ends"


@dataclass(frozen=True, kw_only=True)
class Metric:
    """A name that Prometheus knows."""

    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()
    """Upper ends, ascending, in the metric's unit."""


Collector: TypeAlias = Callable[[], Iterable[tuple[Metric, Sequence[str], float]]]
"""Gives what is so at the moment of asking."""


class MetricStore:
    """Grows on one thread; may be read on any."""

    def __init__(self) -> None:
        self._numbers: Numbers = {}
        self._collectors: list[Collector] = []

    def cell(self, metric: Metric, *labels: str) -> list[float]:
        """Where a metric's numbers are added to; worth keeping by who adds often."""
        key = (metric.name, *labels)
        cell = self._numbers.get(key)
        if cell is None:
            cell = self._numbers[key] = [0.0] * (len(metric.buckets) + 2 if metric.buckets else 1)
        return cell

    def add(self, metric: Metric, *labels: str, amount: float = 1) -> None:
        """Add to a counter."""
        self.cell(metric, *labels)[0] += amount

    def add_collector(self, collector: Collector) -> None:
        """Collector there, too, whenever the numbers are asked for."""
        self._collectors.append(collector)

    def numbers(self) -> Numbers:
        """All of them, as they are now."""
        now = {key: list(cell) for key, cell in list(self._numbers.items())}
        for collector in self._collectors:
            now.update({(metric.name, *labels): [value] for metric, labels, value in collector()})
        return now


def observe(cell: list[float], buckets: Sequence[float], value: float) -> None:
    """Count a value in a histogram's cell."""
    cell[bisect_left(buckets, value)] += 1
    cell[-1] += value


def total(processes: Iterable[Numbers]) -> Numbers:
    """The sum over processes."""
    summed: Numbers = {}
    for store in processes:
        for key, numbers in store.items():
            before = summed.get(key)
            summed[key] = [a + b for a, b in zip(before, numbers, strict=True)] if before else numbers
    return summed


def dump(numbers: Numbers) -> str:
    """As a line of JSON."""
    return json.dumps(list(numbers.items()))


def parse(line: str | bytes) -> Numbers:
    """From a line of JSON."""
    return {tuple(key): numbers for key, numbers in json.loads(line)}
