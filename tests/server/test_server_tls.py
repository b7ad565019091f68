"""TLS, client certificates and tokens, over real sockets: who gets in, and who does not."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest

from house_prices.registry import Registry
from inference_server.client import Client, ClientError, Tls
from inference_server.client.channels import Target
from inference_server.codecs import oip_messages
from tests import certificates, models, scrapes, servers
from tests.certificates import Authority
from tests.models import HUT

CONTRACTS = [models.contract()]
INFERENCE, FORMER, ADMIN, WRONG = (
    "inference-secret-1",
    "inference-secret-0",
    "admin-secret-001",
    "wrong-secret-001",
)
LOAD = oip_messages.messages.RepositoryModelLoadRequest(model_name="huts")
OK, NO, DENIED = "OK", "UNAUTHENTICATED", "PERMISSION_DENIED"
REFLECT = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    registry = Registry(tmp_path_factory.mktemp("registry") / "models")
    models.promote(registry, models.publish(registry))
    return registry


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return certificates.authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def tokens(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Flags that name files of tokens."""
    folder = tmp_path_factory.mktemp("tokens")
    write_tokens(folder / "inference", INFERENCE, FORMER)
    write_tokens(folder / "admin", ADMIN)
    return [
        "--inference-token-file",
        str(folder / "inference"),
        "--admin-token-file",
        str(folder / "admin"),
    ]


@pytest.fixture(scope="module")
def guarded(registry: Registry, authority: Authority, tokens: list[str]) -> Iterator[servers.Running]:
    """A server with TLS and tokens."""
    with servers.serving(registry.root, *authority.flags, *tokens, "--health-port", "0") as running:
        running.says("model serves")
        yield running


@pytest.fixture(scope="module")
def mutual(registry: Registry, authority: Authority) -> Iterator[servers.Running]:
    """A server that wants client certificates."""
    flags = [*authority.mutual, "--admin-subject", "operator"]
    with servers.serving(registry.root, *flags) as running:
        running.says("model serves")
        yield running


def write_tokens(path: Path, *tokens: str) -> None:
    path.touch(0o600)
    path.write_text("".join(f"{token}\n" for token in tokens))


def price(server: servers.Running, tls: Tls | None, token: str | None = None) -> str:
    """OK or the code, of asking for a price."""
    options = {"tls": tls, "token": token, "timeout_seconds": 5.0}
    with Client(server.address, contracts=CONTRACTS, **options) as client:  # type: ignore[arg-type]
        try:
            client.predict("huts", [HUT])
        except ClientError as error:
            return error.code
    return OK


def call(server: servers.Running, path: str, tls: Tls, *metadata: tuple[str, str]) -> str:
    """OK or the code, of any call."""
    target = Target(address=server.address, tls=tls, token=None, connections=1)
    request = LOAD.SerializeToString() if "Load" in path else b""
    with grpc.secure_channel(target.address, target.credentials, options=target.options) as channel:
        try:
            list(channel.stream_stream(path)(iter([request]), timeout=5, metadata=metadata))
        except grpc.RpcError as error:
            return str(error.code().name)
    return OK


def bearer(token: str) -> tuple[str, str]:
    return ("authorization", f"Bearer {token}")


@pytest.mark.parametrize(
    ("path", "nobody", "wrong", "inference", "admin"),
    [
        ("/grpc.health.v1.Health/Check", OK, OK, OK, OK),
        (oip_messages.path("ServerLive"), OK, OK, OK, OK),
        (oip_messages.path("ServerReady"), OK, OK, OK, OK),
        (oip_messages.path("ServerMetadata"), NO, NO, OK, OK),
        (oip_messages.path("RepositoryIndex"), NO, NO, OK, OK),
        (REFLECT, NO, NO, OK, OK),
        (oip_messages.path("RepositoryModelLoad"), NO, NO, DENIED, OK),
        (oip_messages.path("RepositoryModelUnload"), NO, NO, DENIED, "NOT_FOUND"),
        ("/what/Ever", NO, NO, "UNIMPLEMENTED", "UNIMPLEMENTED"),
    ],
)
def test_each_role_reaches_what_is_its_own_and_no_more(
    guarded: servers.Running,
    authority: Authority,
    path: str,
    nobody: str,
    wrong: str,
    inference: str,
    admin: str,
) -> None:
    tls = authority.client()
    assert call(guarded, path, tls) == nobody
    assert call(guarded, path, tls, bearer(WRONG)) == wrong
    assert call(guarded, path, tls, bearer(INFERENCE)) == inference
    assert call(guarded, path, tls, bearer(FORMER)) == inference
    assert call(guarded, path, tls, bearer(ADMIN)) == admin


@pytest.mark.parametrize(
    "metadata",
    [
        ("authorization", INFERENCE),
        ("authorization", f"Basic {INFERENCE}"),
        ("authorization", f"Bearer {INFERENCE}x"),
        ("authorization", f"Bearer {INFERENCE[:-1]}"),
        ("authorization", "Bearer "),
        ("authorization", ""),
        ("x-authorization", f"Bearer {INFERENCE}"),
        ("authorization", f"Bearer {INFERENCE} {ADMIN}"),
    ],
)
def test_nothing_but_a_whole_token_is_taken_for_one(
    guarded: servers.Running, authority: Authority, metadata: tuple[str, str]
) -> None:
    assert call(guarded, oip_messages.path("ServerMetadata"), authority.client(), metadata) == NO


def test_a_token_gets_a_price_and_a_refusal_says_what_to_send(
    guarded: servers.Running, authority: Authority
) -> None:
    tls = authority.client()
    assert price(guarded, tls, INFERENCE) == OK
    with (
        Client(guarded.address, contracts=CONTRACTS, tls=tls) as client,
        pytest.raises(ClientError, match="authorization: Bearer <token>") as caught,
    ):
        client.predict("huts", [HUT])
    assert caught.value.code == NO
    assert "needs the role inference" in str(caught.value)


def test_without_tls_nobody_gets_in_but_probes_on_their_own_port(
    guarded: servers.Running, authority: Authority
) -> None:
    assert price(guarded, None, ADMIN) == "UNAVAILABLE"
    assert price(guarded, Tls(ca=certificates.trustme.CA().cert_pem.bytes()), ADMIN) == "UNAVAILABLE"
    assert price(guarded, authority.client(server="another.test"), ADMIN) == "UNAVAILABLE"
    probes = f"127.0.0.1:{guarded.health_port}"
    assert servers.health(probes) == "SERVING"
    with Client(probes, contracts=CONTRACTS, token=ADMIN) as client, pytest.raises(ClientError) as caught:
        client.predict("huts", [HUT])
    assert caught.value.code == "UNIMPLEMENTED"


def test_a_client_certificate_shows_the_role(mutual: servers.Running, authority: Authority) -> None:
    caller, operator = authority.client("caller"), authority.client("operator")
    stranger = certificates.trustme.CA().issue_cert("operator", common_name="operator")
    chain, key = stranger.cert_chain_pems[0].bytes(), stranger.private_key_pem.bytes()
    forged = Tls(ca=authority.ca.cert_pem.bytes(), certificate=chain, key=key, server_name=certificates.NAME)
    assert price(mutual, caller) == price(mutual, operator) == OK
    assert price(mutual, authority.client()) == price(mutual, forged) == "UNAVAILABLE"
    load = oip_messages.path("RepositoryModelLoad")
    assert call(mutual, load, caller) == DENIED
    assert call(mutual, load, operator) == OK
    assert call(mutual, load, forged) == "UNAVAILABLE"


def test_sighup_brings_new_certificates_to_new_connections_and_leaves_the_others(
    registry: Registry, tmp_path: Path
) -> None:
    authority = certificates.authority(tmp_path)
    with (
        servers.serving(registry.root, *authority.flags, "--workers", "2") as server,
        Client(server.address, contracts=CONTRACTS, tls=authority.client()) as open_before,
    ):
        open_before.predict("huts", [HUT])
        authority.issue_for_server("renewed.test")
        server.process.send_signal(signal.SIGHUP)
        servers.eventually(lambda: len(server.lines("reloaded")) == 2)
        assert price(server, authority.client(server="renewed.test")) == OK
        assert price(server, authority.client()) == "UNAVAILABLE"
        assert open_before.predict("huts", [HUT]).model_version == "1"
        (tmp_path / "server.key").write_text("no key")
        server.process.send_signal(signal.SIGHUP)
        servers.eventually(lambda: len(server.lines("not reloaded")) == 2)
        assert price(server, authority.client(server="renewed.test")) == OK


def test_a_worker_that_dies_while_the_certificates_are_broken_comes_back_once_they_are_whole(
    registry: Registry, tmp_path: Path
) -> None:
    authority = certificates.authority(tmp_path)
    with servers.serving(registry.root, *authority.flags, "--workers", "2") as server:
        key = (tmp_path / "server.key").read_text()
        (tmp_path / "server.key").write_text("no key")
        os.kill(servers.family(server.process.pid)[1], signal.SIGKILL)
        servers.eventually(lambda: len(server.lines("worker ended")) == 2)
        assert price(server, authority.client()) == OK
        (tmp_path / "server.key").write_text(key)
        servers.eventually(lambda: scrapes.total(server, "inference_workers") == 2)


def test_sighup_brings_new_tokens(registry: Registry, authority: Authority, tmp_path: Path) -> None:
    file = tmp_path / "tokens"
    write_tokens(file, FORMER)
    flags = [*authority.flags, "--inference-token-file", str(file)]
    with servers.serving(registry.root, *flags) as server:
        server.says("model serves")
        assert price(server, authority.client(), INFERENCE) == NO
        file.write_text(INFERENCE)
        server.process.send_signal(signal.SIGHUP)
        server.says("reloaded", part="tokens")
        assert price(server, authority.client(), INFERENCE) == OK
        assert price(server, authority.client(), FORMER) == NO
        assert (
            call(server, oip_messages.path("RepositoryModelLoad"), authority.client(), bearer(INFERENCE))
            == DENIED
        )


def test_no_secret_stands_in_a_log_or_a_command_line(
    registry: Registry, authority: Authority, tokens: list[str]
) -> None:
    flags = [*authority.flags, *tokens, "--workers", "2", "--log-level", "debug"]
    with servers.serving(registry.root, *flags) as server:
        tls = authority.client()
        assert [price(server, tls, token) for token in (INFERENCE, ADMIN, WRONG)] == [OK, OK, NO]
        server.process.send_signal(signal.SIGHUP)
        servers.eventually(lambda: len(server.lines("reloaded")) == 4)
        processes = servers.family(server.process.pid)
        seen = b"".join(Path(f"/proc/{pid}/cmdline").read_bytes() for pid in processes)
        seen += b"".join(Path(f"/proc/{pid}/environ").read_bytes() for pid in processes)
        assert len(processes) == 3
        assert server.stop() == 0
    seen += server.log.read_bytes()
    assert b"inference_server" in seen
    assert not any(secret.encode() in seen for secret in (INFERENCE, FORMER, ADMIN, WRONG))
    assert b"PRIVATE KEY" not in seen


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (["--tls-cert", "x"], "--tls-cert and --tls-key go together"),
        (["--tls-client-ca", "x"], "give --tls-cert and --tls-key too"),
        (["--admin-subject", "x"], "give --tls-client-ca too"),
        (["--tls-cert", "/none", "--tls-key", "/none"], "cannot be used: No such file or directory"),
        (["--tls-cert", os.devnull, "--tls-key", os.devnull], "Allowed: PEM files"),
        (["--inference-token-file", os.devnull], "every user of this machine may use /dev/null"),
        (["--admin-token-file", "/none"], "--admin-token-file: /none cannot be read: No such file"),
    ],
)
def test_settings_that_do_not_go_together_end_the_start_with_a_sentence(
    tmp_path: Path, flags: list[str], sentence: str
) -> None:
    ended = servers.run(tmp_path / "models", "--metrics-port", "off", *flags)
    assert ended.returncode == 1
    assert sentence in ended.stderr
    assert "Traceback" not in ended.stderr


def test_tokens_without_tls_are_warned_of(registry: Registry, tokens: list[str]) -> None:
    with servers.serving(registry.root, *tokens) as server:
        assert "--tls-cert" in server.says("tokens travel in plain text")["what_to_do"]
