"""How many threads a fit may use."""

from contextlib import AbstractContextManager

from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # it ships no types

ENOUGH_ROWS = 100_000
"""Rows from which on one fit keeps all cores busy."""


def limited(rows: int) -> AbstractContextManager[object]:
    """Limit threads to one if they would spend more time waiting for each other than working.

    With both cores busy, gradient boosting on 2000 sales took ten times as long with two OpenMP threads.
    Least squares on a tall table take twice the processor time with two BLAS threads and are no faster.
    """
    openmp = 1 if rows < ENOUGH_ROWS else None
    found: AbstractContextManager[object] = threadpool_limits({"openmp": openmp, "blas": 1})
    return found
