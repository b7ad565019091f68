"""Hot swaps under load."""

from functools import partial

from benchmarks.server import eventually, serving
from benchmarks.soaking import huts
from benchmarks.soaking.callers import Callers
from benchmarks.soaking.result import Result, counted, result_of
from house_prices.registry import Registry

SWAPS = 100


def swaps(registry: Registry) -> Result:
    """Each swap promotes a new version with its own prices, and waits until it has answered."""
    huts.promoted(registry)
    with serving(registry) as server, Callers(server.address) as callers:
        for _ in range(SWAPS):
            version = huts.promoted(registry)
            eventually(partial(callers.has_heard, version.number))
    facts = f"{SWAPS} swaps, {counted(callers.codes)}, {len(callers.wrong)} answers not their version's"
    return result_of(facts, no_failures=not callers.failures, every_price_its_versions=not callers.wrong)
