"""The sign-in service, asked as Envoy does."""

import base64
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from house_prices.sign_in import attempts, users
from house_prices.sign_in.application import application
from house_prices.sign_in.sessions import COOKIE

PASSWORD = "a long password"  # noqa: S105


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sign-in") / "users"
    path.write_text(users.line("ann", PASSWORD))
    return path


@pytest.fixture
def client(file: Path) -> TestClient:
    app = application(file, "/dagster")
    return TestClient(app, base_url="http://prices.example", follow_redirects=False)


def basic(password: str, name: str = "ann") -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}


def signed_in(client: TestClient, **fields: str) -> str:
    """Where the form leads to."""
    answer = client.post("/dagster/sign-in", data={"name": "ann", "password": PASSWORD, **fields})
    assert answer.status_code == 303
    return str(answer.headers["location"])


def session(client: TestClient) -> dict[str, str]:
    """The cookie of a session, which Envoy passes on with its question."""
    signed_in(client)
    return {"cookie": f"{COOKIE}={client.cookies[COOKIE]}"}


def test_who_has_signed_in_may_pass_until_they_sign_out(client: TestClient) -> None:
    assert client.get("/check/dagster/runs").status_code == 401
    cookie = session(client)
    assert client.get("/check/dagster/runs", headers=cookie).status_code == 200
    assert client.post("/check/dagster/graphql", headers=cookie).status_code == 200
    assert "You are signed in" in client.get("/dagster/sign-in").text
    assert client.post("/dagster/sign-out").headers["location"] == "/dagster/sign-in"
    assert not client.cookies


def test_the_cookie_is_for_the_ui_and_for_no_script(client: TestClient) -> None:
    form = {"name": "ann", "password": PASSWORD}
    cookie = client.post("/dagster/sign-in", data=form).headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Path=/dagster" in cookie
    assert "Secure" not in cookie
    over_tls = client.post("/dagster/sign-in", data=form, headers={"x-forwarded-proto": "https"})
    assert "Secure" in over_tls.headers["set-cookie"]


def test_a_browser_is_led_to_the_page_and_back(client: TestClient) -> None:
    asked = client.get("/check/dagster/runs?view=all", headers={"accept": "text/html"})
    assert asked.status_code == 303
    assert asked.headers["location"] == "/dagster/sign-in?next=%2Fdagster%2Fruns%3Fview%3Dall"
    shown = client.get(asked.headers["location"])
    assert 'value="/dagster/runs?view=all"' in shown.text
    assert signed_in(client, next="/dagster/runs?view=all") == "/dagster/runs?view=all"


@pytest.mark.parametrize(
    "elsewhere",
    [
        "//evil.example", "https://evil.example", "/\\evil.example", "/dagster.evil.example",
        "/dagster\\@evil.example", "/dagster/\r\nset-cookie: a=b", "javascript:alert(1)",
        "/dagster@evil.example", "\t//evil.example", "/", "",
    ],
)  # fmt: skip
def test_it_leads_nowhere_else(client: TestClient, elsewhere: str) -> None:
    assert signed_in(client, next=elsewhere) == "/dagster/"


def test_text_of_a_caller_is_text_on_the_page(client: TestClient) -> None:
    answer = client.post("/dagster/sign-in", data={"name": "<script>", "password": "wrong", "next": '"><b>'})
    assert answer.status_code == 401
    assert "<script>" not in answer.text
    assert '"><b>' not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "", "http://prices.example.evil.example"])
def test_forms_of_other_sites_are_refused(client: TestClient, origin: str) -> None:
    for path in ("/dagster/sign-in", "/dagster/sign-out"):
        answer = client.post(path, data={"name": "ann", "password": PASSWORD}, headers={"origin": origin})
        assert answer.status_code == 403


def test_a_form_of_this_site_names_its_origin(client: TestClient) -> None:
    form = {"name": "ann", "password": PASSWORD}
    for origin in ("http://prices.example", "http://PRICES.example"):
        assert client.post("/dagster/sign-in", data=form, headers={"origin": origin}).status_code == 303


def test_a_large_form_is_refused(client: TestClient) -> None:
    assert client.post("/dagster/sign-in", data={"name": "a" * 5000}).status_code == 413


def test_a_program_sends_name_and_password(client: TestClient) -> None:
    for _ in range(3):
        assert client.post("/check/dagster/graphql", headers=basic(PASSWORD)).status_code == 200
    refused = client.post("/check/dagster/graphql", headers=basic("wrong"))
    assert refused.status_code == 401
    assert (
        "basic" not in refused.headers["www-authenticate"].lower()
    )  # no browser asks in a window of its own


@pytest.mark.parametrize(
    "value", ["Basic", "Basic !", "Basic " + base64.b64encode(b"\xff:").decode(), "Bearer x"]
)
def test_what_is_no_password_is_none(client: TestClient, value: str) -> None:
    assert client.get("/check/dagster/", headers={"authorization": value}).status_code == 401


def test_guessing_ends_for_the_address_that_guesses(client: TestClient) -> None:
    here, there = {"x-forwarded-for": "203.0.113.7, 192.0.2.1"}, {"x-forwarded-for": "192.0.2.2"}
    for number in range(attempts.MOST):
        claimed = {
            "x-forwarded-for": f"203.0.113.{number}, 192.0.2.1"
        }  # whatever it claims to be forwarded for
        assert (
            client.get("/check/dagster/", headers={**basic(f"guess {number}"), **claimed}).status_code == 401
        )
    refused = client.post("/dagster/sign-in", data={"name": "ann", "password": PASSWORD}, headers=here)
    assert refused.status_code == 429
    assert refused.headers["retry-after"] == "60"
    assert client.get("/check/dagster/", headers={**basic(PASSWORD), **there}).status_code == 200


def test_a_damaged_file_of_users_lets_nobody_in(file: Path, client: TestClient) -> None:
    cookie = session(client)
    sound = file.read_text()
    file.write_text("ann")
    try:
        quiet = TestClient(client.app, raise_server_exceptions=False)
        assert quiet.get("/check/dagster/", headers=cookie).status_code == 500
    finally:
        file.write_text(sound)
