"""`house-prices quality`: every fold trains anew, and the contract says what is good enough."""

import csv
from pathlib import Path

import pytest

from tests import cottages
from tests.commands import house_prices

BARS = "\n[quality]\nfloors = { ppe20 = 0.9, coverage = 0.8 }\nceilings = { rmsle = 0.2 }\n"


def test_every_sale_is_priced_by_a_model_that_has_not_seen_it(tmp_path: Path) -> None:
    cottages.write(tmp_path, contract=cottages.CONTRACT + BARS, sales=cottages.law(noise=0.1))
    told = house_prices(tmp_path, "quality", "--folds", "3")
    assert told.returncode == 0, told.stderr
    lines = told.stdout.splitlines()
    assert lines[0].startswith("Cottages: 300 sales, contract ")
    assert lines[1] == "  fold 1: linear(), fitted on 175, calibrated on 25, evaluated on 100"
    table = {line.split("  ")[0]: line.split()[-4:] for line in lines[5:]}
    assert table["sales"] == ["100", "100", "100", "300"]
    assert 0.8 < float(table["coverage"][-1]) <= 1
    assert float(table["quintile_coverage"][-1]) <= float(table["coverage, quintile 1"][-1])


def test_it_fails_and_names_what_is_not_reached(tmp_path: Path) -> None:
    bars = BARS.replace("rmsle = 0.2", "rmsle = 0.001, width = 9")
    cottages.write(tmp_path, contract=cottages.CONTRACT + bars, sales=cottages.law(noise=0.1))
    told = house_prices(tmp_path, "quality", "--folds", "2")
    assert (told.returncode, told.stderr.splitlines()[-1]) == (1, "Error: Not reached: rmsle.")
    assert [line.split()[0] for line in told.stdout.splitlines()[-4:]] == [
        "reached",
        "reached",
        "missed",
        "reached",
    ]


@pytest.mark.parametrize("table", ["floors", "ceilings"])
def test_a_metric_that_there_is_not_is_a_fault_of_the_contract(tmp_path: Path, table: str) -> None:
    cottages.write(tmp_path, contract=f"{cottages.CONTRACT}\n[quality]\n{table} = {{ covrage = 0.9 }}\n")
    told = house_prices(tmp_path, "quality")
    assert told.returncode == 1
    assert f"quality.{table}.covrage: came 'covrage', allowed: one of r2, mse" in told.stderr


def test_a_market_that_sets_no_sales_aside_trains_and_calibrates_on_all(tmp_path: Path) -> None:
    split = "\n[split]\ncalibration = 0\n"
    cottages.write(tmp_path, contract=cottages.CONTRACT + split + BARS, sales=cottages.law(noise=0.1))
    told = house_prices(tmp_path, "quality", "--folds", "2")
    assert told.returncode == 0, told.stderr
    assert "fitted on 150, calibrated on 150, evaluated on 150" in told.stdout


def test_rolling_folds_look_forward_and_tell_the_error_by_how_far_ahead(tmp_path: Path) -> None:
    keys = '\n[keys]\nsold = ["Sold"]\n'
    cottages.write(tmp_path, contract=cottages.CONTRACT + keys + BARS)
    with (tmp_path / "data" / cottages.NAME / "raw" / "sales.csv").open("w", newline="") as file:
        rows = [(*sale, f"2020-{1 + at // 25:02}-{1 + at % 25:02}") for at, sale in enumerate(cottages.law())]
        csv.writer(file).writerows([(*cottages.HEADER, "Sold"), *rows])
    told = house_prices(tmp_path, "quality", "--folds", "3", "--rolling")
    assert told.returncode == 0, told.stderr
    assert "evaluated on 50" in told.stdout.splitlines()[1]
    days = told.stdout.split("days ahead")[1].splitlines()[1]
    assert days.split()[:3] == ["up", "to", "30"]
    assert float(days.split()[-1]) == pytest.approx(1, abs=0.05)
    assert "reached" not in told.stdout


def test_sales_without_dates_cannot_be_judged_by_what_comes_next(tmp_path: Path) -> None:
    cottages.write(tmp_path, contract=cottages.CONTRACT, sales=cottages.law(noise=0.1))
    told = house_prices(tmp_path, "quality", "--rolling")
    assert told.returncode == 1
    assert "the sales have no dates, or too few" in told.stderr
