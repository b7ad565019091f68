"""Everything Dagster knows: the same assets, checks and automation for each market below `data/`."""

import os
from pathlib import Path

import dagster as dg

from house_prices import assets, automation, checks, contract_reader
from house_prices.assets.metadata import PARQUET, PICKLE
from house_prices.resources import Folders, ParquetIOManager


def build(home: Path) -> dg.Definitions:
    """The definitions of a project folder."""
    kept = str(home / "storage" / "assets")
    definitions = dg.Definitions(
        resources={
            "folders": Folders(home=str(home)),
            PARQUET: ParquetIOManager(folder=kept),
            PICKLE: dg.FilesystemIOManager(base_dir=kept),
        },
        executor=dg.in_process_executor,
    )
    for contract in contract_reader.read_all(home / "data").values():
        market = dg.Definitions(assets=assets.of_market(contract), asset_checks=checks.of_market(contract))
        definitions = dg.Definitions.merge(definitions, market, automation.of_market(contract))
    return definitions


defs = build(Path(os.environ.get("HOUSE_PRICES_HOME", ".")).resolve())
