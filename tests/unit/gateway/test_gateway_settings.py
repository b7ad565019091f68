"""What the gateway may be told, and the sentences that refuse the rest."""

import html
from pathlib import Path

import pytest
import yaml

from house_prices.contract import proto
from house_prices.errors import GatewayError
from house_prices.gateway.render import configuration
from house_prices.gateway.settings import Address, Settings, Share
from tests import models

HERE = Address(host="127.0.0.1", port=8080)


@pytest.mark.parametrize("text", ["8001", "localhost", ":8001", "localhost:port", "localhost:65536"])
def test_an_address_is_a_host_and_a_port(text: str) -> None:
    assert Address.parse("[::1]:8001") == Address(host="::1", port=8001)
    with pytest.raises(GatewayError, match="an address is host:port"):
        Address.parse(text)


@pytest.mark.parametrize("text", ["huts=10", "huts/0=10", "huts/1=101", "huts/1=", "Huts/1=1"])
def test_a_share_names_market_version_and_percent(text: str) -> None:
    assert Share.parse("huts/12=5") == Share(market="huts", version=12, percent=5)
    with pytest.raises(GatewayError, match="a share is market/version=percent"):
        Share.parse(text)


def test_the_ui_is_never_open() -> None:
    with pytest.raises(GatewayError, match="give its address as --sign-in"):
        Settings(listen=HERE, servers=[HERE], ui=HERE)


def test_a_certificate_comes_with_its_key() -> None:
    with pytest.raises(GatewayError, match="one of them is missing"):
        Settings(listen=HERE, servers=[HERE], tls_cert=Path("server.pem"))


def test_a_share_of_a_market_that_there_is_not_is_refused() -> None:
    settings = Settings(listen=HERE, servers=[HERE], splits=[Share.parse("cabins/1=5")])
    with pytest.raises(GatewayError, match=r"no market 'cabins'; there are: huts\."):
        configuration(settings, [models.contract()])


HOSTILE = (
    "<script>\"' {{ huts }} {% raw %} : - # | %REQ(x)% \r\n\x85\u2028\t\x1b[2J\x7f */ // =1+1 \U0001f3e0"
)


def test_the_configuration_is_yaml_whatever_a_contract_says() -> None:
    """And the page shows the text, and the proto keeps it within its comment."""
    contract = models.contract(title=HOSTILE)
    told = yaml.safe_load(configuration(Settings(listen=HERE, servers=[HERE]), [contract]))
    (listener,) = told["static_resources"]["listeners"]
    (manager,) = listener["filter_chains"][0]["filters"]
    *_, described, _openapi, page = manager["typed_config"]["route_config"]["virtual_hosts"][0]["routes"]
    shown = page["direct_response"]["body"]["inline_string"]
    assert "<script>evil" not in shown
    assert HOSTILE in html.unescape(shown)
    assert described["direct_response"]["body"]["inline_string"] == proto.printed(contract)
    code = [line for line in proto.printed(contract).split("\n") if not line.strip().startswith("//")]
    assert "evil" not in "".join(code)
