"""The same work through Dagster: materialize every asset of a market and run its checks.

Every function of ours that a run calls is timed, so that the rest of the wall time is Dagster's own.
"""

import functools
import importlib
import inspect
import json
import pkgutil
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

LABELS = {
    "sales": "steps",
    "training": "steps",
    "gate": "steps",
    "evaluation": "evaluation",
    "model_card": "model card",
    "orchestration.plots": "plots",
}
"""What the time of a room's functions is reported as."""
began = time.perf_counter()
seconds: defaultdict[str, float] = defaultdict(float)
_open: list[list[float]] = []


@contextmanager
def timed(name: str) -> Iterator[None]:
    """Add the time of a block to `name`, without the time of timed blocks inside it."""
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


def time_public(module: ModuleType, label: str) -> None:
    """Time the calls of each public function that a module defines."""
    for name, value in list(vars(module).items()):
        if inspect.isfunction(value) and value.__module__ == module.__name__ and not name.startswith("_"):
            time_calls(module, name, label)


def instrument() -> None:
    """Time our functions, the plots, and the storage of frames between assets."""
    import pandas as pd

    import house_prices
    from house_prices.training import importance

    time_calls(importance, "by_permutation", "feature importance")
    for found in pkgutil.walk_packages(house_prices.__path__, "house_prices."):
        for room, label in LABELS.items():
            if f"{found.name}.".startswith(f"house_prices.{room}."):
                time_public(importlib.import_module(found.name), label)
    time_calls(pd.DataFrame, "to_parquet", "frames between assets")
    time_calls(pd, "read_parquet", "frames between assets")
    time_calls(pd.DataFrame, "to_csv", "rejects file")


home = Path(sys.argv[1])
market = sys.argv[2]
with timed("imports"):
    import dagster as dg

    from house_prices.orchestration.definitions import build
    from house_prices.training import train  # noqa: F401
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
            "steps_s": {step.step_key: (step.end_time or 0) - (step.start_time or 0) for step in run},
        }
    )
)
