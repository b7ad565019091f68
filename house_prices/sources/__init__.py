"""Where a market's sales come from: a folder, object storage, or a query of a database.

Each kind of source brings its sales as files on this machine, which `sales.read` then reads by the contract.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from house_prices.contract.schema import Contract, Source
from house_prices.progress import Tell, silent
from house_prices.sales import read
from house_prices.sources import folder
from house_prices.sources.delivery import Delivery

__all__ = ["Delivery", "address", "delivered", "delivery_of", "sales", "stamp"]


@contextmanager
def delivered(contract: Contract, market: Path) -> Iterator[Delivery]:
    """The sales of a market as files, which stay for as long as the context does.

    `market` is the folder of its contract. Raises SourceError where they cannot be had, and
    SourceUnavailable where another try may have them.
    """
    with delivery_of(contract.source, market, contract.decimal) as delivery:
        yield delivery


@contextmanager
def delivery_of(source: Source, market: Path, decimal: str = ".") -> Iterator[Delivery]:
    """The same for a source without its contract."""
    if source.kind == "folder":
        yield folder.deliver(market, source.url)
        return
    with TemporaryDirectory(prefix="sales-") as into:
        if source.kind == "database":
            from house_prices.sources import database

            yield database.deliver(source, market, Path(into), decimal)
        else:
            from house_prices.sources import objects

            yield objects.deliver(source.url, Path(into))


def sales(contract: Contract, market: Path, tell: Tell = silent) -> read.RawSales:
    """Every sale of a market, as it was written."""
    with delivered(contract, market) as delivery:
        return read.read(delivery.files, contract, tell)


def stamp(contract: Contract, market: Path) -> str:
    """A text that changes when the source does. Of a database this costs as much as reading it."""
    source = contract.source
    if source.kind == "folder":
        return folder.stamp(market, source.url)
    if source.kind == "objects":
        from house_prices.sources import objects

        return objects.stamp(source.url)
    with delivered(contract, market) as delivery:
        return delivery.stamp


def address(contract: Contract, market: Path) -> str:
    """Where the sales come from, for a person to read."""
    source = contract.source
    return str(folder.place(market, source.url)) if source.kind == "folder" else source.url
