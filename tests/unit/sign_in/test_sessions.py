"""Sessions and attempts."""

from pathlib import Path

import pytest
from itsdangerous import URLSafeTimedSerializer

from house_prices.sign_in import attempts, sessions, users
from house_prices.sign_in.attempts import Attempts
from house_prices.sign_in.sessions import Sessions
from house_prices.sign_in.users import Users


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "users").write_text(users.line("ann", "a long password"))
    return tmp_path / "users"


def test_a_cookie_is_good_until_it_is_changed_or_too_old(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    open_ones = Sessions(Users(file))
    cookie = open_ones.begin("ann")
    assert open_ones.is_open(cookie)
    for at in (0, len(cookie) // 2, len(cookie) - 5):  # the last character has bits that mean nothing
        assert not open_ones.is_open(cookie[:at] + ("A" if cookie[at] != "A" else "B") + cookie[at + 1 :])
    assert not open_ones.is_open("")
    monkeypatch.setattr(sessions, "LASTS_SECONDS", -1)
    assert not open_ones.is_open(cookie)


def test_a_cookie_of_another_key_is_not_open(file: Path) -> None:
    assert not Sessions(Users(file)).is_open(Sessions(Users(file)).begin("ann"))
    forged = URLSafeTimedSerializer(b"").dumps(["ann", ""])
    assert not Sessions(Users(file)).is_open(str(forged))


@pytest.mark.parametrize("line", [users.line("ann", "a new password"), users.line("bob", "a long password")])
def test_a_session_ends_with_its_password(file: Path, line: str) -> None:
    open_ones = Sessions(Users(file))
    cookie = open_ones.begin("ann")
    open_ones.remember("ann", "a long password")
    file.write_text(line)
    assert not open_ones.is_open(cookie)
    assert not open_ones.remembers("ann", "a long password")


def test_only_the_password_that_was_right_is_remembered(file: Path) -> None:
    open_ones = Sessions(Users(file))
    open_ones.remember("ann", "a long password")
    assert open_ones.remembers("ann", "a long password")
    assert not open_ones.remembers("ann", "another")
    assert not open_ones.remembers("bob", "a long password")


def test_an_address_waits_after_too_many_wrong_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = Attempts()
    for _ in range(attempts.MOST):
        assert not wrong.are_too_many("192.0.2.1")
        wrong.was_wrong("192.0.2.1")
    assert wrong.are_too_many("192.0.2.1")
    assert not wrong.are_too_many("192.0.2.2")
    monkeypatch.setattr(attempts, "WITHIN_SECONDS", 0.0)
    assert not wrong.are_too_many("192.0.2.1")


def test_the_addresses_of_one_ipv6_network_count_together() -> None:
    wrong = Attempts()
    for host in range(attempts.MOST):
        wrong.was_wrong(f"2001:db8:0:1::{host:x}")
    assert wrong.are_too_many("2001:db8:0:1:ffff::1")
    assert not wrong.are_too_many("2001:db8:0:2::1")


def test_many_addresses_take_bounded_memory() -> None:
    wrong = Attempts()
    for number in range(10_050):
        wrong.was_wrong(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
    assert len(wrong._wrong) == 10_000
