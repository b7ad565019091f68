"""The market of cottages with its sales somewhere else."""

from pathlib import Path

import pandas as pd

from house_prices import sources
from house_prices.contract import reader
from house_prices.contract.schema import Contract
from house_prices.sales import clean
from tests import cottages

QUERY = "SELECT * FROM cottages"


def market(home: Path, url: str, query: str = "") -> tuple[Contract, Path]:
    """Its contract with a `[source]`, and its folder, without raw sales."""
    given = f'\n[source]\nurl = "{url}"\nquery = "{query}"\n'
    cottages.write(home, contract=cottages.CONTRACT + given)
    folder = home / "data" / cottages.NAME
    (folder / "raw" / "sales.csv").unlink()
    return reader.read(folder / "contract.toml"), folder


def in_folder(home: Path) -> pd.DataFrame:
    """The same sales from a CSV file, cleaned."""
    cottages.write(home)
    folder = home / "data" / cottages.NAME
    return cleaned(reader.read(folder / "contract.toml"), folder)


def cleaned(contract: Contract, folder: Path) -> pd.DataFrame:
    """The contract's columns, in the order of the areas, of which no two are alike."""
    sales = clean.clean(sources.sales(contract, folder).sales, contract).sales
    return sales[["area", "rooms", "roof", "price"]].sort_values("area", ignore_index=True)
