"""What answers questions about all sales at once, in SQL that DuckDB and Spark both understand.

Names stand in double quotes, and no text has an escape but a doubled quote.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

from house_prices.contract import schema
from house_prices.sales.beyond_memory import on_duckdb, on_spark


class Engine(Protocol):
    """DuckDB or Spark."""

    def open(self, name: str, file: Path) -> None:
        """Name the rows of a Parquet file."""

    def view(self, name: str, query: str) -> None:
        """Name a query, which runs whenever it is asked."""

    def table(self, name: str, query: str) -> None:
        """Run a query once, and name its rows."""

    def columns(self, name: str) -> list[str]:
        """Of a view or a table."""

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What a query finds."""

    def row(self, query: str) -> tuple[Any, ...]:
        """The first row of what it finds."""

    def write(self, query: str, file: Path, facts: str = "{}") -> None:
        """Write what a query finds as a Parquet file, in no order. `facts` is `attrs` to pandas, in JSON."""

    def quartiles(self, name: str, columns: Sequence[str]) -> list[tuple[Any, Any]]:
        """The lower and the upper quartile of columns of a view or a table; None of empty ones."""


def started(asked: schema.Engine, folder: Path) -> AbstractContextManager[Engine]:
    """The engine that a contract asks for. It keeps what it cannot hold in memory in a folder.

    Raises SalesError if it is not installed, or does not start.
    """
    if asked.name == "spark":
        return on_spark.started(folder, asked.master)
    return on_duckdb.started(folder)
