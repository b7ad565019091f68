"""Beyond memory: DuckDB keeps, refuses and parts the same sales as pandas does in memory."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from house_prices.contract import reader
from house_prices.contract.schema import Contract
from house_prices.errors import SalesError
from house_prices.sales import beyond_memory, clean, halfmil, read, split, synthetic
from house_prices.sales.beyond_memory import batches
from house_prices.sales.columns import FILE, LINE
from tests import models
from tests.raw_sales import HEADER, PLAIN, write

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "ROWS", 700)


def assert_same(files: list[Path], contract: Contract, folder: Path) -> beyond_memory.Prepared:
    cleaned = clean.clean(read.read(files, contract).sales, contract)
    expected = split.split(cleaned.sales, contract)
    found = beyond_memory.prepare(files, contract, folder, memory_mb=200)
    columns = list(expected.columns)
    assert_equal(pd.read_parquet(found.sales)[columns], expected, columns)
    rejects = pd.read_parquet(found.rejects)[list(cleaned.rejects.columns)]
    assert_equal(rejects, cleaned.rejects, [FILE, LINE])
    assert found.reasons == clean.count_by_reason(cleaned.rejects)
    assert found.parts == split.counts(expected)
    return found


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
    found = assert_same(files, synthetic_contract(**changes), tmp_path)
    assert found.read == 5000


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


def test_too_many_rejects_leave_what_was_there(tmp_path: Path) -> None:
    lines = [PLAIN.replace("100", str(area), 1) for area in range(60, 160)]
    file = write(tmp_path, "\n".join([HEADER, *lines]))
    found = beyond_memory.prepare([file], models.contract(), tmp_path / "out")
    before = found.sales.read_bytes()
    file.write_text("\n".join([HEADER, *(line.replace("flat", "thatch") for line in lines)]))
    with pytest.raises(SalesError, match="roof: not one of its choices"):
        beyond_memory.prepare([file], models.contract(), tmp_path / "out")
    assert found.sales.read_bytes() == before
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["rejects.parquet", "sales.parquet"]
