"""Sales of huts as a raw file holds them, and as cleaning gives them back."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from house_prices.contract.schema import Contract
from house_prices.sales import clean, read
from house_prices.sales.columns import LINE, REASON
from tests import models

HEADER = "Area,Rooms,Garden,Age,Roof,View,Style,Price"
PLAIN = "100,3,1,20,flat,sea,old,150000"
"""A sale that every rule allows."""
HUTS = models.contract()


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


def cleaned(sales: pd.DataFrame, contract: Contract) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Clean sales and rejects."""
    found = clean.clean(sales, contract)
    return _sorted(found.sales), found.rejects.sort_values(LINE, ignore_index=True)


def reasons(rejects: pd.DataFrame) -> list[str]:
    """Why each sale was refused, in the order of the file."""
    return [str(reason) for reason in rejects[REASON]]


def _sorted(sales: pd.DataFrame) -> pd.DataFrame:
    """In an order of its contents: cleaning promises none."""
    return sales.sort_values(list(sales.columns), ignore_index=True)
