"""Pictures of the gate's rulings, of sound evidence and of little."""

from pathlib import Path

import pytest

from house_prices.contract import reader
from house_prices.orchestration import plots
from tests import evaluations
from tests.unit.orchestration.test_plots import pixels

GATE = reader.read(Path(__file__).parents[3] / "data" / "ames" / "contract.toml").gate


@pytest.mark.parametrize("rule", list(plots.PICTURES))
def test_a_rule_that_is_looked_at_has_its_picture(rule: str) -> None:
    found = evaluations.evaluation(champion=evaluations.comparison())
    png = plots.of_rule(rule, found, GATE)
    assert png
    assert pixels(png).shape == (462, 770, 4)


@pytest.mark.parametrize("rule", ["against_champion", "slices", "interval_coverage", "parity"])
def test_where_nothing_was_found_there_is_nothing_to_look_at(rule: str) -> None:
    assert plots.of_rule(rule, evaluations.evaluation(champion=None, interval=None), GATE) is None


def test_a_slice_with_too_few_sales_is_not_drawn() -> None:
    few = {"north": evaluations.one_slice(sales=GATE.slice_rows - 1)}
    found = evaluations.evaluation(champion=evaluations.comparison(slices=few))
    assert plots.of_rule("slices", found, GATE) is None
