"""The same work through Dagster: a home folder in, every asset and check of its market materialized.

Each function of ours that a run goes through is timed where it is called, so that what is left of the
wall time is Dagster's own.
"""

import functools
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

began = time.perf_counter()
seconds: Counter[str] = Counter()
_open: list[list[float]] = []


@contextmanager
def timed(name: str) -> Iterator[None]:
    """Add the time of a block to `name`, without what blocks inside it take."""
    inner = [0.0]
    _open.append(inner)
    started = time.perf_counter()
    yield
    spent = time.perf_counter() - started
    _open.pop()
    seconds[name] += spent - inner[0]
    if _open:
        _open[-1][0] += spent


def time_calls(owner: Any, name: str, label: str) -> None:
    function: Callable[..., Any] = getattr(owner, name)

    @functools.wraps(function)
    def wrapper(*arguments: Any, **named: Any) -> Any:
        with timed(label):
            return function(*arguments, **named)

    setattr(owner, name, wrapper)


def time_module(module: ModuleType, label: str, *names: str) -> None:
    for name in names:
        time_calls(module, name, label)


def instrument() -> None:
    """Put a clock around our steps, the plots, the checks' work and what is stored between assets."""
    import pandas as pd

    from house_prices import plots
    from house_prices.steps import clean, evaluate, export, gate, source, split, train

    time_module(source, "steps", "read", "paths")
    time_module(clean, "steps", "clean", "count_by_reason", "check_kept")
    time_module(split, "steps", "split", "counts")
    time_module(train, "steps", "train")
    time_module(export, "steps", "export", "session", "predict", "ranges", "golden")
    time_module(evaluate, "steps", "parity", "dummy", "slices")
    time_module(gate, "steps", "judge")
    time_module(train, "feature importance", "importance")
    drawn = ("price_distribution", "predicted_against_actual", "error_by_price_band", "feature_importance")
    time_module(plots, "plots", *drawn)
    time_calls(pd.DataFrame, "to_parquet", "frames between assets")
    time_calls(pd, "read_parquet", "frames between assets")
    time_calls(pd.DataFrame, "to_csv", "rejects file")


home = Path(sys.argv[1])
market = sys.argv[2]
with timed("imports"):
    import dagster as dg

    from house_prices.definitions import build
    from house_prices.steps import evaluate, train  # noqa: F401
with timed("definitions"):
    instrument()
    definitions = build(home)
    job = definitions.resolve_job_def(f"{market}_training")
with timed("instance"):
    instance = dg.DagsterInstance.get()
with timed("the run's events, checks and the rest"):
    result = job.execute_in_process(instance=instance)
run = instance.get_run_step_stats(result.run_id)
checks = result.get_asset_check_evaluations()
print(
    json.dumps(
        {
            "checks": {check.check_name: bool(check.passed) for check in checks},
            "in_process_s": time.perf_counter() - began,
            "seconds": seconds,
            "steps_s": {step.step_key: step.end_time - step.start_time for step in run},
        }
    )
)
