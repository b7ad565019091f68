"""A market that moves: one line of its contract, and the same champion from wherever the same sales are."""

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import dagster as dg
import onnx
import psycopg2
import pytest
import s3fs

from house_prices.registry import ModelVersion
from tests import cottages, object_storage, postgres
from tests.workshop import Workshop

COLUMNS = '("Area" NUMERIC(8, 2), "Rooms" INT, "Roof" TEXT, "Price" NUMERIC)'
RAW = [tuple(cell if cell != "" else None for cell in row) for row in cottages.law()]
SELECT = '\nquery = "SELECT * FROM cottages"'


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """The sales of cottages in a bucket, in PostgreSQL and in SQLite: the line of a contract for each."""
    with ExitStack() as servers:
        storage = servers.enter_context(object_storage.running(tmp_path / "s3"))
        database = servers.enter_context(postgres.running())
        monkeypatch.setenv("AWS_ENDPOINT_URL", storage)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", object_storage.KEY)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", object_storage.SECRET)
        monkeypatch.setenv("PGPASSWORD", postgres.PASSWORD)
        s3fs.S3FileSystem.clear_instance_cache()
        cottages.write_sales(tmp_path / "sales.csv", cottages.law())
        object_storage.client(storage).put(str(tmp_path / "sales.csv"), "sales/cottages/sales.csv")
        _fill(psycopg2.connect(database, password=postgres.PASSWORD), "%s")
        _fill(sqlite3.connect(tmp_path / "cottages.db"), "?")
        yield {
            "s3": 'url = "s3://sales/cottages/"',
            "postgresql": f'url = "{database}"{SELECT}',
            "sqlite": f'url = "sqlite:///{tmp_path}/cottages.db"{SELECT}',
        }


def _fill(connection: "sqlite3.Connection | psycopg2.extensions.connection", mark: str) -> None:
    cursor = connection.cursor()
    cursor.execute(f"CREATE TABLE cottages {COLUMNS}")
    cursor.executemany(f"INSERT INTO cottages VALUES ({', '.join([mark] * 4)})", RAW[::-1])  # noqa: S608
    connection.commit()
    connection.close()


def test_one_line_of_the_contract_moves_a_market_and_its_champion_stays_the_same(
    trained: Workshop, elsewhere: dict[str, str]
) -> None:
    before = trained.registry.version(cottages.NAME, 1)
    trained.sales.unlink()
    for number, (where, line) in enumerate(elsewhere.items(), start=2):
        file = trained.home / "data" / cottages.NAME / "contract.toml"
        file.write_text(f"{cottages.CONTRACT}\n[source]\n{line}\n")
        assert trained.train().success
        moved = trained.registry.version(cottages.NAME, number)
        assert moved.manifest.data["read"] == cottages.ROWS
        assert (moved.manifest.data["files"] == before.manifest.data["files"]) == (where == "s3")
        assert graph(moved) == graph(before)
        assert shown(trained)["source"] == trained.contract.source.url


def graph(version: ModelVersion) -> bytes:
    """The model without what it tells of its contract."""
    model = onnx.load(version.folder / "model.onnx")
    return bytes(model.graph.SerializeToString(deterministic=True))


def shown(shop: Workshop) -> dict[str, object]:
    """What Dagster's UI shows with the newest raw sales."""
    made = shop.instance.get_latest_materialization_event(dg.AssetKey([cottages.NAME, "raw_sales"]))
    assert made
    assert made.asset_materialization
    return {name: value.value for name, value in made.asset_materialization.metadata.items()}
