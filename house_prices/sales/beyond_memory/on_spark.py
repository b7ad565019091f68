"""Spark as an engine: on this machine, or on a cluster whose workers see the folder under the same path."""

import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import uuid4

import pyarrow.parquet as pq

from house_prices.errors import SalesError
from house_prices.sales.beyond_memory.batches import FACTS, ROWS
from house_prices.sales.beyond_memory.sql import quoted

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

SETTINGS = {
    "spark.app.name": "house-prices",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.caseSensitive": "true",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.variable.substitute": "false",
    "spark.sql.parquet.compression.codec": "lz4_raw",
}
FEW = 10_000
"""Values of which quartiles are found at once. Among more, only those near a quartile are told apart."""
_NEAR = 0.001
"""Share of the values on either side of a quartile, far beyond the error of 1 / FEW."""
_QUOTED = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*\"""")


Done = TypeVar("Done")


class Spark:
    """A session of Spark."""

    def __init__(self, session: "SparkSession", folder: Path) -> None:
        self._session = session
        self._folder = folder

    def open(self, name: str, file: Path) -> None:
        """As Engine has it."""
        self._session.read.parquet(str(file)).createOrReplaceTempView(name)

    def view(self, name: str, query: str) -> None:
        """As Engine has it."""
        self._run(query).createOrReplaceTempView(name)

    def table(self, name: str, query: str) -> None:
        """As Engine has it."""
        self.open(name, self._written(query))

    def columns(self, name: str) -> list[str]:
        """As Engine has it."""
        return list(self._session.table(name).columns)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """As Engine has it."""
        return [tuple(row) for row in self._run(query).collect()]

    def row(self, query: str) -> tuple[Any, ...]:
        """As Engine has it."""
        return self.rows(query)[0]

    def write(self, query: str, file: Path, facts: str = "{}") -> None:
        """As Engine has it."""
        parts = self._written(query)
        join(sorted(parts.glob("*.parquet")), file, facts)
        shutil.rmtree(parts)

    def quartiles(self, name: str, columns: Sequence[str]) -> list[tuple[Any, Any]]:
        """As Engine has it."""
        near = ", ".join(str(quartile + side) for quartile in (0.25, 0.75) for side in (-_NEAR, _NEAR))
        asked = (f"count({of}), percentile_approx({of}, array({near}), {FEW})" for of in map(quoted, columns))
        found = iter(self.row(f"SELECT {', '.join(asked)} FROM {name}"))
        exact = []
        for of, values, bounds in zip(map(quoted, columns), found, found, strict=True):
            for quartile, at in ((0.25, 0), (0.75, 2)):
                close = of
                if values > FEW:
                    close = f"least(greatest({of}, {bounds[at]!r}D), {bounds[at + 1]!r}D)"
                exact.append(f"percentile({close}, {quartile})")
        row = self.row(f"SELECT {', '.join(exact)} FROM {name}")
        return list(zip(row[::2], row[1::2], strict=True))

    def each(self, do: Callable[[Any], Done], given: Sequence[Any]) -> list[Done]:
        """What workers return for each, in its order."""
        found: list[Done] = self._session.sparkContext.parallelize(given, len(given)).map(do).collect()
        return found

    def _run(self, query: str) -> "DataFrame":
        return self._session.sql(_QUOTED.sub(_in_spark, query))

    def _written(self, query: str) -> Path:
        """A folder of Parquet files."""
        path = self._folder / uuid4().hex
        self._run(query).write.parquet(str(path))
        return path


def join(parts: Sequence[Path], file: Path, facts: str) -> None:
    """Write the rows of Parquet files as one."""
    schema = pq.read_schema(parts[0]).with_metadata({FACTS: facts})
    with pq.ParquetWriter(file, schema, compression="lz4") as writer:
        for part in parts:
            with pq.ParquetFile(part) as opened:
                for batch in opened.iter_batches(ROWS):
                    writer.write_batch(batch)


def _in_spark(found: re.Match[str]) -> str:
    """A text, in which Spark takes a backslash for an escape, or a name, which it wants in backquotes."""
    it = found[0]
    if it[0] == "'":
        return it.replace("\\", "\\\\")
    return "`" + it[1:-1].replace('""', '"').replace("`", "``") + "`"


@contextmanager
def started(folder: Path, master: str) -> Iterator[Spark]:
    """With its tables in a folder. Without a master, Spark's own settings tell of one.

    Raises SalesError if Spark is not installed, finds no Java, or does not reach its master.
    """
    try:
        from py4j.protocol import Py4JError
        from pyspark import SparkConf, SparkContext
        from pyspark.errors import PySparkRuntimeError
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise SalesError(
            "[engine] name: came 'spark', and PySpark is not installed. Install the extra: "
            "pip install 'house-prices[spark]'."
        ) from error
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    settings = SparkConf().setAll([*SETTINGS.items(), ("spark.local.dir", str(folder / "spark"))])
    if master:
        settings.setMaster(master)
    with ExitStack() as running:
        try:
            context = running.enter_context(SparkContext(conf=settings))
            session = running.enter_context(SparkSession(context))
        except PySparkRuntimeError as error:
            raise SalesError(
                "[engine] name: came 'spark', and Spark did not start. It needs Java 17 or newer: "
                f"install it, or set JAVA_HOME. {error}"
            ) from error
        except Py4JError as error:
            raise SalesError(
                f"[engine] master: came {master!r}, and no such master of Spark answers. Start it, or write "
                f"the address that its page shows, such as spark://host:7077. {error}"
            ) from error
        yield Spark(session, folder)
