"""Where things are kept: the project's folders, and how frames are stored between assets."""

import os
from pathlib import Path

import dagster as dg
import pandas as pd
from upath import UPath

from house_prices.registry import Registry


class Folders(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The project's folders, below its home."""

    home: str
    """The folder with `data/` and `storage/`."""

    def raw(self, market: str) -> Path:
        """A market's raw sales."""
        return Path(self.home, "data", market, "raw")

    def rejects(self, market: str) -> Path:
        """The sales that the newest cleaning refused, with their reasons."""
        return Path(self.home, "storage", "rejects", f"{market}.csv")

    @property
    def registry(self) -> Registry:
        """The model registry."""
        return Registry(Path(self.home, "storage", "models"))


class _ParquetIOManager(dg.UPathIOManager):
    """A pandas frame as a Parquet file. A file is replaced at once, never half written."""

    extension = ".parquet"

    def dump_to_path(self, context: dg.OutputContext, obj: pd.DataFrame, path: UPath) -> None:
        beside = Path(f"{path}.{context.run_id}")
        obj.to_parquet(beside, index=False)
        os.replace(beside, str(path))

    def load_from_path(self, context: dg.InputContext, path: UPath) -> pd.DataFrame:  # noqa: ARG002
        return pd.read_parquet(str(path))


class ParquetIOManager(dg.ConfigurableIOManagerFactory):  # type: ignore[type-arg]
    """Frames as Parquet files below a folder."""

    folder: str

    def create_io_manager(self, context: dg.InitResourceContext) -> _ParquetIOManager:  # noqa: ARG002
        """The manager for one run."""
        return _ParquetIOManager(base_path=UPath(self.folder))
