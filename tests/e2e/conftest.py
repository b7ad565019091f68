import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.e2e import chromium, compose, stack
from tests.e2e.asking import price
from tests.e2e.compose import Deployment
from tests.e2e.stack import Stack
from tests.e2e.webserver import wait_for


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """One stack for all end-to-end tests: starting it takes longer than any of them."""
    home = tmp_path_factory.mktemp("home")
    stack.furnish(home)
    with stack.running(home) as started:
        yield started


@pytest.fixture(scope="session")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """docker-compose.yml in an engine."""
    with compose.deployed(tmp_path_factory.mktemp("compose")) as deployed:
        yield deployed


@pytest.fixture(scope="session")
def champion(deployment: Deployment) -> int:
    """A version that serves there."""
    if deployment.champion() is None:
        deployment.run("house-prices", "data", "halfmil", "--rows", "20000")
        deployment.webserver.launch_job("halfmil_training")
    version = wait_for(deployment.champion, seconds=300, otherwise="no champion")
    wait_for(lambda: price(deployment.gateway), seconds=60, otherwise="the champion does not serve")
    return version


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser for each module: while it is open, no other test of the process can run an event loop."""
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium.EXECUTABLE, args=chromium.FLAGS)
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where screenshots go: the folder in SCREENSHOTS, or a temporary one."""
    folder = Path(os.environ.get("SCREENSHOTS") or tmp_path_factory.mktemp("pictures"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder
