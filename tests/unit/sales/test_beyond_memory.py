"""Beyond memory: DuckDB keeps, refuses and parts the same sales as pandas does in memory."""

import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from house_prices.contract import reader
from house_prices.contract.schema import Contract
from house_prices.errors import ContractError, SalesError
from house_prices.sales import beyond_memory, clean, halfmil, read, split, synthetic
from house_prices.sales.beyond_memory import batches
from house_prices.sales.columns import FILE, GROUP, LINE
from tests import models

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "ROWS", 700)


def assert_same(files: list[Path], contract: Contract, folder: Path) -> beyond_memory.Cleaned:
    in_memory = clean.clean(read.read(files, contract).sales, contract)
    expected = split.split(in_memory.sales, contract)
    folder.mkdir(exist_ok=True)
    raw = beyond_memory.read(files, contract, folder)
    assert raw.files == read.read(files, contract).files
    with beyond_memory.started(folder, memory_mb=200) as engine:
        cleaned = beyond_memory.clean(engine, raw.sales, contract, folder)
        parted = beyond_memory.split(engine, cleaned.sales, contract, folder)
    assert cleaned.kept == len(in_memory.sales)
    rejects = pd.read_parquet(cleaned.rejects)[list(in_memory.rejects.columns)]
    assert_equal(rejects, in_memory.rejects, [FILE, LINE])
    assert cleaned.reasons == clean.count_by_reason(in_memory.rejects)
    sales = pd.read_parquet(parted.sales)
    sales[GROUP] = batches.unordered(sales[GROUP])
    columns = list(expected.columns)
    assert_equal(sales[columns], expected, columns)
    assert parted.parts == split.counts(expected)
    return cleaned


def assert_equal(found: pd.DataFrame, expected: pd.DataFrame, order: list[str]) -> None:
    frames = [
        frame.astype(dict.fromkeys(frame.select_dtypes("category"), "str")).sort_values(
            order, ignore_index=True
        )
        for frame in (found, expected)
    ]
    pd.testing.assert_frame_equal(*frames, check_dtype=False, rtol=0, atol=0)


def synthetic_contract(**changes: object) -> Contract:
    values: Mapping[str, object] = synthetic.contract(8)
    return reader.from_values({**values, **changes})


def test_ames_is_the_same(tmp_path: Path) -> None:
    contract = reader.read(ROOT / "data" / "ames" / "contract.toml")
    assert_same(read.paths(ROOT / "data" / "ames" / "raw"), contract, tmp_path)


def test_halfmil_is_the_same(tmp_path: Path) -> None:
    contract = reader.read(ROOT / "data" / "halfmil" / "contract.toml")
    halfmil.generate(5000, seed=1).to_csv(tmp_path / "sales.csv", index=False)
    assert_same([tmp_path / "sales.csv"], contract, tmp_path)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"split": {"by": "hash"}},
        {"split": {"by": "hash"}, "time": {"months": 20}},
        {"time": {"adjust": ["none"]}},
        {"cleaning": {"outliers": "none", "duplicates": "keep"}},
        {"keys": {"sold": ["Sold"]}},
        {"keys": {}, "split": {"by": "hash"}},
    ],
    ids=str,
)
def test_synthetic_sales_are_the_same(changes: dict[str, object], tmp_path: Path) -> None:
    files = synthetic.write(tmp_path / "raw", 5000, noise=0.1, features=8)
    assert_same(files, synthetic_contract(**changes), tmp_path)


@pytest.mark.parametrize("seed", range(4))
def test_sales_of_few_values_are_the_same(seed: int, tmp_path: Path) -> None:
    """Whose many equal ones join properties in chains, and whose cells are of many kinds."""
    random = np.random.default_rng(seed)
    cells = {
        "Area": [*map(str, range(90, 490)), "", "5000", "100 m2", "100 ft2", *["junk"][seed % 2 :]],
        "Rooms": ["1", "2", "2.5", "x"],
        "Garden": ["yes", "no", "", "0", "maybe"],
        "Age": ["", "10", "NA"],
        "Roof": ["flat", "gable", "ça", "thatch"],
        "View": ["sea", "", "none"],
        "Style": ["old", "new", ""],
        "Price": ["150000", "160000", "170000", "-1", "1e40", ""],
        "House": ["", *(f"H{at}" for at in range(1500))],
        "Sold": [*(f"2021-{month:02}-0{day}" for month in range(1, 13) for day in (1, 2)), "2020-01", "soon"],
    }
    often = {"Area": 0.95, "Rooms": 0.9, "Garden": 0.9, "Price": 0.95, "Roof": 0.95, "Sold": 0.97}
    drawn = {}
    for name, texts in cells.items():
        first = 400 if name == "Area" else max(2, len(texts) - 2) if name in often else len(texts)
        usual, all_of = random.choice(texts[:first], 3000), random.choice(texts, 3000)
        drawn[name] = np.where(random.random(3000) < often.get(name, 1.0), usual, all_of)
    frame = pd.DataFrame(drawn)
    for at, first in enumerate(range(0, 3000, 1000)):
        frame[first : first + 1000].to_csv(tmp_path / f"{at}.csv", index=False)
    contract = models.contract(
        keys={"property": "House", "sold": ["Sold"]},
        split={"by": "sold"},
        cleaning={"outliers": "iqr", "most_rejects": 1, "duplicates": "drop"},
    )
    assert_same(read.paths(tmp_path), contract, tmp_path / "out")


def test_a_column_is_text_in_every_file_if_it_is_in_one(tmp_path: Path) -> None:
    numbers = {"Area": range(90, 120), "Rooms": 2, "Garden": 1, "Age": 20.5, "Roof": "flat", "View": "sea"}
    frame = pd.DataFrame({**numbers, "Style": "old", "Price": np.arange(30) * 1000.0 + 90_000})
    frame.to_parquet(tmp_path / "a.parquet")
    frame.assign(Area=[f"{area} m2" for area in range(190, 220)]).to_parquet(tmp_path / "b.parquet")
    assert_same(read.paths(tmp_path), models.contract(), tmp_path / "out")


def test_without_duckdb_the_error_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "duckdb", None)
    install = r"pip install 'house-prices\[duckdb\]'"
    with pytest.raises(SalesError, match=install), beyond_memory.started(tmp_path):
        pass


def test_a_contract_that_names_another_engine_is_refused() -> None:
    with pytest.raises(ContractError, match=r"engine\.name: came 'polars', allowed: one of pandas, duckdb"):
        synthetic_contract(engine={"name": "polars"})
