"""Each limit, over a real socket: it holds, its error names its setting, and others go on."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest
from grpc_health.v1 import health_pb2

from house_prices.contract import proto
from house_prices.registry import Registry
from inference_server.client import Client, ClientError
from tests import models, scrapes, servers
from tests.models import HUT

SERVICE = "/house_prices.huts.v1.PredictionService"
SLOW = [{**HUT, "area": 300}] * 100
"""Houses that `slow_model` needs some tenths of a second for."""


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    """No test changes it."""
    registry = Registry(tmp_path_factory.mktemp("registry") / "models")
    golden = models.golden(models.contract(), base=0)
    models.promote(
        registry, models.publish(registry, model=models.slow_model(models.contract()), golden=golden)
    )
    return registry


@pytest.fixture(scope="module")
def narrow(registry: Registry) -> Iterator[servers.Running]:
    """A server for one request at a time."""
    with servers.serving(registry.root, "--max-in-flight", "1") as running:
        running.says("model serves")
        yield running


def ask(client: Client) -> str:
    """OK, or the code of the error."""
    try:
        client.predict("huts", SLOW)
    except ClientError as error:
        return error.code if "--max-in-flight" in str(error) else str(error)
    return "OK"


def test_ten_times_what_can_be_done_is_shed_at_once_and_what_is_accepted_is_answered(
    registry: Registry,
) -> None:
    with (
        servers.serving(registry.root, "--max-in-flight", "4") as server,
        Client(server.address, contracts=[models.contract()], timeout_seconds=30) as client,
        ThreadPoolExecutor(40) as pool,
    ):
        server.says("model serves")
        ask(client)
        end = time.monotonic() + 2.5
        found = pool.map(lambda _: asks_until(client, end), range(40))
        codes = [code for codes in found for code in codes]
        assert set(codes) == {"OK", "RESOURCE_EXHAUSTED"}
        assert codes.count("RESOURCE_EXHAUSTED") > 10 * codes.count("OK")
        shed = scrapes.total(server, "inference_shed_total", method=f"{SERVICE}/Predict")
        assert shed == codes.count("RESOURCE_EXHAUSTED")
        assert scrapes.total(server, "inference_in_flight") == 0


def asks_until(client: Client, end: float) -> list[str]:
    codes = []
    while time.monotonic() < end:
        codes.append(ask(client))
        time.sleep(0.02)
    return codes


def test_a_flood_of_small_requests_is_cut_and_the_server_goes_on(registry: Registry) -> None:
    typed = proto.load(models.contract())
    request = typed.request(houses=[{**HUT, "area": 1}]).SerializeToString()
    with (
        servers.serving(registry.root, "--max-in-flight", "10") as server,
        grpc.insecure_channel(server.address) as channel,
    ):
        server.says("model serves")
        ask = channel.unary_unary(f"{SERVICE}/Predict")
        flood = [ask.future(request, timeout=20) for _ in range(3000)]
        codes = [one.exception() and one.exception().code() for one in flood]
        assert codes.count(None) >= 10
        cut = {
            grpc.StatusCode.CANCELLED,
            grpc.StatusCode.RESOURCE_EXHAUSTED,
            grpc.StatusCode.UNAVAILABLE,  # more calls than a connection may have open
        }
        assert set(codes) <= {None, *cut}
        if servers.transport() == "grpcio":  # Envoy may hand all of them over in time
            assert cut & set(codes)
        assert ask(request, timeout=10)


def test_probes_are_answered_when_nothing_else_is(narrow: servers.Running) -> None:
    with (
        Client(narrow.address, contracts=[models.contract()]) as client,
        ThreadPoolExecutor() as pool,
    ):
        busy = pool.submit(ask, client)
        time.sleep(0.1)
        assert ask(client) == "RESOURCE_EXHAUSTED"
        assert narrow.health() == "SERVING"
        assert busy.result() == "OK"


def leaves(client: Client) -> bool:
    """Ask for what takes longer than the caller waits; whether it was accepted."""
    with pytest.raises(ClientError) as refused:
        client.predict("huts", SLOW, timeout_seconds=0.05)
    return "Deadline" in str(refused.value)


def test_a_caller_that_leaves_makes_room_for_another(narrow: servers.Running) -> None:
    with Client(narrow.address, contracts=[models.contract()]) as client:
        for _ in range(3):
            servers.eventually(lambda: leaves(client))
        servers.eventually(lambda: ask(client) == "OK")


def test_what_is_too_late_is_not_computed(registry: Registry) -> None:
    with (
        servers.serving(registry.root, "--max-in-flight", "50") as server,
        Client(server.address, contracts=[models.contract()]) as client,
        ThreadPoolExecutor(20) as pool,
    ):
        server.says("model serves")
        late = [pool.submit(client.predict, "huts", SLOW, timeout_seconds=0.3) for _ in range(20)]
        codes = [one.exception() and one.exception().code for one in late]
        assert codes.count("DEADLINE_EXCEEDED") >= 10
        ask(client)
        computed = scrapes.total(server, "inference_rows_total") / len(SLOW)
        assert computed <= 1 + 20 - codes.count("DEADLINE_EXCEEDED") + 2


@pytest.mark.parametrize(
    ("flags", "houses", "code", "setting"),
    [
        (["--max-rows", "2"], 3, "INVALID_ARGUMENT", "--max-rows (INFERENCE_SERVER_MAX_ROWS)"),
        (
            ["--max-message-bytes", "100"],
            6,
            "RESOURCE_EXHAUSTED",
            "--max-message-bytes (INFERENCE_SERVER_MAX_MESSAGE_BYTES)",
        ),
    ],
)
def test_a_request_too_large_is_refused_with_its_setting(
    registry: Registry, flags: list[str], houses: int, code: str, setting: str
) -> None:
    with servers.serving(registry.root, *flags) as server:
        server.says("model serves")
        with (
            Client(server.address, contracts=[models.contract()]) as client,
            pytest.raises(ClientError) as caught,
        ):
            client.predict("huts", [HUT] * houses)
    assert caught.value.code == code
    assert setting in str(caught.value)


def test_a_stream_that_asks_nothing_is_ended_with_its_setting(registry: Registry) -> None:
    with servers.serving(registry.root, "--stream-idle-seconds", "0.2") as server:
        server.says("model serves")
        with grpc.insecure_channel(server.address) as channel:
            never = threading.Event()
            answers = channel.stream_stream(f"{SERVICE}/PredictStream")(nothing(never), timeout=20)
            with pytest.raises(grpc.RpcError) as caught:
                next(answers)
            never.set()
    assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert "--stream-idle-seconds (INFERENCE_SERVER_STREAM_IDLE_SECONDS)" in caught.value.details()


def nothing(end: threading.Event) -> Iterator[bytes]:
    end.wait()
    yield from ()


def test_a_stream_whose_answers_nobody_takes_is_ended(registry: Registry) -> None:
    typed = proto.load(models.contract())
    request = typed.request(houses=[{**HUT, "area": 1}] * 5000).SerializeToString()
    with servers.serving(registry.root, "--stream-idle-seconds", "0.5") as server:
        server.says("model serves")
        with grpc.insecure_channel(server.address) as channel:
            ask = channel.stream_stream(f"{SERVICE}/PredictStream")
            _never_read = ask(iter([request] * 200), timeout=30)
            ended = server.says("request", method=f"{SERVICE}/PredictStream")
    assert ended["code"] == "DEADLINE_EXCEEDED"
    assert ended["messages"] < 200


def test_a_caller_that_leaves_while_its_answers_are_written_is_no_fault_of_the_server(
    registry: Registry,
) -> None:
    typed = proto.load(models.contract())
    request = typed.request(houses=[{**HUT, "area": 1}] * 5000).SerializeToString()
    with servers.serving(registry.root) as server:
        server.says("model serves")
        with grpc.insecure_channel(server.address) as channel:
            never_read = channel.stream_stream(f"{SERVICE}/PredictStream")(iter([request] * 200), timeout=30)
            servers.eventually(lambda: rests(server))
            never_read.cancel()
            assert server.says("request")["code"] == "CANCELLED"


def rests(server: servers.Running) -> bool:
    """Whether it prices no more rows, though it has begun to."""
    before = scrapes.total(server, "inference_rows_total")
    time.sleep(0.3)
    return 0 < before == scrapes.total(server, "inference_rows_total")


def test_idle_streams_do_not_hold_up_the_end(registry: Registry) -> None:
    with servers.serving(registry.root, "--grace-seconds", "30") as server:
        server.says("model serves")
        with grpc.insecure_channel(server.address) as channel:
            grpc.channel_ready_future(channel).result(10)
            never = threading.Event()
            answers = channel.stream_stream(f"{SERVICE}/PredictStream")(nothing(never), timeout=40)
            time.sleep(0.3)
            started = time.monotonic()
            assert server.stop() == 0
            assert time.monotonic() - started < 25  # the stream did not use up the grace
            assert answers.code() is grpc.StatusCode.UNAVAILABLE
            assert "The server stops" in answers.details()
            never.set()


def test_a_connection_of_age_is_replaced_without_a_failed_request(registry: Registry) -> None:
    with (
        servers.serving(registry.root, "--max-connection-age-seconds", "0.3") as server,
        Client(server.address, contracts=[models.contract()]) as client,
    ):
        server.says("model serves")
        end = time.monotonic() + 2
        while time.monotonic() < end:
            assert client.predict("huts", [{**HUT, "area": 1}]).model_version == "1"


def test_callers_may_ping_every_ten_seconds_without_being_sent_away(narrow: servers.Running) -> None:
    options = [("grpc.keepalive_time_ms", 10_000), ("grpc.keepalive_permit_without_calls", 1)]
    path = "/grpc.health.v1.Health/Check"
    with grpc.insecure_channel(narrow.address, options=options) as channel:
        raw = channel.unary_unary(path)(health_pb2.HealthCheckRequest().SerializeToString(), timeout=10)
    assert health_pb2.HealthCheckResponse.FromString(raw)
