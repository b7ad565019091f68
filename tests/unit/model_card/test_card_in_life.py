"""The card's section on what came true."""

from pathlib import Path

from house_prices.model_card import in_life, publish, render
from house_prices.monitoring.in_life import CAVEAT, InLife
from house_prices.registry import Registry
from tests import cards, models
from tests.unit.model_card.test_card_render import HOSTILE, Tags

METRICS = {"mdape": 0.08, "ppe10": 0.6, "ppe20": 0.9, "rmsle": 0.12, "r2": 0.8}
LIFE = InLife(
    version=1,
    sales=1234,
    since="2026-01",
    until="2026-03",
    metrics=METRICS,
    promised={**METRICS, "mdape": 0.05},
    coverage=0.87,
    promised_coverage=0.9,
    months={"2026-01": {"sales": 1234.0, "mdape": 0.08, "coverage": 0.87}},
    slices={HOSTILE: {"rows": 50.0, **METRICS}},
)


def test_it_says_what_came_true_beside_the_holdout_and_that_sold_houses_are_no_sample() -> None:
    page = in_life.inserted(render(cards.card()), in_life.section(LIFE))
    assert CAVEAT in page
    assert "1 234 houses" in page.replace("\u202f", " ").replace("\xa0", " ").replace(",", " ")
    assert "8.0%" in page
    assert "5.0%" in page
    assert "<script" not in page
    assert Tags(page).crossed == []
    assert page.count('id="life"') == 1


def test_a_card_of_an_earlier_release_gets_the_section_behind_the_others() -> None:
    page = in_life.inserted("<main>\n<p>old</p>\n</main>", in_life.section(LIFE))
    assert page.index("old") < page.index("In life") < page.index("</main>")
    assert in_life.inserted(page, in_life.section(LIFE)) == page


def test_it_stays_in_the_card_when_that_is_written_again(tmp_path: Path) -> None:
    registry = Registry(tmp_path)
    models.publish(registry)
    evaluation = cards.found(version=1)
    publish(registry, "huts", evaluation, cards.PASSED)
    in_life.publish(registry, "huts", LIFE)
    publish(registry, "huts", evaluation, cards.PASSED)
    assert CAVEAT in registry.version("huts", 1).report.read_text()
