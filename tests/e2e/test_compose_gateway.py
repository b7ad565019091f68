"""The front door in a real engine: a share for a version, copies for one, and TLS."""

import json
import ssl
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from inference_server.client import Client, ClientError
from tests import certificates
from tests.e2e import compose
from tests.e2e.compose import Deployment, docker
from tests.e2e.stubs import SAMPLE_HOUSE
from tests.e2e.webserver import wait_for

pytestmark = compose.skipping(compose.why_not())


def test_a_version_that_is_kept_gets_a_share(deployment: Deployment) -> None:
    champion = champion_and_predecessor(deployment)
    assert 1 not in (champion["version"], champion["previous"])
    deployment.run("house-prices", "models", "keep", "--market", "halfmil", "1")
    with configured(deployment, GATEWAY_SPLITS="halfmil/1=50"):
        seen = versions(deployment, 60)
    assert set(seen) == {str(champion["version"]), "1"}
    assert min(seen.values()) > 10


def test_the_predecessor_gets_copies_that_nobody_waits_for(deployment: Deployment) -> None:
    champion = champion_and_predecessor(deployment)
    before = logged(deployment, champion["previous"])
    with configured(deployment, GATEWAY_MIRRORS=f"halfmil/{champion['previous']}=100"):
        assert set(versions(deployment, 20)) == {str(champion["version"])}
        wait_for(
            lambda: logged(deployment, champion["previous"]) >= before + 20, seconds=30, otherwise="no copies"
        )


def test_callers_may_have_to_come_with_tls(deployment: Deployment) -> None:
    authority = certificates.authority(deployment.folder / "deploy" / "tls")
    tls = authority.client()
    house = json.dumps({"houses": [SAMPLE_HOUSE]}).encode()
    with configured(deployment, GATEWAY_TLS_CERT="/tls/server.pem", GATEWAY_TLS_KEY="/tls/server.key"):
        with Client(deployment.gateway, tls=tls) as client:
            price = client.predict("halfmil", [SAMPLE_HOUSE]).prices[0].value
        with Client(deployment.gateway) as client, pytest.raises(ClientError, match="UNAVAILABLE"):
            client.predict("halfmil", [SAMPLE_HOUSE])
        trusting = ssl.create_default_context(cadata=authority.ca.cert_pem.bytes().decode())
        trusting.check_hostname = False
        request = urllib.request.Request(f"https://{deployment.gateway}/v1/halfmil:predict", house)
        with urllib.request.urlopen(request, timeout=20, context=trusting) as answer:  # noqa: S310
            assert json.load(answer)["predictions"][0]["price"] == price


@contextmanager
def configured(deployment: Deployment, **variables: str) -> Iterator[None]:
    """The front door with variables of .env, for a while."""
    try:
        for name, value in variables.items():
            deployment.configure(name, value)
        deployment.compose("up", "--detach", "--wait", "envoy")
        yield
    finally:
        for name in variables:
            deployment.configure(name, "")
        deployment.compose("up", "--detach", "--wait", "envoy")


def champion_and_predecessor(deployment: Deployment) -> dict[str, int]:
    text = docker("exec", deployment.container("code"), "cat", "storage/models/halfmil/champion.json")
    return dict(json.loads(text))


def versions(deployment: Deployment, count: int) -> Counter[str]:
    """Which versions answered, and how often."""
    wait_for(lambda: "predictions" in deployment.price(SAMPLE_HOUSE), seconds=60, otherwise="nothing answers")
    return Counter(str(deployment.price(SAMPLE_HOUSE)["model_version"]) for _ in range(count))


def logged(deployment: Deployment, version: int) -> int:
    """How many requests the prediction log has of a version."""
    script = f"cat /srv/predictions/halfmil/*.jsonl | grep -c '\"version\":{version},' || true"
    return int(docker("exec", deployment.container("inference"), "sh", "-c", script))
