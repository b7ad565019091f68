"""Sales that do not fit into memory, read, cleaned and split in files: the same sales in the same parts.

Whatever one row tells by itself is found in batches, by the functions that work in memory. What only all
sales together tell is asked of an engine, in SQL. Each step writes into an empty folder of its caller's.
"""

from house_prices.sales.beyond_memory.batches import Raw
from house_prices.sales.beyond_memory.cleaning import Cleaned, clean, rejects
from house_prices.sales.beyond_memory.engine import Engine, started
from house_prices.sales.beyond_memory.reading import read
from house_prices.sales.beyond_memory.samples import frames, sample
from house_prices.sales.beyond_memory.splitting import Parted, split

__all__ = [
    "Cleaned",
    "Engine",
    "Parted",
    "Raw",
    "clean",
    "frames",
    "read",
    "rejects",
    "sample",
    "split",
    "started",
]
