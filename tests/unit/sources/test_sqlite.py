"""Sales that a query selects from SQLite."""

import sqlite3
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from house_prices import sources
from house_prices.cli.contract import contract as contract_command
from house_prices.contract import reader
from house_prices.errors import SourceError
from tests import cottages
from tests.sources import QUERY, cleaned, in_folder, market

URL = "sqlite:///cottages.db"


def fill(database: Path, sales: list[cottages.Row]) -> None:
    """A table of sales, with NULL for an empty cell."""
    with sqlite3.connect(database) as connection:
        connection.execute("DROP TABLE IF EXISTS cottages")
        connection.execute("CREATE TABLE cottages (Area REAL, Rooms INTEGER, Roof TEXT, Price INTEGER)")
        rows = [tuple(cell if cell != "" else None for cell in row) for row in sales]
        connection.executemany("INSERT INTO cottages VALUES (?, ?, ?, ?)", rows)
    connection.close()


def test_the_same_sales_as_from_a_file(tmp_path: Path) -> None:
    contract, folder = market(tmp_path / "other", URL, QUERY)
    fill(folder / "cottages.db", cottages.law())
    pd.testing.assert_frame_equal(cleaned(contract, folder), in_folder(tmp_path / "same"))


def test_the_order_of_rows_does_not_change_the_data_version(tmp_path: Path) -> None:
    contract, folder = market(tmp_path, URL, QUERY)
    fill(folder / "cottages.db", cottages.law())
    before = sources.stamp(contract, folder)
    fill(folder / "cottages.db", cottages.law()[::-1])
    assert sources.stamp(contract, folder) == before
    fill(folder / "cottages.db", [*cottages.law()[:-1], (77, 3, "flat", 1)])
    assert sources.stamp(contract, folder) != before


def test_repeated_rows_change_the_data_version(tmp_path: Path) -> None:
    contract, folder = market(tmp_path, URL, QUERY)
    stamps = set()
    for times in (1, 2, 3):
        fill(folder / "cottages.db", cottages.law(20) * times)
        stamps.add(sources.stamp(contract, folder))
    assert len(stamps) == 3


def test_a_query_is_run_as_it_stands(tmp_path: Path) -> None:
    query = "SELECT *, ':x' AS a, '50%' AS b FROM cottages WHERE Area % 7 >= 0 -- :y"
    contract, folder = market(tmp_path, URL, query)
    fill(folder / "cottages.db", cottages.law(20))
    assert len(sources.sales(contract, folder).sales) == 20


def test_a_comma_contract_reads_decimals_as_they_are(tmp_path: Path) -> None:
    _, folder = market(tmp_path, URL, QUERY)
    file = folder / "contract.toml"
    file.write_text('decimal = ","\n' + file.read_text())
    fill(folder / "cottages.db", [(80.5, 3, "flat", 100_000), (391.125, 4, "gable", 200_000)])
    assert cleaned(reader.read(file), folder)["area"].tolist() == [80.5, 391.125]


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("SELECT * FROM houses", "no such table: houses. Correct"),
        ("SELECT Area, Rooms, Roof FROM cottages", "1 of the contract's columns are missing: Price"),
        ("SELECT * FROM cottages WHERE Area < 0", "the query selects no sales"),
        ("SELECT *, Area FROM cottages", "the header 'Area' stands twice"),
        ("DELETE FROM cottages", "attempt to write a readonly database. Correct"),
        ("SELECT Area, Rooms, x'00ff' AS Roof, Price FROM cottages", "column 'Roof' holds bytes"),
    ],
)
def test_a_query_that_gives_no_sales_is_told(tmp_path: Path, query: str, told: str) -> None:
    contract, folder = market(tmp_path, URL, query)
    fill(folder / "cottages.db", cottages.law(20))
    with pytest.raises(SourceError, match=told):
        sources.sales(contract, folder)


def test_a_database_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    contract, folder = market(tmp_path, URL, QUERY)
    with pytest.raises(SourceError, match="there is no file"):
        sources.sales(contract, folder)
    assert not (folder / "cottages.db").exists()


def test_a_contract_is_drafted_from_a_query(tmp_path: Path) -> None:
    database = tmp_path / "cottages.db"
    fill(database, cottages.law())
    out = tmp_path / "data" / "cottages" / "contract.toml"
    told = CliRunner().invoke(
        contract_command,
        ["infer", f"sqlite:///{database}", "--query", QUERY, "--target", "Price", "--out", str(out)],
        catch_exceptions=False,
    )
    assert told.exit_code == 0, told.output
    drafted = reader.read(out)
    assert (drafted.source.url, drafted.source.query) == (f"sqlite:///{database}", QUERY)
    assert len(sources.sales(drafted, out.parent).sales) == len(cottages.law())
