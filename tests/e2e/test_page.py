"""The page at the front door, as a person uses it, with a real server behind it."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import openapi_spec_validator
import pytest
from playwright.sync_api import Browser, Page, expect

from house_prices.registry import Registry
from tests import gateways, models, servers
from tests.e2e import chromium
from tests.gateways import Gateway
from tests.models import HUT
from tests.tensors import PRICE

pytestmark = [gateways.needed, chromium.needed]
PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    registry = Registry(tmp_path_factory.mktemp("page") / "models")
    models.promote(registry, models.publish(registry))
    with (
        servers.serving(registry.root) as server,
        gateways.front_door(
            tmp_path_factory.mktemp("envoy"), server.port, of=models.contract(example=HUT)
        ) as gateway,
    ):
        servers.eventually(gateway.is_ready)
        yield gateway


@pytest.fixture
def page(gateway: Gateway, browser: Browser) -> Iterator[Page]:
    opened = browser.new_page(viewport=PHONE)
    opened.goto(f"http://{gateway.address}/")
    yield opened
    opened.close()


def test_a_house_is_priced_with_the_keyboard_alone(page: Page, pictures: Path) -> None:
    page.get_by_label("Area").focus()
    page.keyboard.press("Enter")
    expect(page.locator("output")).to_contain_text(f"{PRICE:,.0f} EUR".replace(",", "\u202f"))
    expect(page.locator("output")).to_contain_text("version 1 of the model")
    page.screenshot(path=pictures / "page.png", full_page=True)


def test_the_page_fits_a_phone(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


def test_what_the_contract_does_not_allow_is_not_sent(page: Page) -> None:
    page.get_by_label("Area").fill("")
    page.get_by_role("button", name="Price this house").click()
    assert page.get_by_label("Area").evaluate("field => field.validity.valueMissing")
    expect(page.locator("output")).to_be_hidden()


def test_the_curl_example_can_be_pasted(page: Page) -> None:
    page.get_by_text("The same from a program").click()
    command = page.locator("[data-curl]").inner_text()
    told = subprocess.run(["sh", "-c", command], capture_output=True, check=True, text=True).stdout
    assert json.loads(told)["predictions"][0]["price"] == PRICE


def test_the_json_api_is_described_as_openapi(gateway: Gateway) -> None:
    described = gateway.ask("/api/huts.json").told
    openapi_spec_validator.validate(described)
    assert set(described["components"]["schemas"]["House"]["properties"]) >= set(HUT)
