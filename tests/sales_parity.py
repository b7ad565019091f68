"""Markets whose sales every engine keeps, refuses and parts as pandas does in memory."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from house_prices.contract import reader
from house_prices.contract.schema import Contract, Engine
from house_prices.sales import beyond_memory, clean, halfmil, read, split, synthetic
from house_prices.sales.beyond_memory import batches
from house_prices.sales.columns import FILE, GROUP, LINE
from tests import models

ROOT = Path(__file__).parents[1]
Market = Callable[[Path], tuple[list[Path], Contract]]
"""Writes raw files to a folder."""


def assert_same(market: Market, engine: Engine, folder: Path) -> None:
    """Which takes batches of a few hundred rows, so that every market has several."""
    work = folder / "work"
    work.mkdir()
    files, contract = market(folder)
    in_memory = clean.clean(read.read(files, contract).sales, contract)
    expected = split.split(in_memory.sales, contract)
    contract = replace(contract, engine=engine)
    raw = beyond_memory.read(files, contract, work)
    assert raw.files == read.read(files, contract).files
    with beyond_memory.started(engine, work) as started:
        cleaned = beyond_memory.clean(started, raw.sales, contract, work)
        parted = beyond_memory.split(started, cleaned.sales, contract, work)
    assert cleaned.kept == len(in_memory.sales)
    rejects = pd.concat(beyond_memory.rejects(cleaned.rejects, contract))
    assert_equal(rejects[list(in_memory.rejects.columns)], in_memory.rejects, [FILE, LINE])
    assert cleaned.reasons == clean.count_by_reason(in_memory.rejects)
    sales = pd.read_parquet(parted.sales)
    sales[GROUP] = batches.unordered(sales[GROUP])
    columns = list(expected.columns)
    assert_equal(sales[columns], expected, columns)
    assert parted.parts == split.counts(expected)


def assert_equal(found: pd.DataFrame, expected: pd.DataFrame, order: list[str]) -> None:
    frames = [
        frame.astype(dict.fromkeys(frame.select_dtypes("category"), "str")).sort_values(
            order, ignore_index=True
        )
        for frame in (found, expected)
    ]
    pd.testing.assert_frame_equal(*frames, check_dtype=False, rtol=0, atol=0)


def ames(_: Path) -> tuple[list[Path], Contract]:
    market = ROOT / "data" / "ames"
    return read.paths(market / "raw"), reader.read(market / "contract.toml")


def half_a_million(folder: Path) -> tuple[list[Path], Contract]:
    halfmil.generate(5000, seed=1).to_csv(folder / "sales.csv", index=False)
    return [folder / "sales.csv"], reader.read(ROOT / "data" / "halfmil" / "contract.toml")


def made_up(folder: Path, **changes: object) -> tuple[list[Path], Contract]:
    values: Mapping[str, object] = synthetic.contract(8)
    files = synthetic.write(folder / "raw", 5000, noise=0.1, features=8)
    return files, reader.from_values({**values, **changes})


def of_few_values(folder: Path, seed: int) -> tuple[list[Path], Contract]:
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
    raw = folder / "raw"
    raw.mkdir()
    for at, first in enumerate(range(0, 3000, 1000)):
        pd.DataFrame(drawn)[first : first + 1000].to_csv(raw / f"{at}.csv", index=False)
    return read.paths(raw), models.contract(
        keys={"property": "House", "sold": ["Sold"]},
        split={"by": "sold"},
        cleaning={"outliers": "iqr", "most_rejects": 1, "duplicates": "drop"},
    )


def text_in_one_file(folder: Path) -> tuple[list[Path], Contract]:
    """So that the same column is text in the other, too."""
    numbers = {"Area": range(90, 120), "Rooms": 2, "Garden": 1, "Age": 20.5, "Roof": "flat", "View": "sea"}
    frame = pd.DataFrame({**numbers, "Style": "old", "Price": np.arange(30) * 1000.0 + 90_000})
    frame.to_parquet(folder / "a.parquet")
    frame.assign(Area=[f"{area} m2" for area in range(190, 220)]).to_parquet(folder / "b.parquet")
    return [folder / "a.parquet", folder / "b.parquet"], models.contract()


def refused_numbers(folder: Path) -> tuple[list[Path], Contract]:
    """As text they have the digits that Python gives them."""
    numbers = {"Area": 100.5, "Rooms": 2, "Garden": 1, "Age": 20.5, "Roof": "flat", "View": "sea"}
    frame = pd.DataFrame({**numbers, "Style": "old", "Price": np.arange(90) * 1000.0 + 90_000})
    frame.loc[[3, 4, 5, 6], "Area"] = [2.5e7, 123456789.125, 1e22, 3e-5]
    frame.to_parquet(folder / "a.parquet")
    return [folder / "a.parquet"], models.contract(cleaning={"most_rejects": 1})


def whole_numbers_with_gaps(folder: Path) -> tuple[list[Path], Contract]:
    """In some batches only."""
    numbers = {"Area": 100, "Rooms": 2, "Garden": 1, "Age": range(1500), "Roof": "flat", "View": "sea"}
    frame = pd.DataFrame({**numbers, "Style": "old", "Price": np.arange(1500) + 90_000})
    frame["Age"] = frame["Age"].astype("Int64").mask(frame.index == 1000)
    frame.to_parquet(folder / "a.parquet")
    return [folder / "a.parquet"], models.contract()


MARKETS: Mapping[str, Market] = {
    "ames": ames,
    "halfmil": half_a_million,
    "by date": made_up,
    "by hash": partial(made_up, split={"by": "hash"}),
    "twenty months": partial(made_up, split={"by": "hash"}, time={"months": 20}),
    "undated": partial(made_up, time={"adjust": ["none"]}),
    "as they are": partial(made_up, cleaning={"outliers": "none", "duplicates": "keep"}),
    "no properties": partial(made_up, keys={"sold": ["Sold"]}),
    "no keys": partial(made_up, keys={}, split={"by": "hash"}),
    **{f"few values {seed}": partial(of_few_values, seed=seed) for seed in range(4)},
    "text in one file": text_in_one_file,
    "refused numbers": refused_numbers,
    "gaps": whole_numbers_with_gaps,
}
