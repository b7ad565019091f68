"""Raw files, read on this machine, or each by a worker of a cluster."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

from house_prices.contract.schema import Contract
from house_prices.errors import SourceError
from house_prices.progress import Tell, silent
from house_prices.sales.beyond_memory import batches, on_spark

Done = TypeVar("Done")


def read(
    files: Sequence[Path],
    contract: Contract,
    folder: Path,
    tell: Tell = silent,
    checksums: Mapping[str, str] | None = None,
) -> batches.Raw:
    """Write every row of the files. Raises SourceError that names the first that has no such table.

    `checksums` are those that the source gives for files by name, instead of the sha256.
    """
    if contract.engine.name != "spark" or len(files) < 2:
        return batches.read(files, contract, folder, tell, checksums)
    with on_spark.started(folder, contract.engine.master) as spark:
        return _by_workers(spark, files, contract, folder, tell, checksums or {})


def _by_workers(
    spark: on_spark.Spark,
    files: Sequence[Path],
    contract: Contract,
    folder: Path,
    tell: Tell,
    checksums: Mapping[str, str],
) -> batches.Raw:
    tell(f"reading {len(files)} files by the workers of Spark")
    types = _each(spark, lambda file: batches.types_in([file], contract), files)
    among = {column: set().union(*(of[column] for of in types)) for column in contract.columns}

    def one(numbered: tuple[int, Path]) -> batches.Raw:
        """In a folder of its own, since a worker that is thought lost may still be writing."""
        number, file = numbered
        apart = folder / uuid4().hex
        apart.mkdir()
        return batches.read([file], contract, apart, among=among, first=number << 40)

    found = _each(spark, one, list(enumerate(files)))
    described = tuple(file for raw in found for file in raw.files)
    path = folder / "raw.parquet"
    on_spark.join([raw.sales for raw in found], path, batches.told(described, checksums))
    return batches.Raw(sales=path, files=described, rows=sum(raw.rows for raw in found))


def _each(spark: on_spark.Spark, do: Callable[..., Done], given: Sequence[object]) -> list[Done]:
    """What workers have done with each. Their errors would not be told from errors of Spark."""

    def done(one: object) -> Done | SourceError:
        try:
            return do(one)
        except SourceError as error:
            return error

    found = spark.each(done, given)
    for each in found:
        if isinstance(each, SourceError):
            raise each
    return found  # type: ignore[return-value]  # no errors any more
