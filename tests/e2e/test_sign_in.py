"""Signing in to Dagster's UI, as a person does it on a phone, with the keyboard."""

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from house_prices.gateway.settings import Address
from tests import gateways, servers
from tests.e2e import chromium
from tests.gateways import Gateway

pytestmark = [gateways.needed, chromium.needed]


class Ui(http.server.BaseHTTPRequestHandler):
    """Stands in for Dagster's webserver."""

    def do_GET(self) -> None:
        body = f"<p>Dagster at {self.path}</p>".encode()
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    folder = tmp_path_factory.mktemp("envoy")
    with (
        gateways.sign_in(folder) as sign_in,
        http.server.ThreadingHTTPServer(("127.0.0.1", 0), Ui) as upstream,
    ):
        threading.Thread(target=upstream.serve_forever, daemon=True).start()
        ui = Address(host="127.0.0.1", port=upstream.server_port)
        with gateways.front_door(folder, 1, ui=ui, sign_in=sign_in.address) as gateway:
            servers.eventually(lambda: gateway.ask("/dagster/sign-in").status == 200)
            yield gateway
        upstream.shutdown()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 390, "height": 844})
    yield context.new_page()
    context.close()


def test_a_person_signs_in_gets_to_the_page_that_was_asked_for_and_signs_out(
    page: Page, gateway: Gateway, pictures: Path
) -> None:
    page.goto(f"http://{gateway.address}/dagster/runs?view=all")
    expect(page.get_by_role("heading")).to_have_text("Sign in to Dagster")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.screenshot(path=pictures / "sign-in.png")
    page.keyboard.type("ann")
    page.keyboard.press("Tab")
    page.keyboard.type("wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("This name and password are not known.")
    assert page.get_by_label("Name").input_value() == "ann"
    page.get_by_label("Password").fill("password")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Dagster at /dagster/runs?view=all")).to_be_visible()
    assert page.evaluate("document.cookie") == ""
    page.goto(f"http://{gateway.address}/dagster/sign-in")
    page.get_by_role("button", name="Sign out").press("Enter")
    expect(page.get_by_role("heading")).to_have_text("Sign in to Dagster")
    page.goto(f"http://{gateway.address}/dagster/runs")
    expect(page.get_by_role("heading")).to_have_text("Sign in to Dagster")
