"""DuckDB as an engine, within a limit of memory."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from house_prices.errors import SalesError
from house_prices.sales.beyond_memory.batches import FACTS
from house_prices.sales.beyond_memory.sql import quoted, text

if TYPE_CHECKING:
    import duckdb

MEMORY_MB = 2000
"""What DuckDB may take, beside the batch that is read; beyond it, it writes to the folder."""


class DuckDB:
    """A connection to DuckDB."""

    def __init__(self, connection: "duckdb.DuckDBPyConnection") -> None:
        self._sql = connection

    def open(self, name: str, file: Path) -> None:
        """As Engine has it."""
        self._sql.read_parquet(str(file)).create_view(name)

    def view(self, name: str, query: str) -> None:
        """As Engine has it."""
        self._sql.execute(f"CREATE OR REPLACE VIEW {name} AS {query}")

    def table(self, name: str, query: str) -> None:
        """As Engine has it."""
        self._sql.execute(f"CREATE OR REPLACE TABLE {name} AS {query}").fetchall()

    def columns(self, name: str) -> list[str]:
        """As Engine has it."""
        return list(self._sql.table(name).columns)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """As Engine has it."""
        return self._sql.execute(query).fetchall()

    def row(self, query: str) -> tuple[Any, ...]:
        """As Engine has it."""
        return self.rows(query)[0]

    def write(self, query: str, file: Path, facts: str = "{}") -> None:
        """As Engine has it."""
        options = f"FORMAT parquet, COMPRESSION lz4, KV_METADATA {{{FACTS}: {text(facts)}}}"
        self._sql.execute(f"COPY ({query}) TO {text(str(file))} ({options})")

    def quartiles(self, name: str, columns: Sequence[str]) -> list[tuple[Any, Any]]:
        """As Engine has it."""
        return [
            self.row(f"SELECT quantile_cont({of}, 0.25), quantile_cont({of}, 0.75) FROM {name}")
            for of in map(quoted, columns)
        ]


@contextmanager
def started(folder: Path) -> Iterator[DuckDB]:
    """With its tables in a folder. Raises SalesError if DuckDB is not installed."""
    try:
        import duckdb
    except ImportError as error:
        raise SalesError(
            "[engine] name: came 'duckdb', and DuckDB is not installed. Install the extra: "
            "pip install 'house-prices[duckdb]'."
        ) from error
    with duckdb.connect(folder / "tables.duckdb") as connection:
        connection.execute(f"SET memory_limit = '{MEMORY_MB}MB'")
        connection.execute("SET preserve_insertion_order = false")
        yield DuckDB(connection)
