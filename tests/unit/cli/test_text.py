"""A terminal obeys nothing that is in a name, a reason or a category."""

import json

import pytest

from house_prices.cli.text import shown


@pytest.mark.parametrize(
    "letter", ["\x1b", "\n", "\r", "\x07", "\x7f", "\x9b", "\u202e", "\u2028", "\ud800", "\U000e0041"]
)
def test_what_a_terminal_obeys_is_written_out(letter: str) -> None:
    text = shown(f"a{letter}b")
    assert text.isascii()
    assert text.startswith("a\\")
    assert json.loads(f'"{text}"') == f"a{letter}b"


def test_letters_stay_as_they_are() -> None:
    assert shown("größer: 价格 €, \\x1b") == "größer: 价格 €, \\x1b"
