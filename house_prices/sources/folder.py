"""Sales in a folder of this machine, or in those of its files that match a pattern."""

from pathlib import Path

from house_prices.errors import SourceError
from house_prices.sales import files
from house_prices.sources.delivery import Delivery

RAW = "raw/"
"""The folder beside the contract, for a market that names no other."""


def deliver(market: Path, url: str) -> Delivery:
    """The files themselves."""
    found = _found(market, url)
    return Delivery(files=found.sales, stamp=_stamp(found.sales), left=found.left)


def stamp(market: Path, url: str) -> str:
    """Names, sizes and times of the files."""
    return _stamp(_found(market, url).sales)


def place(market: Path, url: str) -> Path:
    """The folder or pattern that a URL means: relative ones begin beside the contract."""
    return market / (url.removeprefix("file://") or RAW)


def _found(market: Path, url: str) -> files.Found:
    where = place(market, url)
    if where.is_dir() or not url:
        return files.find(where)
    found = files.find(where.parent, where.name)
    if not found.sales:
        raise SourceError(f"[source] url: {where} is no folder, and no file of sales matches it.")
    return found


def _stamp(found: tuple[Path, ...]) -> str:
    stats = [(path.name, path.stat()) for path in found]
    return " ".join(f"{name}:{stat.st_size}:{stat.st_mtime_ns}" for name, stat in stats)
