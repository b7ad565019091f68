"""A whole market through Dagster: what is in the UI and on the disk when a training has run."""

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd
import pytest

from house_prices.contract import reader
from house_prices.contract.schema import METRICS
from house_prices.orchestration import assets, definitions
from tests import cottages
from tests.workshop import FLOW, Workshop


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    """A market whose training has run once, on an instance that keeps its records on the disk."""
    home = tmp_path_factory.mktemp("home")
    broken: list[cottages.Row] = [(0, 3, "flat", 100), (80, "many", "gable", 100), (80, 3, "thatch", 100)]
    cottages.write(home, sales=[*cottages.law(), cottages.law()[0], *broken])
    shop = Workshop.on_disk(home)
    assert shop.train().success
    return shop


def metadata(shop: Workshop, name: str) -> Mapping[str, Any]:
    """An asset's newest metadata, as plain values."""
    event = shop.instance.get_latest_materialization_event(dg.AssetKey(["cottages", name]))
    assert event is not None
    assert event.asset_materialization is not None
    return {label: value.value for label, value in event.asset_materialization.metadata.items()}


@pytest.mark.parametrize("name", FLOW)
def test_every_asset_is_materialized(trained: Workshop, name: str) -> None:
    assert metadata(trained, name)


@pytest.mark.parametrize(("name", "rows"), [("raw_sales", 304), ("clean_sales", 300), ("splits", 300)])
def test_frames_tell_their_row_counts(trained: Workshop, name: str, rows: int) -> None:
    assert metadata(trained, name)["dagster/row_count"] == rows


def test_raw_sales_name_their_files_with_checksums(trained: Workshop) -> None:
    header, _, row = str(metadata(trained, "raw_sales")["files"]).splitlines()
    assert header == "| file | sales | sha256 |"
    assert row.startswith("| sales.csv | 304 | ")


def test_clean_sales_count_what_was_refused_by_reason(trained: Workshop) -> None:
    said = metadata(trained, "clean_sales")
    assert (said["read"], said["rejected"]) == (304, 4)
    assert str(said["rejects_by_reason"]).splitlines() == [
        "| reason | sales |",
        "| --- | ---: |",
        "| a duplicate | 1 |",
        "| area: below 1 | 1 |",
        "| roof: not one of its choices | 1 |",
        "| rooms: not a number | 1 |",
    ]


def test_the_rejects_file_holds_each_refused_row_with_its_reason(trained: Workshop) -> None:
    with (trained.home / "storage/rejects/cottages.csv").open(newline="") as file:
        rejects = {row["_line"]: row for row in csv.DictReader(file)}
    assert rejects["303"]["reason"] == "area: below 1"
    assert (rejects["304"]["Rooms"], rejects["304"]["reason"]) == ("many", "rooms: not a number")
    assert len(rejects) == 4


def test_column_schemas_say_what_the_contract_says(trained: Workshop) -> None:
    graph = definitions.build(trained.home).resolve_asset_graph()
    declared = graph.get(dg.AssetKey(["cottages", "clean_sales"])).metadata["dagster/column_schema"]
    columns = {column.name: column for column in declared.columns}
    assert list(columns) == ["area", "rooms", "roof", "price"]
    assert columns["area"].description == "Living area. A number from 1 to 1000 m2. Required."
    assert not columns["area"].constraints.nullable


def test_the_stored_frame_has_the_columns_of_its_schema(trained: Workshop) -> None:
    graph = definitions.build(trained.home).resolve_asset_graph()
    declared = graph.get(dg.AssetKey(["cottages", "splits"])).metadata["dagster/column_schema"]
    stored = pd.read_parquet(trained.home / "storage/assets/cottages/splits.parquet")
    assert list(stored.columns) == [column.name for column in declared.columns]


def test_metrics_are_plain_numbers_which_the_ui_draws_over_time(trained: Workshop) -> None:
    said = metadata(trained, "metrics")
    assert {type(said[name]) for name in (*METRICS, "baseline_rmsle", "parity")} == {float}
    assert said["r2"] == pytest.approx(1.0)
    assert said["version"] == 1


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("clean_sales", "price_distribution"),
        ("fitted_pipeline", "feature_importance"),
        ("metrics", "predicted_against_actual"),
        ("metrics", "error_by_price_band"),
    ],
)
def test_pictures_come_with_the_assets(trained: Workshop, name: str, label: str) -> None:
    png, svg = "](data:image/png;base64,iVBORw0KGgo", "](data:image/svg+xml;base64,"
    assert (svg if name == "metrics" else png) in str(metadata(trained, name)[label])


def test_slices_are_a_table_of_numbers(trained: Workshop) -> None:
    header, _, *rows = str(metadata(trained, "metrics")["slices"]).splitlines()
    assert header == "| slice | sales | rmsle | mdape | ppe10 |"
    fifths = [f"| price fifth {number}" for number in range(1, 6)]
    roofs = ["| roof = flat", "| roof = gable", "| roof = none"]
    assert [row.split(" | ")[0] for row in rows] == [*fifths, *roofs]


def test_the_manifest_tells_where_the_model_comes_from(trained: Workshop) -> None:
    manifest = json.loads((trained.home / "storage/models/cottages/1/manifest.json").read_bytes())
    assert manifest["contract_digest"] == trained.contract.digest
    assert manifest["training"]["estimator"] == "linear"
    assert (manifest["data"]["read"], manifest["data"]["kept"]) == (304, 300)
    assert sum(manifest["data"]["parts"].values()) == 300
    assert set(manifest["data"]["files"]) == {"sales.csv"}
    assert trained.instance.get_run_by_id(manifest["lineage"]["run_id"]) is not None


def test_every_asset_is_declared_as_a_person_wants_to_find_it(trained: Workshop) -> None:
    for key in definitions.build(trained.home).resolve_all_asset_keys():
        node = definitions.build(trained.home).resolve_asset_graph().get(key)
        assert node.description, key
        assert (node.group_name, node.owners) == ("cottages", ["team:pricing"])
        assert node.kinds, key
        assert str(node.code_version).endswith(trained.contract.digest[:12])


def test_assets_can_be_materialized_without_a_project_folder_of_definitions(tmp_path: Path) -> None:
    cottages.write(tmp_path)
    resources = definitions.build(tmp_path).resources or {}
    contract = reader.read(tmp_path / "data/cottages/contract.toml")
    built = [build(contract) for build in assets.FLOW]
    flow = [asset for asset in built if isinstance(asset, dg.AssetsDefinition)]
    assert dg.materialize(flow, resources=resources).success


def test_the_definitions_of_every_market_in_the_project_can_be_loaded() -> None:
    project = Path(__file__).parents[2]
    dg.Definitions.validate_loadable(definitions.build(project))
