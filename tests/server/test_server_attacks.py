"""Attacks on the server's port by callers without credentials, over real sockets."""

import asyncio
import contextlib
import json
import socket
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest

from house_prices.registry import Registry
from inference_server.client import Client, ClientError, launcher
from tests import models, scrapes, servers
from tests.models import HUT

PREDICT = "/house_prices.huts.v1.PredictionService/Predict"
TOKEN = "inference-secret-1"  # noqa: S105
MIB = 2**20


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    registry = Registry(tmp_path_factory.mktemp("registry") / "models")
    models.promote(registry, models.publish(registry))
    models.publish(registry, models.contract(name="cabins"))  # a market that waits for its first champion
    return registry


@pytest.fixture(scope="module")
def token_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tokens") / "inference"
    path.write_text(f"{TOKEN}\n")
    path.chmod(0o600)
    return path


@pytest.fixture(scope="module")
def server(registry: Registry, token_file: Path) -> Iterator[servers.Running]:
    """A server with tokens and little patience for bodies."""
    flags = ["--inference-token-file", str(token_file), "--body-seconds", "1"]
    with servers.serving(registry.root, *flags) as running:
        running.says("model serves")
        yield running


async def without_bodies(
    address: str, calls: int, *, connections: int, token: str | None = None
) -> "Counter[str]":
    """How calls of headers alone end. While they are open, a legitimate call is answered."""
    options = [("grpc.use_local_subchannel_pool", 1)]
    metadata = [("authorization", f"Bearer {token}")] if token else []
    channels = [grpc.aio.insecure_channel(address, options=options) for _ in range(connections)]
    opened = [
        channels[number % connections].stream_stream(PREDICT)(metadata=metadata, timeout=30)
        for number in range(calls)
    ]
    await asyncio.sleep(0.2)
    await asyncio.to_thread(answers, address)
    codes = Counter([(await call.code()).name for call in opened])
    for channel in channels:
        await channel.close()
    return codes


def answers(address: str) -> None:
    """A legitimate call is answered."""
    with Client(address, contracts=[models.contract()], token=TOKEN, timeout_seconds=10) as client:
        assert client.predict("huts", [HUT]).model_version == "1"


def test_calls_without_credentials_or_bodies_hold_no_place(server: servers.Running) -> None:
    codes = asyncio.run(without_bodies(server.address, 600, connections=8))
    assert set(codes) <= {"UNAUTHENTICATED", "CANCELLED"}, "gRPC itself cuts a flood, as CANCELLED"
    assert codes["UNAUTHENTICATED"] > 400


def test_bodies_that_do_not_come_end_by_the_servers_deadline_and_hold_no_place(
    server: servers.Running,
) -> None:
    codes = asyncio.run(without_bodies(server.address, 600, connections=8, token=TOKEN))
    assert set(codes) <= {"DEADLINE_EXCEEDED", "CANCELLED"}


def test_a_connection_takes_no_more_than_its_share_of_the_calls(server: servers.Running) -> None:
    """Others of the same connection wait in the client until the first ones end."""
    before = len(server.lines("request"))
    asyncio.run(without_bodies(server.address, 300, connections=1, token=TOKEN))
    ended = [line["timestamp"][:19] for line in server.lines("request")[before:] if line["code"] != "OK"]
    assert max(Counter(ended).values()) <= 2 * 128


def sent_bombs(address: str, count: int, size: int, *, token: str | None = None) -> "Counter[str]":
    """Send compressed zeros; how the calls end."""
    metadata = [("authorization", f"Bearer {token}")] if token else []
    codes: Counter[str] = Counter()
    with grpc.insecure_channel(address, options=[("grpc.max_send_message_length", -1)]) as channel:
        ask = channel.unary_unary(PREDICT)
        for _ in range(count):
            try:
                ask(bytes(size), timeout=30, metadata=metadata, compression=grpc.Compression.Gzip)
            except grpc.RpcError as error:
                codes[error.code().name] += 1
    return codes


def memory(server: servers.Running) -> int:
    """Resident bytes of the server."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) * 1024


def peak(server: servers.Running) -> int:
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


@pytest.mark.parametrize(("count", "size"), [(10, 30 * MIB), (1, 100 * MIB)])
def test_compression_bombs_without_credentials_cost_no_memory(
    server: servers.Running, count: int, size: int
) -> None:
    before = memory(server)
    codes = sent_bombs(server.address, count, size)
    assert codes == {"UNAUTHENTICATED": count}
    assert memory(server) - before < 10 * MIB


@pytest.mark.parametrize(("count", "size"), [(10, 30 * MIB), (1, 100 * MIB)])
def test_compression_bombs_with_credentials_give_their_memory_back(
    server: servers.Running, count: int, size: int
) -> None:
    sent_bombs(server.address, 1, size, token=TOKEN)
    before = memory(server)
    codes = sent_bombs(server.address, count, size, token=TOKEN)
    assert codes == {"RESOURCE_EXHAUSTED": count}
    assert memory(server) - before < 60 * MIB, "two messages, whatever their number"
    assert peak(server) - before < 200 * MIB, "no message is decompressed much further than the limit"


def test_invented_versions_of_a_market_without_champion_become_no_labels(server: servers.Running) -> None:
    before = len(scrapes.samples(server))
    with grpc.insecure_channel(server.address) as channel:
        for number in range(300):
            ask = channel.unary_unary(f"/house_prices.cabins.v{number}.PredictionService/Predict")
            with pytest.raises(grpc.RpcError):
                ask(b"", timeout=10, metadata=[("authorization", f"Bearer {TOKEN}")] if number % 2 else [])
    servers.eventually(lambda: scrapes.total(server, "inference_requests_total", method="other") >= 300)
    assert len(scrapes.samples(server)) < before + 40


def test_a_flood_of_connections_leaves_files_for_the_rest_and_callers_come_in_when_it_is_over(
    registry: Registry,
) -> None:
    """The system lets the server open 400 files; the flood is of 600 connections."""
    command = [
        "sh",
        "-c",
        'ulimit -n 400; exec "$0" "$@"',
        *launcher.command(registry.root, "--log-sample", "0"),
    ]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as server, contextlib.ExitStack() as flood:
        assert server.stderr
        said = (json.loads(line) for line in server.stderr)
        address = f"127.0.0.1:{next(line['port'] for line in said if line['event'] == 'serving')}"
        with Client(address, contracts=[models.contract()], timeout_seconds=10) as early:
            early.predict("huts", [HUT])
            host, port = address.split(":")
            for _ in range(600):
                flood.enter_context(socket.create_connection((host, int(port))))
            opened = [len([*Path(f"/proc/{pid}/fd").iterdir()]) for pid in servers.family(server.pid)]
            assert 150 < max(opened) < 350
            models.promote(registry, models.publish(registry))
            servers.eventually(lambda: early.predict("huts", [HUT]).model_version == "2")
        flood.close()
        servers.eventually(lambda: is_answered(address))
        server.terminate()


def is_answered(address: str) -> bool:
    with Client(address, contracts=[models.contract()], timeout_seconds=1) as client:
        try:
            return bool(client.predict("huts", [HUT]).model_version)
        except ClientError:
            return False
