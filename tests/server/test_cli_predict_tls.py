"""`house-prices predict`, against real servers that want TLS, a token, or a client certificate."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from house_prices.registry import Registry
from tests import certificates, commands, models, servers
from tests.certificates import Authority
from tests.commands import house_prices

HOST, TOKEN = "127.0.0.1", "inference-secret-1"
PAIRS = ("area=100", "rooms=3", "roof=flat")
PRICE = "1,203 EUR, by version 1 of huts\n"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("predict")
    commands.furnish(home)
    registry = Registry(home / "storage" / "models")
    models.promote(registry, models.publish(registry, base=0))
    (home / "token").touch(0o600)
    (home / "token").write_text(f"{TOKEN}\nanother-secret-1\n")
    return home


@pytest.fixture(scope="module")
def authority(home: Path) -> Authority:
    """With the files of a client, too."""
    made = certificates.authority(home)
    made.issue_for_server(HOST)
    shown = made.client("caller")
    made.ca.cert_pem.write_to_path(str(home / "ca.pem"))
    (home / "client.pem").write_bytes(shown.certificate or b"")
    (home / "client.key").write_bytes(shown.key or b"")
    return made


@pytest.fixture(scope="module")
def guarded(home: Path, authority: Authority) -> Iterator[servers.Running]:
    """With TLS and a token."""
    flags = [*authority.flags, "--inference-token-file", str(home / "token")]
    with servers.serving(home / "storage" / "models", *flags) as running:
        running.says("model serves")
        yield running


@pytest.fixture(scope="module")
def mutual(home: Path, authority: Authority) -> Iterator[servers.Running]:
    """With TLS, for those who have a certificate."""
    with servers.serving(home / "storage" / "models", *authority.mutual) as running:
        running.says("model serves")
        yield running


def ask(home: Path, server: servers.Running, *shown: str) -> tuple[int, str, str]:
    """Names of files in `shown` are those of the home."""
    words = [str(home / word) if (home / word).is_file() else word for word in shown]
    told = house_prices(home, "predict", "--address", server.address, *words, *PAIRS)
    return told.returncode, told.stdout, told.stderr


def test_tls_and_a_token_give_the_price(home: Path, guarded: servers.Running) -> None:
    assert ask(home, guarded, "--tls-ca", "ca.pem", "--token-file", "token")[:2] == (0, PRICE)


def test_a_certificate_gives_the_price_where_the_server_wants_one(
    home: Path, mutual: servers.Running
) -> None:
    shown = ["--tls-cert", "client.pem", "--tls-key", "client.key"]
    assert ask(home, mutual, "--tls-ca", "ca.pem", *shown)[:2] == (0, PRICE)
    assert ask(home, mutual, "--tls-ca", "ca.pem")[0] == 1


def test_without_the_token_it_is_told_what_to_show(home: Path, guarded: servers.Running) -> None:
    code, _, said = ask(home, guarded, "--tls-ca", "ca.pem")
    assert (code, "needs the role inference" in said) == (1, True)


@pytest.mark.parametrize("shown", [[], ["--tls-ca", "client.pem"]])
def test_a_server_that_is_not_trusted_is_not_asked(
    home: Path, guarded: servers.Running, shown: list[str]
) -> None:
    code, said, error = ask(home, guarded, *shown, "--token-file", "token")
    assert (code, said) == (1, "")
    assert guarded.address in error
    assert TOKEN not in error


@pytest.mark.parametrize(("address", "warned"), [("prices.invalid:8001", True), ("127.0.0.1:1", False)])
def test_a_token_that_would_leave_the_machine_in_the_open_is_told(
    home: Path, address: str, warned: bool
) -> None:
    told = house_prices(home, "predict", "--address", address, "--token-file", str(home / "token"), *PAIRS)
    assert ("unencrypted; --tls-ca FILE" in told.stderr) == warned
    assert TOKEN not in told.stderr


@pytest.mark.parametrize(
    ("shown", "message"),
    [
        (["--tls-cert", "client.pem"], "--tls-cert FILE and --tls-key FILE go together"),
        (["--token-file", "empty"], "has no token, allowed: one in the first line"),
        (["--tls-ca", "gone.pem"], "'gone.pem' does not exist"),
    ],
)
def test_what_is_wrong_with_the_options_is_told_before_anybody_is_asked(
    home: Path, guarded: servers.Running, shown: list[str], message: str
) -> None:
    (home / "empty").write_text("\n")
    code, _, said = ask(home, guarded, *shown)
    assert (code, message in said) == (2, True)
