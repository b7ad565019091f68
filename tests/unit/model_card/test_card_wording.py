"""Numbers as a person reads them."""

import pytest

from house_prices.model_card import wording

S, M = wording.SPACE, wording.MINUS
X = f"{S}{wording.TIMES}{S}"


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0.13984, "0.1398"), (19846.12, f"19{S}846"), (-3.5, f"{M}3.5"), (650.0, "650"), (0.0, "0"),
        (1.1e-6, f"1.10{X}10⁻⁶"), (3.94e8, f"3.94{X}10⁸"), (float("nan"), "not a number"),
    ],
)  # fmt: skip
def test_a_figure_has_the_digits_that_count(number: float, words: str) -> None:
    assert wording.figure(number) == words


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0.712, "71.2%"), (1.0, "100%"), (0.0, "0%"), (0.75, "75.0%"), (0.9999, ">99.9%"),
        (0.0005, "0.05%"), (1e-7, "<0.01%"), (-0.036, f"{M}3.6%"), (float("inf"), "not a number"),
    ],
)  # fmt: skip
def test_a_measured_share_is_in_percent(number: float, words: str) -> None:
    assert wording.share(number) == words


@pytest.mark.parametrize(
    ("number", "words"),
    [(0.012, "+1.2%"), (-0.5, f"{M}50.0%"), (0.0, "0%"), (-1e-6, "0%"), (0.0005, "+0.05%")],
)  # fmt: skip
def test_a_change_has_its_sign(number: float, words: str) -> None:
    assert wording.change(number) == words


def test_decimals_line_up_until_they_would_hide_the_number() -> None:
    assert [wording.decimals(n, 4) for n in (0.169, 1.0, 1.6e-7, 3e8)] == [
        "0.1690", "1.0000", f"1.60{X}10⁻⁷", f"3.00{X}10⁸",
    ]  # fmt: skip


def test_a_difference_of_shares_is_in_points() -> None:
    assert (wording.points(0.0102), wording.points(-0.2), wording.points(0.0)) == (
        "+1.0 points", f"{M}20.0 points", "0.0 points",
    )  # fmt: skip


def test_prices_on_an_axis_are_short() -> None:
    assert [wording.short(n) for n in (850.0, 125_000.0, 1_200_000.0, -4e9)] == [
        "850",
        "125k",
        "1.2M",
        f"{M}4bn",
    ]


def test_a_moment_is_a_date_and_what_is_none_stays_as_it_is() -> None:
    assert wording.moment("2026-11-23T07:22:14.482+00:00") == "23 November 2026, 07:22 UTC"
    assert wording.moment("yesterday") == "yesterday"
    assert (wording.day(20100731), wording.day(3)) == ("31 July 2010", "3")


def test_a_long_list_is_cut() -> None:
    assert wording.listed(["a", "b", "c"]) == "a, b and c"
    assert wording.listed(["a"]) == "a"
    assert wording.listed(list("abcdefgh"), 3) == "a, b, c and 5 more"
