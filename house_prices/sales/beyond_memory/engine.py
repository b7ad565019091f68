"""What answers questions about all sales at once: DuckDB, within a limit of memory.

Its SQL keeps to what DuckDB and Spark both understand.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from house_prices.errors import SalesError
from house_prices.sales.beyond_memory.batches import FACTS

if TYPE_CHECKING:
    import duckdb

MEMORY_MB = 2000
"""What DuckDB may take, beside the batch that is read; beyond it, it writes to the folder."""


class Engine:
    """A connection to DuckDB."""

    def __init__(self, connection: "duckdb.DuckDBPyConnection") -> None:
        self._sql = connection

    def open(self, name: str, file: Path) -> None:
        """Name the rows of a Parquet file."""
        self._sql.read_parquet(str(file)).create_view(name)

    def view(self, name: str, query: str) -> None:
        """Name a query, which runs whenever it is asked."""
        self._sql.execute(f"CREATE OR REPLACE VIEW {name} AS {query}")

    def table(self, name: str, query: str) -> None:
        """Run a query once, and name its rows."""
        self._sql.execute(f"CREATE OR REPLACE TABLE {name} AS {query}").fetchall()

    def columns(self, name: str) -> list[str]:
        """Of a view or a table."""
        return list(self._sql.table(name).columns)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What a query finds."""
        return self._sql.execute(query).fetchall()

    def row(self, query: str) -> tuple[Any, ...]:
        """The first row of what it finds."""
        return self.rows(query)[0]

    def write(self, query: str, file: Path, facts: str = "{}") -> None:
        """Write what a query finds as a Parquet file, in no order. `facts` is `attrs` to pandas, in JSON."""
        options = f"FORMAT parquet, COMPRESSION lz4, KV_METADATA {{{FACTS}: {text(facts)}}}"
        self._sql.execute(f"COPY ({query}) TO {text(str(file))} ({options})")

    def quartiles(self, name: str, columns: Sequence[str]) -> list[tuple[Any, Any]]:
        """The lower and the upper quartile of columns of a view or a table; None of empty ones."""
        return [
            self.row(f"SELECT quantile_cont({of}, 0.25), quantile_cont({of}, 0.75) FROM {name}")
            for of in map(quoted, columns)
        ]


@contextmanager
def started(folder: Path, *, memory_mb: int = MEMORY_MB) -> Iterator[Engine]:
    """An engine that keeps what it cannot hold in memory in a folder.

    Raises SalesError if DuckDB is not installed.
    """
    try:
        import duckdb
    except ImportError as error:
        raise SalesError(
            "[engine] name: came 'duckdb', and DuckDB is not installed. Install the extra: "
            "pip install 'house-prices[duckdb]'."
        ) from error
    with duckdb.connect(folder / "tables.duckdb") as connection:
        connection.execute(f"SET memory_limit = '{memory_mb}MB'")
        connection.execute("SET preserve_insertion_order = false")
        yield Engine(connection)


def quoted(column: str) -> str:
    """A column's name in SQL."""
    return '"' + column.replace('"', '""') + '"'


def text(of: str) -> str:
    """A text in SQL."""
    return "'" + of.replace("'", "''") + "'"
