"""The page: every word escaped, nothing fetched, the same each time."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from house_prices.evaluation.ratio_study import Figure
from house_prices.model_card import render
from house_prices.model_card.view import ConfidenceInterval
from house_prices.model_card.wording import MINUS
from tests import cards, evaluations, models

HOSTILE = "<script>alert('x')</script> & \"more\""
VOID = {"meta", "br", "img", "input", "link", "hr"}


class Tags(HTMLParser):
    """Which tags a page has, and which were closed by another's end."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.crossed: list[str] = []
        self._open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.seen.append(tag)
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: object) -> None:
        self.seen.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._open.pop() != tag:
            self.crossed.append(tag)


def hostile() -> str:
    """The page of a market in which every free text is an attack."""
    features = [dict(feature) for feature in models.HUTS["features"]]  # type: ignore[attr-defined]
    for feature in features:
        feature["description"] = HOSTILE
        if feature["kind"] == "category":
            feature["choices"] = [*feature["choices"], HOSTILE]
        elif feature["kind"] == "number":
            feature["unit"] = HOSTILE
    target = {"column": "Price", "unit": HOSTILE}
    of = cards.manifest(
        contract={"title": HOSTILE, "features": features, "target": target},
        created_at=HOSTILE,
        training={"estimator": HOSTILE, "parameters": {HOSTILE: HOSTILE}, "trials": [{"estimator": HOSTILE}]},
        data={
            "files": {HOSTILE: HOSTILE},
            "rejected": {HOSTILE: 3},
            "parts": {HOSTILE: 4},
            "digest": HOSTILE,
        },
        lineage={HOSTILE: HOSTILE},
    )
    metrics = cards.found().metrics
    evaluation = cards.found(
        slices={f"roof = {HOSTILE}": {"rows": 9.0, **metrics}},
        champion=cards.champion(problem=HOSTILE),
    )
    texts = {"rule": HOSTILE, "sentence": HOSTILE, "numbers": {HOSTILE: 1.0}, "details": {HOSTILE: HOSTILE}}
    result = replace(cards.BROKEN, **texts)
    return render(cards.card(of=of, evaluation=evaluation, decision=replace(cards.FAILED, results=(result,))))


def test_no_text_of_a_contract_a_file_or_a_rule_becomes_markup() -> None:
    page = hostile()
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert '& "more"' not in page
    assert "script" not in Tags(page).seen


def test_hostile_words_stay_within_their_attributes() -> None:
    assert Tags(hostile()).crossed == []
    assert not re.findall(r"<[a-z]+ [^>]*\bon[a-z]+=", hostile())


def test_every_tag_is_closed_where_it_was_opened() -> None:
    assert Tags(render(cards.card())).crossed == []


def test_nothing_is_linked_to_but_the_pages_own_sections() -> None:
    page = render(cards.card())
    assert not re.search(r"https?:|url\(|@import|\bsrc=", page)
    assert all(link.startswith("#") for link in re.findall(r'href="([^"]*)"', page))
    assert "default-src 'none'" in page


def test_the_same_card_makes_the_same_page() -> None:
    assert render(cards.card()) == render(cards.card())


@pytest.mark.parametrize(
    ("outcome", "words"),
    [("pass", "Passed the gate"), ("needs_review", "Needs review"), ("fail", "Rejected by the gate")],
)
def test_the_badge_says_the_decision_in_words(outcome: str, words: str) -> None:
    page = render(replace(cards.card(), outcome=outcome))
    assert f'<p class="badge {outcome}">{words}</p>' in page


def test_a_rule_is_told_with_its_sentence_and_its_numbers() -> None:
    page = render(cards.card(decision=cards.FAILED))
    assert "1 of 3 rules passed" in page
    assert "The holdout metrics stay within the contract&#39;s floors and ceilings." in page
    assert page.count("PPE10 is too low.") == 1  # at the top; its numbers are among the rules
    assert "<dt>PPE10</dt><dd>0.31</dd>" in page


def test_figures_stand_with_their_intervals_unless_both_ends_read_alike() -> None:
    wide, narrow = ConfidenceInterval(low=0.05, high=0.07), ConfidenceInterval(low=0.99991, high=0.99992)
    page = render(cards.card(confidence={"mdape": wide, "ppe20": narrow}))
    assert '<span class="interval">5.0% to 7.0%</span>' in page
    assert "99.9% to" not in page


def test_an_assessment_figure_outside_the_good_range_is_a_warning_at_the_top() -> None:
    figures = {"cod": Figure(value=17.0, low=15.5, high=19.0), "prd": Figure(value=1.0, low=0.99, high=1.01)}
    page = render(cards.card(evaluation=cards.found(ratio_study=figures)))
    header, _, rest = page.partition("</header>")
    assert "COD is 17.000</strong>, above what assessors consider good, 5 to 15." in header
    assert "17.000" not in rest
    assert re.search(r"1\.000.*0\.990 to 1\.010.*0\.98 to 1\.03", rest, re.DOTALL)


def test_the_groups_that_are_priced_worst_come_first_and_once() -> None:
    slices = {
        f"roof = {name}": {**cards.METRICS, "rows": 90.0, "mdape": error}
        for name, error in (("flat", 0.05), ("gable", 0.31), ("thatched", 0.12))
    }
    few = {"roof = none": {**cards.METRICS, "rows": 9.0, "mdape": 0.9}}
    page = render(cards.card(evaluation=cards.found(slices=slices | few)))
    worst, _, others = page.partition("All other slices")
    places = [worst.index(name) for name in ("roof gable", "roof thatched", "roof flat")]
    assert places == sorted(places)
    assert page.count("31.0%") == 1
    assert "90.0%" in others


def test_each_headline_is_told_once() -> None:
    page = render(cards.card(evaluation=cards.found(slices={})))
    error = next(one for one in cards.card().headlines if one.measure.name == "mdape").measure.value
    assert len(re.findall(rf">{error:.1%}", page)) == 1


def test_the_champion_is_compared_with_line_by_line_and_slice_by_slice() -> None:
    page = render(cards.card(evaluation=cards.found(champion=cards.champion())))
    assert f"differs by {MINUS}5.0% from that of the champion, version 6, on 120 sales" in page
    assert f'{MINUS}50.0% <span class="note">better</span>' in page
    assert "by slice" in page
    assert "There was no champion to compare with." in render(cards.card())


def test_the_servers_log_is_folded_below_the_rule_that_failed() -> None:
    page = render(cards.card(decision=cards.FAILED))
    assert "<details><summary>server log</summary><pre>it stopped</pre></details>" in page


def test_intervals_are_told_with_level_coverage_and_width() -> None:
    page = render(cards.card(evaluation=cards.found(interval=evaluations.interval(coverage=0.884))))
    assert "<dt>within their 90% interval</dt><dd>88.4%" in page
    assert "median width 40.0% of the price" in page


def test_a_slice_without_a_metric_has_a_dash_in_its_place() -> None:
    page = render(cards.card(evaluation=cards.found(slices={"roof = flat": {"rows": 90.0}})))
    assert page.count('data-label="Within 10%">\u2013</td>') == 1


def test_a_contract_without_slices_says_so() -> None:
    assert "The contract names no slices." in render(cards.card(evaluation=cards.found(slices={})))
