"""Files of strangers, from the folder to a served price, by drafts of which nothing is edited."""

import csv
import tomllib
from collections.abc import Callable
from pathlib import Path

import dagster as dg
import numpy as np
import pytest

from house_prices import contract_draft
from house_prices.contract import reader
from house_prices.contract.schema import Contract
from house_prices.evaluation.evaluate import Serve
from house_prices.orchestration import definitions
from house_prices.registry import Registry
from house_prices.sales import houses
from inference_server.client import Client
from tests import servers


def king_county(path: Path, rows: int = 600) -> None:
    """Sales as King County publishes them: its dates, houses sold twice, one sale under two ids."""
    random = np.random.default_rng(0)
    days = np.datetime64("2014-05-02") + random.integers(0, 390, rows)
    sales: list[list[object]] = []
    for at, day in enumerate(days):
        area, rooms = int(random.integers(500, 4000)), int(random.integers(1, 6))
        price = float(round(40_000 + 250 * area + 5000 * rooms + random.normal(0, 9000)))
        stamp = f"{str(day).replace('-', '')}T000000"
        sales.append([7_000_000_000 + at, stamp, price, rooms, area, f"{47 + at / 1000:.4f}"])
    again = [
        [sale[0], "20150527T000000", float(str(sale[2])) * 1.05, *sale[3:]] for sale in sales[: rows // 100]
    ]
    twice = [9_999_999_999, *sales[0][1:]]
    with path.open("w", newline="") as file:
        table = [["id", "date", "price", "bedrooms", "sqft_living", "lat"], *sales, *again, twice]
        csv.writer(file).writerows(table)


def tokyo(path: Path, rows: int = 300) -> None:
    """Sales in Shift JIS, with areas in square metres and prices in units of ten thousand yen."""
    random = np.random.default_rng(1)
    lines = ["最寄駅,面積,築年,取引日,取引価格"]
    for _ in range(rows):
        area, station, built = random.integers(20, 120), random.choice(["銀座", "渋谷", "新宿"]), 1975
        built += int(random.integers(0, 45))
        price = area * (80 + 20 * (station == "銀座")) + 12 * (built - 1975) + random.normal(0, 60)
        day = np.datetime64("2022-01-01") + random.integers(0, 700)
        lines.append(f"{station}駅,{area}㎡,{built},{str(day).replace('-', '/')},{price:.0f}万円")
    path.write_bytes("\n".join(lines).encode("cp932"))


def words(path: Path, rows: int = 200) -> None:
    """Sales that are described by words alone, in columns named like keywords of Python and protobuf."""
    random = np.random.default_rng(2)
    worth = {"centre": 2.0, "hill": 1.5, "river side": 1.2, "poor": 1.0, "fair": 1.3, "good": 1.7}
    lines = ["class,message,Preis"]
    for _ in range(rows):
        place, state = random.choice(list(worth)[:3]), random.choice(list(worth)[3:])
        lines.append(
            f"{place},{state},{100_000 * worth[place] * worth[state] * random.uniform(0.9, 1.1):.0f}"
        )
    path.write_text("\n".join(lines))


def drafted(home: Path, market: str, write: Callable[[Path], None], target: str) -> tuple[Contract, Path]:
    """A market's folder with its file, and the contract drafted from it as it is."""
    path = home / "data" / market / "raw" / "sales.csv"
    path.parent.mkdir(parents=True)
    write(path)
    text = contract_draft.draft(path, target, market)
    (home / "data" / market / "contract.toml").write_text(text)
    return reader.from_values(tomllib.loads(text)), path


@pytest.mark.parametrize(
    ("market", "write", "target", "price"),
    [
        ("kings", king_county, "price", (100_000, 1_300_000)),
        ("tokyo", tokyo, "取引価格", (1e7, 2e8)),
        ("import", words, "Preis", (80_000, 400_000)),
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_a_strangers_file_goes_from_its_folder_to_a_served_price(
    market: str,
    write: Callable[[Path], None],
    target: str,
    price: tuple[float, float],
    tmp_path: Path,
    serve: Serve,
) -> None:
    home = tmp_path / "my sales"
    contract, path = drafted(home, market, write, target)
    job = definitions.build(home, serve=serve).resolve_job_def(f"{market}_training")
    with dg.DagsterInstance.ephemeral() as instance:
        result = job.execute_in_process(instance=instance, raise_on_error=False)
    assert result.success
    checks = {said.check_name: said for said in result.get_asset_check_evaluations()}
    assert [
        name
        for name, said in checks.items()
        if said.severity is dg.AssetCheckSeverity.ERROR and not said.passed
    ] == []
    registry = Registry(home / "storage" / "models")
    published = registry.version(market, 1)
    registry.promote(market, 1, sha256=published.manifest.sha256, by="a test", reason="sound")
    asked = [row.house for row in houses.load(path, contract).rows if row.house][:5]
    with servers.serving(registry.root) as server, Client(server.address, contracts=[contract]) as client:
        server.says("model serves")
        answer = client.predict(market, asked)
    assert all(price[0] < one.value < price[1] for one in answer.prices)


def test_king_countys_draft_knows_its_dates_and_keeps_one_sale_under_two_ids_together(tmp_path: Path) -> None:
    contract, _ = drafted(tmp_path, "kings", king_county, "price")
    assert (contract.keys.property, contract.keys.sold, contract.split.by) == ("id", ("date",), "sold")
    flow = [dg.AssetKey(["kings", name]) for name in ("raw_sales", "clean_sales", "splits")]
    jobs = dg.Definitions(jobs=[dg.define_asset_job("some", selection=dg.AssetSelection.assets(*flow))])
    job = dg.Definitions.merge(definitions.build(tmp_path), jobs).resolve_job_def("some")
    with dg.DagsterInstance.ephemeral() as instance:
        result = job.execute_in_process(instance=instance, raise_on_error=False)
    (said,) = [e for e in result.get_asset_check_evaluations() if e.check_name == "no_sale_in_two_parts"]
    assert said.passed
    assert said.metadata["equal_sales_in_one_part"].value == 2
