"""Cleaning and splitting sales that do not fit into memory: the same sales in the same parts, by DuckDB."""

from house_prices.sales.beyond_memory.engine import Prepared, prepare

__all__ = ["Prepared", "prepare"]
