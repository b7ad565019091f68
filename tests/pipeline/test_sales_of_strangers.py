"""Files of strangers, from the folder to a judged candidate."""

import csv
import tomllib
from pathlib import Path

import dagster as dg
import numpy as np
import pytest

from house_prices import contract_draft
from house_prices.contract import reader
from house_prices.orchestration import definitions


def king_county(path: Path, rows: int = 300) -> None:
    """Sales as King County publishes them: their dates, and one sale under two property ids."""
    random = np.random.default_rng(0)
    days = np.datetime64("2014-05-02") + random.integers(0, 390, rows)
    houses = []
    for at, day in enumerate(days):
        area, rooms = int(random.integers(500, 4000)), int(random.integers(1, 6))
        price = float(round(40_000 + 250 * area + 5000 * rooms + random.normal(0, 9000)))
        stamp = f"{str(day).replace('-', '')}T000000"
        houses.append([7_000_000_000 + at, stamp, price, rooms, area, f"{47 + at / 1000:.4f}"])
    houses.append([9_999_999_999, *houses[0][1:]])
    path.parent.mkdir(parents=True)
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([["id", "date", "price", "bedrooms", "sqft_living", "lat"], *houses])


@pytest.mark.filterwarnings("ignore")
def test_an_unedited_draft_of_king_countys_file_trains(tmp_path: Path) -> None:
    path = tmp_path / "data" / "kings" / "raw" / "kc_house_data.csv"
    king_county(path)
    text = contract_draft.draft(path, "price", "kings")
    contract = reader.from_values(tomllib.loads(text))
    assert (contract.keys.property, contract.keys.sold) == ("id", ("date",))
    (tmp_path / "data" / "kings" / "contract.toml").write_text(text)
    sound = dg.AssetSelection.assets(
        *(dg.AssetKey(["kings", n]) for n in ("raw_sales", "clean_sales", "splits"))
    )
    jobs = dg.Definitions(jobs=[dg.define_asset_job("some", selection=sound)])
    job = dg.Definitions.merge(definitions.build(tmp_path), jobs).resolve_job_def("some")
    with dg.DagsterInstance.ephemeral() as instance:
        result = job.execute_in_process(instance=instance, raise_on_error=False)
    (said,) = [e for e in result.get_asset_check_evaluations() if e.check_name == "no_sale_in_two_parts"]
    assert result.success
    assert said.passed
    assert said.metadata["equal_sales_in_one_part"].value == 2
