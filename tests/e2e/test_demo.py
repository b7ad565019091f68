"""`make demo`, as a person runs it, on fewer sales."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from house_prices.registry import Registry
from tests import commands, cottages
from tests.e2e import stack
from tests.e2e.stack import free_port
from tests.e2e.webserver import wait_for


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("demo")
    stack.furnish(home)
    return home


def test_the_demo_goes_from_raw_sales_to_the_price_of_the_sample_house(home: Path) -> None:
    told = commands.house_prices_process(home, "demo", "--market", "halfmil")
    assert told.returncode == 0, told.stdout + told.stderr
    assert f"{stack.HALFMIL_ROWS} sales read" in told.stdout
    assert "passed  floors" in told.stdout
    assert "version 1 promoted by halfmil_promotion_sensor" in told.stdout
    assert "32,950 BRL, by version 1" in told.stdout
    assert "Warning" not in told.stderr
    assert groups_left(home) == []


def test_a_candidate_that_the_gate_rejects_ends_the_demo_with_the_reason(home: Path) -> None:
    told = commands.house_prices_process(home, "demo", "--market", cottages.NAME)
    assert told.returncode == 1
    assert "Version 1 is not promoted:\n  floors: On the holdout: r2" in told.stderr
    assert Registry(home / "storage" / "models").champion(cottages.NAME) is None
    assert groups_left(home) == []


def test_up_starts_both_and_ctrl_c_leaves_nothing_running(home: Path) -> None:
    ui, port = free_port(), free_port()
    command = [sys.executable, "-m", "house_prices", "up", "--ui-port", str(ui), "--port", str(port)]
    environment = {**os.environ, "HOUSE_PRICES_HOME": str(home), "INFERENCE_SERVER_METRICS_PORT": "off"}
    with (home / "up.log").open("w") as log:
        up = subprocess.Popen(command, stdout=log, stderr=log, env=environment, cwd=home)
    wait_for(lambda: "Ctrl-C stops both" in (home / "up.log").read_text(), seconds=90, otherwise="up")
    assert groups_left(home)
    up.send_signal(signal.SIGINT)
    assert up.wait(40) == 0
    assert groups_left(home) == []


def groups_left(home: Path) -> list[str]:
    """Command lines of processes whose environment names the project folder."""
    time.sleep(0.5)
    mark = f"HOUSE_PRICES_HOME={home}".encode()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if mark in process.joinpath("environ").read_bytes().split(b"\0"):
                found.append(process.joinpath("cmdline").read_bytes().decode().replace("\0", " "))
        except OSError:  # ended meanwhile
            continue
    return found
