"""What a training says of sales and contracts that it cannot use, and what it leaves behind."""

import csv
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from house_prices.orchestration import definitions
from house_prices.registry.verify import verify
from tests import commands, cottages
from tests.workshop import Workshop

TRAIN = """
import sys
from pathlib import Path
from tests.workshop import Workshop
assert Workshop(home=Path(sys.argv[1])).train().success
"""


def failure(result: dg.ExecuteInProcessResult) -> tuple[str, str]:
    """The asset whose step failed, and why."""
    (event,) = [event for event in result.all_events if event.is_step_failure]
    error = event.step_failure_data.error
    assert error is not None
    told = [error.message, *([error.cause.message] if error.cause else [])]
    return str(event.step_key), " ".join(told)


def test_a_contract_that_refuses_every_sale_fails_before_training_and_says_why(shop: Workshop) -> None:
    cottages.write(shop.home, contract=cottages.CONTRACT.replace("maximum = 1000", "maximum = 30"))
    asset, why = failure(shop.train())
    assert asset == "cottages__clean_sales"
    assert "Cleaning refused every sale: area: above 30 (300). See " in why
    with (shop.home / "storage/rejects/cottages.csv").open(newline="") as file:
        assert {row["reason"] for row in csv.DictReader(file)} == {"area: above 30"}


def test_more_rejects_than_the_contract_allows_stop_a_training_with_the_commonest_reasons(
    shop: Workshop,
) -> None:
    law = cottages.law()
    broken = [(0, *law[0][1:])] * 60 + [("n/d", *law[0][1:])] * 30 + [(80, 3, "straw", 1)] * 10
    cottages.write_sales(shop.sales, [*law, *broken])
    asset, why = failure(shop.materialize(["raw_sales", "clean_sales"]))
    assert asset == "cottages__clean_sales"
    assert "Cleaning refused 100 of 400 sales, 25%, and cleaning.most_rejects allows 20%. " in why
    assert "area: below 1 (60); area: not a number (30); roof: not one of its choices (10)" in why


def test_a_single_sale_is_too_few_to_split(shop: Workshop) -> None:
    cottages.write_sales(shop.sales, cottages.law(1))
    asset, why = failure(shop.train())
    assert asset == "cottages__splits"
    assert "1 clean sales are too few to split" in why


def test_a_constant_price_teaches_nothing(shop: Workshop) -> None:
    cottages.write_sales(shop.sales, [(*house, 100_000) for *house, _ in cottages.law()])
    asset, why = failure(shop.train())
    assert asset == "cottages__fitted_pipeline"
    assert "Every training sale has the same price, 100000: there is nothing to learn." in why


def test_a_file_that_cannot_be_read_fails_at_once_without_a_retry(shop: Workshop) -> None:
    shop.sales.write_bytes(b"Area,Rooms,Roof\n80,3,flat\n")
    result = shop.train()
    asset, why = failure(result)
    assert asset == "cottages__raw_sales"
    assert "sales.csv, line 1: 1 of the contract's columns are missing: Price." in why
    assert not [event for event in result.all_events if event.is_step_up_for_retry]


def test_no_file_at_all_says_where_to_put_one(shop: Workshop) -> None:
    shop.sales.unlink()
    asset, why = failure(shop.train())
    assert asset == "cottages__raw_sales"
    assert "cottages has no raw file. Put a CSV, Parquet or Excel file into data/cottages/raw/." in why


def test_a_broken_contract_is_shown_in_its_group_and_leaves_the_other_markets_training(
    shop: Workshop, caplog: pytest.LogCaptureFixture
) -> None:
    broken = shop.home / "data" / "king-county" / "contract.toml"
    broken.parent.mkdir()
    broken.write_text(
        cottages.CONTRACT.replace("folds = 3", "folds = 0").replace("minimum = 1\n", "minimum = 2000\n")
    )
    graph = definitions.build(shop.home).resolve_asset_graph()
    assert "Market king-county is left out" in caplog.text
    shown = graph.get(dg.AssetKey(["king_county", "contract"]))
    assert shown.group_name == "king_county"
    assert str(shown.description).count("\n- ") == 3
    assert [check.name for check in graph.get_check_keys_for_assets({shown.key})] == ["contract_is_sound"]
    assert shop.materialize(["raw_sales"]).success


def test_a_broken_registry_of_one_market_is_shown_there_and_stops_no_other(trained: Workshop) -> None:
    commands.furnish(trained.home)
    broken = trained.registry.root / "huts"
    broken.mkdir()
    (broken / "champion.json").write_text("{")
    (request,) = trained.tick("promotion").run_requests or []
    assert trained.promote(request).success
    checked = trained.execute(dg.AssetSelection.checks_for_assets(dg.AssetKey(["huts", "champion"])))
    (said,) = checked.get_asset_check_evaluations()
    assert not said.passed
    assert f"{broken / 'champion.json'} cannot be read" in str(said.description)


def test_two_trainings_at_once_leave_two_whole_versions(shop: Workshop) -> None:
    command = [sys.executable, "-c", TRAIN, str(shop.home)]
    project = Path(__file__).parents[2]
    both = [subprocess.Popen(command, cwd=project, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    said = [process.communicate(timeout=120)[1] for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert shop.registry.versions("cottages") == [1, 2]
    assert verify(shop.registry, "cottages") == []
