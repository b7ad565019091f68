"""Sales that a query selects from a real MariaDB server, as from MySQL."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pymysql
import pytest

from house_prices import sources
from house_prices.errors import SourceError, SourceUnavailable
from tests import cottages, mariadb
from tests.sources import QUERY, cleaned, in_folder, market

Server = tuple[str, "pymysql.Connection[pymysql.cursors.Cursor]"]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with mariadb.running() as (url, owner):
        rows = [tuple(cell if cell != "" else None for cell in row) for row in cottages.law()]
        with owner.cursor() as cursor:
            cursor.execute(
                "CREATE TABLE cottages (Area DECIMAL(8, 2), Rooms TINYINT, Roof TEXT, Price DOUBLE)"
            )
            cursor.executemany("INSERT INTO cottages VALUES (%s, %s, %s, %s)", rows)
        yield url, owner


@pytest.fixture(autouse=True)
def password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MYSQL_PWD", mariadb.PASSWORD)


def test_the_same_sales_as_from_a_file(server: Server, tmp_path: Path) -> None:
    contract, folder = market(tmp_path / "other", server[0], QUERY)
    pd.testing.assert_frame_equal(cleaned(contract, folder), in_folder(tmp_path / "same"))


def test_types_are_texts_as_a_file_would_have_them(server: Server, tmp_path: Path) -> None:
    query = (
        "SELECT CAST(12345.60 AS DECIMAL(8, 2)) AS a, DATE '2024-02-29' AS b, "
        "18446744073709551615 AS c, 'Größe: 50%' AS d, NULL AS e"
    )
    contract, folder = market(tmp_path, server[0], query)
    with sources.delivered(contract, folder) as delivery:
        (row,) = pq.read_table(delivery.files[0]).to_pylist()
    assert row == {
        "a": "12345.60",
        "b": "2024-02-29",
        "c": "18446744073709551615",
        "d": "Größe: 50%",
        "e": None,
    }


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("SELECT * FROM houses", "Table 'sales.houses' doesn't exist"),
        ("SELEC 1", "You have an error in your SQL syntax"),
        ("SELECT 0x00ff AS Roof", "column 'Roof' holds bytes"),
    ],
)
def test_a_query_that_gives_no_sales_is_told(server: Server, tmp_path: Path, query: str, told: str) -> None:
    contract, folder = market(tmp_path, server[0], query)
    with pytest.raises(SourceError, match=told) as error:
        sources.sales(contract, folder)
    assert not isinstance(error.value, SourceUnavailable)


def test_a_wrong_password_is_told_and_not_shown(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MYSQL_PWD", "not this one")
    contract, folder = market(tmp_path, server[0], QUERY)
    with pytest.raises(SourceError, match="Set MYSQL_PWD in the environment") as error:
        sources.sales(contract, folder)
    assert "not this one" not in str(error.value)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # pymysql's own, in __del__
def test_a_connection_that_dies_while_it_is_read_may_be_there_later(server: Server, tmp_path: Path) -> None:
    contract, folder = market(tmp_path, server[0], "SELECT c.* FROM cottages c, seq_1_to_100000")
    killer = threading.Thread(target=kill_the_reader, args=(server[1],))
    killer.start()
    with pytest.raises(SourceUnavailable, match="Lost connection"):
        sources.sales(contract, folder)
    killer.join()


def kill_the_reader(owner: "pymysql.Connection[pymysql.cursors.Cursor]") -> None:
    """As soon as it reads."""
    with owner.cursor() as cursor:
        while True:
            cursor.execute(
                "SELECT id FROM information_schema.processlist WHERE user = 'reader' AND info LIKE '%seq_1%'"
            )
            if found := cursor.fetchall():
                cursor.execute(f"KILL {found[0][0]}")
                return
