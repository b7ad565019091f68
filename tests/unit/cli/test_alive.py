"""A sign of life, and tables and figures for people."""

import io
import sys
import time

import pytest

from house_prices.cli import alive
from house_prices.cli.text import aligned, amount, figure, money


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_long_work_in_a_terminal_says_how_far_it_is_in_one_line_that_goes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(alive, "EVERY_SECONDS", 0.01)
    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    with alive.alive("Pricing", lambda: "3 of 5"):
        time.sleep(0.2)
    assert "\rPricing ... 3 of 5 0 s" in terminal.getvalue()
    assert "\n" not in terminal.getvalue()


def test_short_work_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with alive.alive("Pricing"):
        pass
    assert capsys.readouterr().err == ""


def test_columns_line_up_numbers_to_the_right_and_hostile_text_is_written_out() -> None:
    assert aligned([("name", "n", "why"), ("a", 1, "x"), ("long", 100, "\x1b[2J")]) == [
        "name    n  why",
        "a       1  x",
        "long  100  \\u001b[2J",
    ]


@pytest.mark.parametrize(("value", "told"), [(1203.456, "1,203"), (99.987, "99.99"), (-1203.4, "-1,203")])
def test_prices_are_whole_from_100_on(value: float, told: str) -> None:
    assert money(value) == told


def test_an_amount_without_a_currency_is_the_number() -> None:
    assert (amount(1234.0, "EUR"), amount(1234.0, "")) == ("1,234 EUR", "1,234")


@pytest.mark.parametrize(("value", "told"), [(0.123456, "0.123"), (12345.6, "12,346"), ("x", "x"), (7, "7")])
def test_figures_have_three_digits(value: object, told: str) -> None:
    assert figure(value) == told
