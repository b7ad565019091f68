"""Everything Dagster knows: the same assets, checks and automation for each market below `data/`."""

import os
from pathlib import Path

import dagster as dg

from house_prices.contract import reader
from house_prices.errors import WrongFolder
from house_prices.evaluation import serving_test
from house_prices.evaluation.evaluate import Serve
from house_prices.orchestration import assets, automation, broken_market, checks
from house_prices.orchestration.assets.metadata import FILE, PARQUET, PICKLE, SAMPLE
from house_prices.orchestration.resources import (
    FileIOManager,
    Folders,
    InferenceServer,
    ParquetIOManager,
    PickleIOManager,
)
from house_prices.registry import shared_storage


def build(home: Path, *, serve: Serve = serving_test.run) -> dg.Definitions:
    """The definitions of a project folder. `serve` tests a candidate in an inference server."""
    kept = str(home / "storage" / "assets")
    definitions = dg.Definitions(
        resources={
            "folders": Folders(home=str(home)),
            "serve": dg.ResourceDefinition.hardcoded_resource(serve),
            "server": InferenceServer(
                address=os.environ.get("HOUSE_PRICES_ADDRESS", ""),
                front_door=os.environ.get("HOUSE_PRICES_FRONT_DOOR", "http://localhost:8080"),
            ),
            PARQUET: ParquetIOManager(folder=kept),
            FILE: FileIOManager(folder=kept, sampled=False),
            SAMPLE: FileIOManager(folder=kept, sampled=True),
            PICKLE: PickleIOManager(folder=kept),
        },
        executor=dg.in_process_executor,
    )
    definitions = dg.Definitions.merge(definitions, automation.of_project())
    contracts, broken = reader.read_each(home / "data")
    for name, error in broken.items():
        definitions = dg.Definitions.merge(definitions, broken_market.definitions(name, error))
    for contract in contracts.values():
        market = dg.Definitions(assets=assets.of_market(contract), asset_checks=checks.of_market(contract))
        definitions = dg.Definitions.merge(definitions, market, automation.of_market(contract))
    return definitions


@dg.definitions
def defs() -> dg.Definitions:
    """What Dagster's commands load."""
    return build(project_folder())


def project_folder() -> Path:
    """HOUSE_PRICES_HOME, or the folder that Dagster was started in.

    Raises WrongFolder where there is no market to find, or where Dagster would keep its runs elsewhere:
    the paths in `dagster.yaml` are relative to the folder that it was started in.
    """
    here = Path.cwd()
    home = Path(os.environ.get("HOUSE_PRICES_HOME", here)).resolve()
    if not (home / "data").is_dir():
        raise WrongFolder(
            f"{home} has no folder data/. Start Dagster in the project, or set HOUSE_PRICES_HOME."
        )
    if Path(os.environ.get("DAGSTER_HOME", here)).resolve() == home != here:
        raise WrongFolder(f"Dagster was started in {here} and would keep its runs there. Start it in {home}.")
    shared_storage.require_locks(home / "storage" / "models")
    return home
