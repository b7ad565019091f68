"""Sales that a query selects from a database.

PostgreSQL is read as Arrow through ADBC. Other databases come row by row through SQLAlchemy, as text: a
column of SQLite may hold any type in any row, which ADBC's driver refuses once it has seen the first ones.
"""

import datetime
import decimal as numeric
import hashlib
import os
import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet

from house_prices.contract.schema import Source
from house_prices.errors import SourceError, SourceUnavailable
from house_prices.sources.delivery import Delivery

if TYPE_CHECKING:
    import sqlalchemy

NAME = "query"
_ACCESS_DENIED = 1045
"""MySQL's number for a wrong user or password."""
_ROWS = 50_000
"""Rows that are in memory at a time."""
_ANSWERS_LATER = ("08", "40", "53", "57", "58")
"""Classes of SQLSTATE that say nothing of the query: the connection, the server or its operator. A
connection that never came to be has none."""


def deliver(source: Source, market: Path, into: Path, decimal: str) -> Delivery:
    """Write what the query selects to a Parquet file.

    `market` is the folder of the contract, `decimal` its decimal mark.
    """
    path = into / NAME
    rows = _RowsHash()
    with (
        _batches(source, market, decimal) as (schema, batches),
        pa.parquet.ParquetWriter(path, schema, use_dictionary=False, compression="none") as writer,
    ):
        for batch in batches:
            rows.add(batch)
            writer.write_batch(batch)
    if not rows.count:
        raise SourceError(f"{source.url}: the query selects no sales. Correct [source] query.")
    return Delivery(files=(path,), stamp=rows.digest(schema), checksums={NAME: rows.digest(schema)})


class _RowsHash:
    """A hash of rows in any order: the sum and the exclusive or of a hash of each."""

    def __init__(self) -> None:
        self.count = 0
        self._sum = 0
        self._xor = 0

    def add(self, batch: pa.RecordBatch) -> None:
        """Take more rows in."""
        plain = pa.table([_counted(column) for column in batch.columns], batch.schema.names)
        hashes = pd.util.hash_pandas_object(plain.to_pandas(), index=False).to_numpy()
        self.count += len(hashes)
        self._sum = (self._sum + int(hashes.sum(dtype=np.uint64))) % 2**64
        self._xor ^= int(np.bitwise_xor.reduce(hashes))

    def digest(self, schema: pa.Schema) -> str:
        """In hexadecimal; the columns' names count, too."""
        text = f"{schema.names} {self.count} {self._sum} {self._xor}"
        return hashlib.sha256(text.encode()).hexdigest()


def _counted(column: pa.Array) -> pa.Array:
    """Dates as counts, for a database has days that Python has not: infinity, and those before Christ."""
    if not pa.types.is_temporal(column.type):
        return column
    return column.view(pa.int32() if column.type.bit_width == 32 else pa.int64())


Batches = tuple[pa.Schema, Iterator[pa.RecordBatch]]


@contextmanager
def _batches(source: Source, market: Path, decimal: str) -> Iterator[Batches]:
    if source.url.startswith("postgresql://"):
        with _by_adbc(source) as batches:
            yield batches
    else:
        with _by_sqlalchemy(source, market, decimal) as batches:
            yield batches


@contextmanager
def _by_adbc(source: Source) -> Iterator[Batches]:
    try:
        import adbc_driver_manager
        from adbc_driver_postgresql import dbapi
    except ImportError as error:
        raise _not_installed(source, error) from error
    try:
        with dbapi.connect(source.url) as connection, connection.cursor() as cursor:
            cursor.execute(source.query)
            reader = cursor.fetch_record_batch()
            schema = pa.schema([_plain_field(source, field) for field in reader.schema])
            yield schema, (_plain(batch, schema) for batch in reader)
    except adbc_driver_manager.Error as error:
        told = f"{source.url}: {' '.join(str(error).split())}"
        if error.sqlstate is None and re.search("password|authentication", told):
            raise SourceError(f"{told}. Set PGUSER and PGPASSWORD in the environment.") from error
        if error.sqlstate is None or error.sqlstate[:2] in _ANSWERS_LATER:
            raise SourceUnavailable(told) from error
        raise SourceError(f"{told}. Correct [source] url or query.") from error
    except (OSError, pa.ArrowException) as error:  # what Arrow makes of an error between two batches
        told = f"{source.url}: {' '.join(str(error).split())}"
        if re.search("FATAL: |connection", told):
            raise SourceUnavailable(told) from error
        raise SourceError(f"{told}. Correct [source] query.") from error


def _plain_field(source: Source, field: pa.Field) -> pa.Field:
    """The field with a type that sales can have."""
    kind = field.type
    if (field.metadata or {}).get(b"POSTGRESQL:type") == b"money":  # a count of cents, or of what it may be
        raise SourceError(
            f"{source.url}: column {field.name!r} is money, which comes without its decimal mark. "
            f'Select it as a number: "{field.name}"::numeric.'
        )
    if isinstance(kind, pa.OpaqueType) and kind.type_name == "numeric":
        return field.with_type(pa.float64())
    if isinstance(kind, pa.BaseExtensionType):
        kind = kind.storage_type
    if any(is_so(kind) for is_so in _READ):
        return field.with_type(kind)
    raise SourceError(
        f"{source.url}: column {field.name!r} is of type {field.type}, which no sale has. "
        "Select it as text, a number, a date or true and false."
    )


_READ = (
    pa.types.is_integer,
    pa.types.is_floating,
    pa.types.is_decimal,
    pa.types.is_boolean,
    pa.types.is_string,
    pa.types.is_large_string,
    pa.types.is_date,
    pa.types.is_timestamp,
    pa.types.is_null,
)


def _plain(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    columns = [
        (column.storage if isinstance(column, pa.ExtensionArray) else column).cast(field.type)
        for column, field in zip(batch.columns, schema, strict=True)
    ]
    return pa.record_batch(columns, schema=schema)


@contextmanager
def _by_sqlalchemy(source: Source, market: Path, decimal: str) -> Iterator[Batches]:
    from sqlalchemy import exc

    engine = _engine(source, market)
    try:
        # as it stands: a colon or a percent sign is the query's own
        as_it_is = {"yield_per": _ROWS, "no_parameters": True}
        with engine.connect().execution_options(**as_it_is) as connection:
            result = connection.exec_driver_sql(source.query)
            schema = pa.schema([(name, pa.string()) for name in result.keys()])
            yield schema, (_as_text(rows, schema, source, decimal) for rows in result.partitions())
    except exc.DBAPIError as error:
        if _passes(error.orig):
            raise SourceUnavailable(f"{source.url}: {error.orig}") from error
        if error.orig and error.orig.args[:1] == (_ACCESS_DENIED,):
            raise SourceError(f"{source.url}: {error.orig}. Set MYSQL_PWD in the environment.") from error
        told = str(error.orig).rstrip(".")
        raise SourceError(f"{source.url}: {told}. Correct [source] url or query.") from error
    finally:
        engine.dispose()


def _engine(source: Source, market: Path) -> "sqlalchemy.Engine":
    import sqlalchemy

    if source.url.startswith("sqlite:///"):
        path = market / source.url.removeprefix("sqlite:///")
        if not path.is_file():  # SQLite would make an empty one
            raise SourceError(
                f"{source.url}: there is no file {path}. Relative paths begin beside the contract."
            )
        return sqlalchemy.create_engine(
            "sqlite://", creator=lambda: sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)
        )
    url = sqlalchemy.make_url(source.url).set(
        drivername="mysql+pymysql", password=os.environ.get("MYSQL_PWD")
    )
    try:
        return sqlalchemy.create_engine(url)
    except ImportError as error:
        raise _not_installed(source, error) from error


def _passes(error: BaseException | None) -> bool:
    """Whether another try may do: MySQL's client found no server or was cut off, or SQLite is locked."""
    code = error.args[0] if error and error.args else ""
    return 2000 <= code < 3000 if isinstance(code, int) else "locked" in str(code)


def _as_text(
    rows: Sequence[Sequence[object]], schema: pa.Schema, source: Source, decimal: str
) -> pa.RecordBatch:
    """Rows as a CSV file would have them."""
    columns = [
        pa.array(
            [None if cell is None else _text(cell, name, source, decimal) for cell in column], pa.string()
        )
        for name, column in zip(schema.names, zip(*rows, strict=True), strict=True)
    ]
    return pa.record_batch(columns, schema=schema)


def _text(cell: object, column: str, source: Source, decimal: str) -> str:
    if isinstance(cell, bytes):
        raise SourceError(f"{source.url}: column {column!r} holds bytes. Select it as text or leave it out.")
    if isinstance(cell, float | numeric.Decimal):
        return str(cell).replace(".", decimal)
    if isinstance(cell, datetime.date):  # a datetime is one, too
        return cell.isoformat()
    return str(cell)


def _not_installed(source: Source, error: ImportError) -> SourceError:
    return SourceError(f"{source.url}: {error}. Install the extra: pip install 'house-prices[sql]'.")
