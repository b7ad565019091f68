"""Sales that a query selects from a real PostgreSQL server."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import psycopg2
import pytest

from house_prices import sources
from house_prices.contract import reader
from house_prices.errors import SourceError, SourceUnavailable
from house_prices.sales import clean
from tests import cottages, postgres
from tests.sources import QUERY, cleaned, in_folder, market

TABLE = 'CREATE TABLE cottages ("Area" NUMERIC(8, 2), "Rooms" INT, "Roof" TEXT, "Price" NUMERIC, "Sold" DATE)'


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with postgres.running() as url:
        with psycopg2.connect(url, password=postgres.PASSWORD) as connection, connection.cursor() as cursor:
            cursor.execute(TABLE)
            rows = [tuple(cell if cell != "" else None for cell in row) for row in cottages.law()]
            cursor.executemany("INSERT INTO cottages VALUES (%s, %s, %s, %s, '2024-02-29')", rows)
        connection.close()
        yield url


@pytest.fixture(autouse=True)
def password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSWORD", postgres.PASSWORD)


def test_the_same_sales_as_from_a_file(url: str, tmp_path: Path) -> None:
    contract, folder = market(tmp_path / "other", url, QUERY)
    pd.testing.assert_frame_equal(cleaned(contract, folder), in_folder(tmp_path / "same"))


def test_types_are_read_as_they_are(url: str, tmp_path: Path) -> None:
    contract, folder = market(tmp_path, url, QUERY + " LIMIT 3")
    with sources.delivered(contract, folder) as delivery:
        table = pd.read_parquet(delivery.files[0])
    assert table["Area"].dtype == table["Price"].dtype == "float64"
    assert str(table["Sold"].iloc[0]) == "2024-02-29"


@pytest.mark.parametrize("kind", ["date", "timestamp", "timestamptz"])
def test_days_that_python_does_not_have_are_rejects(url: str, tmp_path: Path, kind: str) -> None:
    days = "('infinity'), ('-infinity'), ('0044-03-15 BC'), ('2024-02-29')"
    query = (
        f'SELECT c.*, d::{kind} AS \\"Day\\" FROM cottages c, (VALUES {days}) AS v(d) '  # noqa: S608
        'WHERE \\"Area\\" = (SELECT min(\\"Area\\") FROM cottages)'
    )
    contract, folder = market(tmp_path, url, query)
    file = folder / "contract.toml"
    file.write_text(file.read_text() + '\n[keys]\nsold = ["Day"]\n')
    contract = reader.read(file)
    cleaned = clean.clean(sources.sales(contract, folder).sales, contract)
    assert clean.count_by_reason(cleaned.rejects) == {"sold: not a date": 3}
    assert cleaned.sales["sold"].tolist() == [20240229.0]


def test_the_order_of_rows_does_not_change_the_data_version(url: str, tmp_path: Path) -> None:
    stamps = set()
    for order in ("ASC", "DESC"):
        contract, folder = market(tmp_path, url, f'{QUERY} ORDER BY \\"Area\\" {order}')
        stamps.add(sources.stamp(contract, folder))
    assert len(stamps) == 1


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("SELECT * FROM houses", 'relation "houses" does not exist'),
        ("SELECT '1.50'::money AS m", "column 'm' is money, which comes without its decimal mark. Select it"),
        ("SELECT 1 AS a, ARRAY[1, 2] AS b", "column 'b' is of type list"),
        ("SELECT * FROM cottages WHERE false", "the query selects no sales"),
        ("SELECT 1 / (n - 90000) AS x FROM generate_series(1, 100000) n", "division by zero. Correct"),
        ("SELECT 1 AS x", "4 of the contract's columns are missing"),
    ],
)
def test_a_query_that_gives_no_sales_is_told(url: str, tmp_path: Path, query: str, told: str) -> None:
    contract, folder = market(tmp_path, url, query)
    with pytest.raises(SourceError, match=told) as error:
        sources.sales(contract, folder)
    assert not isinstance(error.value, SourceUnavailable)


def test_a_wrong_password_is_told_and_not_shown(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPASSWORD", "not this one")
    contract, folder = market(tmp_path, url, QUERY)
    with pytest.raises(SourceError, match="PGPASSWORD in the environment") as error:
        sources.sales(contract, folder)
    assert "not this one" not in str(error.value)


def test_a_server_that_is_away_may_be_there_later(tmp_path: Path) -> None:
    contract, folder = market(tmp_path, "postgresql://sales@127.0.0.1:9/postgres", QUERY)
    with pytest.raises(SourceUnavailable):
        sources.sales(contract, folder)


def test_a_table_that_changes_while_it_is_read_is_read_as_it_was(url: str, tmp_path: Path) -> None:
    """Every price is raised again and again, each time in one transaction: no read may see two of them."""
    connection = psycopg2.connect(url, password=postgres.PASSWORD)
    connection.autocommit = True
    cursor = connection.cursor()
    cursor.execute(
        'CREATE TABLE moving AS SELECT n AS "Area", 1 AS "Rooms", \'flat\' AS "Roof", 1000 AS "Price" '
        "FROM generate_series(1, 20000) n"
    )
    contract, folder = market(tmp_path, url, "SELECT * FROM moving")
    ended, raised = threading.Event(), 0

    def raise_prices() -> None:
        nonlocal raised
        while not ended.is_set():
            cursor.execute('UPDATE moving SET "Price" = "Price" + 1')
            raised += 1

    with ThreadPoolExecutor(1) as pool:
        raising = pool.submit(raise_prices)
        try:
            read = [sources.sales(contract, folder).sales["Price"].unique().tolist() for _ in range(10)]
        finally:
            ended.set()
        raising.result()
    connection.close()
    assert raised > 10
    assert [len(prices) for prices in read] == [1] * 10
    assert len({price for (price,) in read}) > 1


def test_a_connection_that_dies_while_it_is_read_may_be_there_later(url: str, tmp_path: Path) -> None:
    dies = (
        "SELECT a.* FROM cottages a, generate_series(1, 2000) n "
        "WHERE n < 1900 OR pg_terminate_backend(pg_backend_pid())"
    )
    contract, folder = market(tmp_path, url, dies)
    with pytest.raises(SourceUnavailable, match="terminating connection"):
        sources.sales(contract, folder)
