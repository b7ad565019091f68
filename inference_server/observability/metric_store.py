"""The numbers of one process, and their sums over several.

They are not kept in prometheus_client's own counters: adding to a list costs a tenth of a counter that
processes can share, the sums of a worker outlive it while its gauges do not, and outdated labels disappear.
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
    """What a metric's numbers mean, and whether they outlive their process."""

    COUNTER = "only grows; stays when its process ends"
    HISTOGRAM = "only grows, by bucket; stays when its process ends"
    GAUGE = "the current value; goes when its process ends"


@dataclass(frozen=True, kw_only=True)
class Metric:
    """A metric as Prometheus describes it."""

    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()
    """Upper ends, ascending, in the metric's unit."""


Collector: TypeAlias = Callable[[], Iterable[tuple[Metric, Sequence[str], float]]]
"""Gives current values: metric, label values, value."""


class MetricStore:
    """The numbers of one process. One thread writes them; any thread may read them."""

    def __init__(self) -> None:
        self._numbers: Numbers = {}
        self._collectors: list[Collector] = []

    def cell(self, metric: Metric, *labels: str) -> list[float]:
        """The list that holds a metric's numbers. Callers that add often should keep it."""
        key = (metric.name, *labels)
        cell = self._numbers.get(key)
        if cell is None:
            cell = self._numbers[key] = [0.0] * (len(metric.buckets) + 2 if metric.buckets else 1)
        return cell

    def add(self, metric: Metric, *labels: str, amount: float = 1) -> None:
        """Add to a counter."""
        self.cell(metric, *labels)[0] += amount

    def add_collector(self, collector: Collector) -> None:
        """Add the values of a collector whenever the numbers are read."""
        self._collectors.append(collector)

    def numbers(self) -> Numbers:
        """All current numbers."""
        now = {key: list(cell) for key, cell in list(self._numbers.items())}
        for collector in self._collectors:
            now.update({(metric.name, *labels): [value] for metric, labels, value in collector()})
        return now


def observe(cell: list[float], buckets: Sequence[float], value: float) -> None:
    """Count a value in a histogram's cell."""
    cell[bisect_left(buckets, value)] += 1
    cell[-1] += value


def observe_each(cells: Sequence[list[float]], buckets: Sequence[float], values: Sequence[float]) -> None:
    """Count a value in each of several histograms' cells."""
    for cell, value in zip(cells, values, strict=True):
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
