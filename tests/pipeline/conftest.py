"""One training for the whole run of tests; the serving test is a recorded one unless a test asks for it."""

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.storage.defs_state.base import set_defs_state_storage

from house_prices.evaluation import serving_test
from house_prices.evaluation.evaluate import Serve
from house_prices.evaluation.evaluation import ServingTest
from house_prices.evaluation.measure import Expected
from house_prices.registry import ModelVersion
from tests import cottages, evaluations
from tests.workshop import Workshop

# Else gcsfs asks Google for the kind of a bucket that is on this machine; it is read at its import.
os.environ["GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT"] = "false"


def recorded(_: ModelVersion, champion: ModelVersion | None, expected: Expected) -> ServingTest:
    """The result of the serving test for a sound candidate, without a server."""
    return evaluations.serving(rows=len(expected.houses), champion_p99_ms=3.0 if champion else None)


@pytest.fixture
def serve(request: pytest.FixtureRequest) -> Serve:
    """The recorded serving test, or the real one if the test is marked `real_serving_test`."""
    return serving_test.run if "real_serving_test" in request.keywords else recorded


def made_once(home: Path, run: Callable[[Workshop], dg.ExecuteInProcessResult]) -> Path:
    """The market of cottages after one run, in a home to copy and not to change.

    All workers of pytest-xdist share it: the first makes it, while the others wait.
    """
    with home.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = home.with_suffix(".done")
        if not done.exists():
            cottages.write(home)
            shop = Workshop.on_disk(home)
            assert run(shop).success
            shop.instance.dispose()
            done.touch()
    return home


@pytest.fixture(autouse=True)
def _no_storage_of_another_test() -> Iterator[None]:
    """Instances that do not end in the reverse order of their starts leave Dagster with the storage of one
    that is gone, in which it then looks for the state of definitions."""
    with set_defs_state_storage(None):
        yield


@pytest.fixture(scope="session")
def homes(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The folder of what all workers share."""
    base = tmp_path_factory.getbasetemp()
    return base if worker_id == "master" else base.parent


@pytest.fixture(scope="session")
def trained_home(homes: Path) -> Path:
    """A home after one training, with the real serving test."""
    return made_once(homes / "trained_home", Workshop.train)


@pytest.fixture(scope="session")
def materialized_home(homes: Path) -> Path:
    """A home in which every asset was materialized and no check executed."""

    def materialize(shop: Workshop) -> dg.ExecuteInProcessResult:
        return replace(shop, serve=recorded).materialize()

    return made_once(homes / "materialized_home", materialize)


@pytest.fixture
def trained(trained_home: Path, tmp_path: Path, serve: Serve) -> Workshop:
    """The market of cottages after one training: version 1 is published and judged, and not promoted."""
    home = tmp_path / "home"
    shutil.copytree(trained_home, home)
    return Workshop.on_disk(home, serve=serve)


@pytest.fixture
def materialized(materialized_home: Path, tmp_path: Path, serve: Serve) -> Workshop:
    """The market of cottages with every asset materialized: version 1 is published, and not judged."""
    home = tmp_path / "home"
    shutil.copytree(materialized_home, home)
    return Workshop.on_disk(home, serve=serve)


@pytest.fixture
def shop(tmp_path: Path, serve: Serve) -> Workshop:
    """The market of cottages before its first training."""
    home = tmp_path / "home"
    cottages.write(home)
    return Workshop(home=home, serve=serve)
