"""What training and evaluation hold in memory of sales that do not fit into it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from house_prices.sales import split
from house_prices.sales.beyond_memory.batches import HASHES, OWN, unordered
from house_prices.sales.columns import GROUP, PART, PARTS

MOST = 1_000_000
"""Sales of each part. So many tell an error to about a thousandth of itself."""


def sample(file: Path) -> pd.DataFrame:
    """At most MOST clean sales, or of each part if they are split: those with the lowest hash.

    Of split sales whole properties are drawn, and the order is that of the split in memory.
    """
    schema = pq.read_schema(file)
    columns = [name for name in schema.names if name not in HASHES]
    if GROUP not in schema.names:
        return _read(file, columns, [[_lowest(OWN, pq.read_metadata(file).num_rows)]])
    parts = counts(file)
    asked = [[(PART, "==", part), _lowest(GROUP, rows)] for part, rows in parts.items()]
    sales = _read(file, columns, asked)
    own = pd.util.hash_pandas_object(sales.drop(columns=[PART, GROUP]), index=False)
    sales[PART] = pd.Categorical(sales[PART], categories=pd.Index(PARTS))
    sales[GROUP] = unordered(sales[GROUP])
    found = split.in_order(sales, own)
    found.attrs = {**sales.attrs, "parts": parts}
    return found


def frames(file: Path) -> Iterator[pd.DataFrame]:
    """The rows of a file, some at a time; the first frame is empty."""
    with pq.ParquetFile(file) as opened:
        columns = [name for name in opened.schema_arrow.names if name not in HASHES]
        yield pa.Table.from_batches([], opened.schema_arrow).select(columns).to_pandas()
        for batch in opened.iter_batches(columns=columns):
            yield batch.to_pandas()


def counts(file: Path) -> dict[str, int]:
    """Sales in each part of split sales."""
    column = pq.read_table(file, columns=[PART], read_dictionary=[PART]).column(PART)
    counted = {str(each["values"]): int(each["counts"].as_py()) for each in pc.value_counts(column)}
    return dict.fromkeys(PARTS, 0) | counted


def _lowest(column: str, rows: int) -> tuple[str, str, int]:
    """The condition for about MOST of so many rows, by a hash that is uniform over the 64-bit integers."""
    bound = -(2**63) + min(2**64 - 1, 2**64 * MOST // max(rows, 1))
    return column, "<=", bound


def _read(file: Path, columns: list[str], filters: list[Any]) -> pd.DataFrame:
    return pd.read_parquet(
        file, engine="pyarrow", columns=columns, filters=filters, to_pandas_kwargs={"split_blocks": True}
    )
