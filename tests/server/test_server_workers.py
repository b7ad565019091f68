"""Several processes on one port: they share the work, die, are replaced, and end together."""

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from house_prices.registry import Registry
from inference_server.client import Client, ClientError, launcher
from tests import models, scrapes, servers
from tests.load import Load
from tests.models import HUT

CONTRACTS = [models.contract()]


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    registry = Registry(tmp_path / "models")
    models.promote(registry, models.publish(registry))
    return registry


@pytest.fixture
def server(registry: Registry) -> Iterator[servers.Running]:
    """For tests that end a process of it."""
    with servers.serving(registry.root, "--workers", "2") as running:
        yield running


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Running]:
    """For tests that leave its processes as they are; its registry is the folder `models`."""
    registry = Registry(tmp_path_factory.mktemp("lasting") / "models")
    models.promote(registry, models.publish(registry))
    with servers.serving(registry.root, "--workers", "2") as running:
        yield running


def workers(server: servers.Running) -> set[int]:
    """Process ids of the workers that are there now."""
    return set(servers.family(server.process.pid)[1:])


def requests_by_worker(server: servers.Running) -> set[int]:
    return {line["worker"] for line in server.lines("request")}


def test_both_answer_and_the_metrics_are_those_of_both(lasting: servers.Running) -> None:
    server, asked = lasting, 0
    while len(requests_by_worker(server)) < 2:
        with Client(server.address, contracts=CONTRACTS) as client:
            client.predict("huts", [HUT] * 3)
        asked += 1
    labels = {"market": "huts", "version": "1"}
    assert scrapes.says(server, asked, "inference_requests_total", **labels, code="OK")
    assert scrapes.says(server, asked * 3, "inference_rows_total", **labels)
    assert scrapes.says(server, asked, "inference_phase_seconds_count", phase="compute")
    assert scrapes.total(server, "inference_champion_info", **labels) == 2
    assert scrapes.total(server, "inference_workers") == 2


def test_a_pool_of_connections_reaches_both(lasting: servers.Running) -> None:
    before = len(lasting.lines("request"))
    with Client(lasting.address, contracts=CONTRACTS, connections=12) as client:
        for _ in range(24):
            client.predict("huts", [HUT])
    asked = servers.eventually(lambda: len(found := lasting.lines("request")[before:]) == 24 and found)
    assert {line["worker"] for line in asked} == {0, 1}


def test_a_worker_killed_under_load_is_replaced_and_what_it_counted_stays(server: servers.Running) -> None:
    before = workers(server)
    with Load(server.address, contracts=CONTRACTS, connections=4) as load:
        servers.eventually(lambda: load.codes["OK"] > 200)
        time.sleep(0.6)  # until it has told of itself
        counted = scrapes.total(server, "inference_requests_total", code="OK")
        os.kill(min(before), signal.SIGKILL)
        assert server.says("worker ended")["code"] == -signal.SIGKILL
        servers.eventually(lambda: len(workers(server) - before) == 1)
        assert scrapes.says(server, 2, "inference_workers")
        so_far = load.codes["OK"]
        servers.eventually(lambda: load.codes["OK"] > so_far + 100)
    assert set(load.failures) <= {"UNAVAILABLE"}  # only those that it was answering when it died
    assert sum(load.failures.values()) <= 4
    assert scrapes.total(server, "inference_requests_total", code="OK") >= counted
    assert scrapes.total(server, "inference_worker_restarts_total") == 1


def test_sigterm_under_load_answers_all_that_was_accepted(server: servers.Running) -> None:
    with Load(server.address, contracts=CONTRACTS, threads=6, timeout_seconds=2) as load:
        servers.eventually(lambda: load.codes["OK"] > 100)
        assert server.stop() == 0
    told = [line["code"] for line in server.lines("request")]
    assert told.count("OK") == load.codes["OK"]
    assert set(told) <= {"OK", "UNAVAILABLE"}
    assert set(load.failures) <= {"UNAVAILABLE", "CANCELLED"}


def test_workers_end_with_a_supervisor_that_is_killed_though_nobody_reads_their_log(
    registry: Registry,
) -> None:
    command = launcher.command(registry.root, "--workers", "3")
    with subprocess.Popen(command, stderr=subprocess.PIPE) as supervisor:
        assert supervisor.stderr
        assert any(b'"serving"' in line for line in supervisor.stderr)
        left = servers.family(supervisor.pid)[1:]
        supervisor.kill()
        supervisor.wait()
        supervisor.stderr.close()
    assert len(left) == 3
    assert servers.eventually(lambda: not any(Path(f"/proc/{pid}/cmdline").exists() for pid in left), 10)


def test_ctrl_c_ends_all_in_order(server: servers.Running) -> None:
    assert server.stop(signal.SIGINT) == 0
    assert len(server.lines("stopping")) == 3


def test_a_worker_that_cannot_start_ends_all_with_the_reason(tmp_path: Path) -> None:
    log, key = tmp_path / "log", tmp_path / "key"
    flags = ["--workers", "2", "--prediction-log", str(log), "--prediction-log-key-file", str(key)]
    ended = servers.run(tmp_path / "models", *flags, "--metrics-port", "0")
    assert ended.returncode == 1
    assert re.search(r"workers ended \d times within 5 seconds of their start", ended.stderr)
    assert f"--prediction-log-key-file: {key} cannot be read: No such file" in ended.stderr


def test_a_port_that_is_taken_is_said_so_though_workers_share_theirs(
    lasting: servers.Running, registry: Registry
) -> None:
    flags = ["--port", str(lasting.port), "--metrics-port", "0"]
    for workers_wanted in ("1", "2"):
        ended = servers.run(registry.root, *flags, "--workers", workers_wanted)
        assert ended.returncode == 1
        assert "another process has it" in ended.stderr


def test_a_swap_reaches_every_worker_and_no_request_fails(
    server: servers.Running, registry: Registry
) -> None:
    with Load(server.address, contracts=CONTRACTS, connections=4) as load:
        models.promote(registry, models.publish(registry, base=1))
        assert scrapes.says(server, 2, "inference_champion_info", version="2")
        assert scrapes.total(server, "inference_champion_info", version="1") == 0
    assert load.failures == {}


def test_only_workers_over_grpcio_have_it(lasting: servers.Running) -> None:
    maps = Path(f"/proc/{lasting.process.pid}/maps").read_text()
    assert "cygrpc" not in maps
    has_it = servers.transport() == "grpcio"
    assert all(("cygrpc" in Path(f"/proc/{pid}/maps").read_text()) == has_it for pid in workers(lasting))


def test_the_log_level_of_the_settings_file_is_read_again_on_sighup(
    registry: Registry, tmp_path: Path
) -> None:
    file = tmp_path / "server.toml"
    file.write_text('log_level = "info"\nworkers = 2\nmax_rows = 2\n')
    with (
        servers.serving(registry.root, "--settings", str(file)) as server,
        Client(server.address, contracts=CONTRACTS) as client,
    ):
        with pytest.raises(ClientError, match="allowed: at most 2"):
            client.predict("huts", [HUT] * 3)
        file.write_text('log_level = "warning"')
        server.process.send_signal(signal.SIGHUP)
        servers.eventually(lambda: len(server.lines("reloaded")) == 2)
        before = len(server.lines("request"))
        client.predict("huts", [HUT])
        assert len(server.lines("request")) == before
        os.kill(min(workers(server)), signal.SIGKILL)
        assert scrapes.says(server, 1, "inference_worker_restarts_total")
        assert scrapes.says(server, 2, "inference_workers")
        client.predict("huts", [HUT])
        assert len(server.lines("request")) == before  # a new worker, too, has the level
        file.write_text('log_level = "loud"')
        server.process.send_signal(signal.SIGHUP)
        assert "came 'loud', allowed: debug, info" in server.says("not reloaded")["reason"]
