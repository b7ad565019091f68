"""One training for the whole run of tests; the serving test is a recorded one unless a test asks for it."""

import fcntl
import shutil
from pathlib import Path

import pytest

from house_prices.evaluation import serving_test
from house_prices.evaluation.evaluate import Serve
from house_prices.evaluation.evaluation import ServingTest
from house_prices.evaluation.measure import Expected
from house_prices.registry import ModelVersion
from tests import cottages, evaluations
from tests.workshop import Workshop


def recorded(_: ModelVersion, champion: ModelVersion | None, expected: Expected) -> ServingTest:
    """The result of the serving test for a sound candidate, without a server."""
    return evaluations.serving(rows=len(expected.houses), champion_p99_ms=3.0 if champion else None)


@pytest.fixture
def serve(request: pytest.FixtureRequest) -> Serve:
    """The recorded serving test, or the real one if the test is marked `real_serving_test`."""
    return serving_test.run if "real_serving_test" in request.keywords else recorded


@pytest.fixture(scope="session")
def trained_home(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The market of cottages after one training, with the real serving test. Copy it, and do not change it.

    All workers of pytest-xdist share it: the first trains, while the others wait.
    """
    base = tmp_path_factory.getbasetemp()
    home = (base if worker_id == "master" else base.parent) / "trained_home"
    with home.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = home.with_suffix(".done")
        if not done.exists():
            cottages.write(home)
            shop = Workshop.on_disk(home)
            assert shop.train().success
            shop.instance.dispose()
            done.touch()
    return home


@pytest.fixture
def trained(trained_home: Path, tmp_path: Path, serve: Serve) -> Workshop:
    """The market of cottages after one training: version 1 is published and judged, and not promoted."""
    home = tmp_path / "home"
    shutil.copytree(trained_home, home)
    return Workshop.on_disk(home, serve=serve)


@pytest.fixture
def shop(tmp_path: Path, serve: Serve) -> Workshop:
    """The market of cottages before its first training."""
    home = tmp_path / "home"
    cottages.write(home)
    return Workshop(home=home, serve=serve)
