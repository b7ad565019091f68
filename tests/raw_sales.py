"""Sales of huts as a raw file holds them, and as cleaning gives them back."""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pandas as pd

from house_prices.contract.schema import Contract
from house_prices.sales import cells, clean, read
from house_prices.sales.columns import LINE, REASON
from tests import models

HEADER = "Area,Rooms,Garden,Age,Roof,View,Style,Price"
PLAIN = "100,3,1,20,flat,sea,old,150000"
"""A sale that every rule allows."""
HUTS = models.contract()

Cleaner = Callable[[pd.DataFrame, Contract], tuple[pd.DataFrame, pd.DataFrame]]
"""From raw sales and their contract to clean sales and rejects."""


def write(folder: Path, text: str, name: str = "sales.csv") -> Path:
    """A raw file with exactly this text."""
    path = folder / name
    path.write_bytes(text.encode())
    return path


def raw(*lines: str, header: str = HEADER, of: Contract = HUTS) -> pd.DataFrame:
    """The raw sales that a file with these lines holds."""
    with TemporaryDirectory() as folder:
        path = write(Path(folder), "\n".join([header, *lines]) + "\n")
        return read.read([path], of).sales


def with_pandas(sales: pd.DataFrame, contract: Contract) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Clean a pandas frame."""
    cleaned = clean.clean(sales, contract)
    return _sorted(cleaned.sales), cleaned.rejects.sort_values(LINE, ignore_index=True)


def with_duckdb(sales: pd.DataFrame, contract: Contract) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Clean a DuckDB relation of the same sales."""
    typed, relation = as_relations(sales, contract)
    cleaned = clean.judge(typed, relation, contract)
    return _sorted(cleaned.sales.df()), cleaned.rejects.df().sort_values(LINE, ignore_index=True)


def as_relations(sales: pd.DataFrame, contract: Contract) -> tuple[Any, Any]:
    """Sales whose cells have been read, and their raw cells, in DuckDB."""
    return duckdb.from_df(cells.typed(sales, contract)), duckdb.from_df(sales)


def reasons(rejects: pd.DataFrame) -> list[str]:
    """Why each sale was refused, in the order of the file."""
    return [str(reason) for reason in rejects[REASON]]


def _sorted(sales: pd.DataFrame) -> pd.DataFrame:
    """In an order of its contents: cleaning promises none."""
    return sales.sort_values(list(sales.columns), ignore_index=True)
