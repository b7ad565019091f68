"""Resources: the project's folders, the inference server, and how values are stored between assets."""

import os
import pickle
import shutil
from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd
from upath import UPath

from house_prices.contract.schema import Contract
from house_prices.orchestration import private_files
from house_prices.registry import Registry
from house_prices.sales import beyond_memory


class Folders(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The project's folders, below its home."""

    home: str
    """The folder with `data/` and `storage/`."""

    def market(self, name: str) -> Path:
        """The folder of a market's contract."""
        return Path(self.home, "data", name)

    @contextmanager
    def work(self, market: str, step: str) -> Iterator[Path]:
        """An empty folder for what a step cannot hold in memory. A step that ends leaves its result there."""
        folder = Path(self.home, "storage", "work", market, step)
        shutil.rmtree(folder, ignore_errors=True)  # of a run that was killed
        folder.mkdir(parents=True)
        try:
            yield folder
        except BaseException:
            shutil.rmtree(folder)
            raise

    def rejects(self, market: str) -> Path:
        """The sales that the newest cleaning rejected, with their reasons."""
        return Path(self.home, "storage", "rejects", f"{market}.csv")

    def houses(self, market: str) -> Path:
        """Tables of houses to price."""
        return Path(self.home, "data", market, "houses")

    def scored(self, market: str) -> Path:
        """Those tables with their prices."""
        return Path(self.home, "storage", "scored", market)

    def mirrored(self, market: str) -> Path:
        """What MLflow has of the registry."""
        return Path(self.home, "storage", "mlflow", market)

    def drift(self, market: str) -> Path:
        """Pictures of what has drifted."""
        return Path(self.home, "storage", "drift", market)

    def predictions(self, market: str) -> Path:
        """The prediction log that servers write."""
        return Path(self.home, "storage", "predictions", market)

    def served(self, market: str) -> Path:
        """The predictions that were moved from there."""
        return Path(self.home, "storage", "served", market)

    @property
    def registry(self) -> Registry:
        """The model registry."""
        return Registry(Path(self.home, "storage", "models"))


class InferenceServer(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The running inference server."""

    address: str
    """Host and port; empty if none is configured."""
    front_door: str
    """Where its page is, such as http://localhost:8080."""

    def card(self, contract: Contract, version: int) -> str:
        """The address of a version's model card."""
        return f"{self.front_door}/v{contract.api_version}/{contract.name}:card?version={version}"


class _WholeFiles(dg.UPathIOManager):
    """A file for each asset, replaced atomically: no run reads what another has half written."""

    def dump_to_path(self, context: dg.OutputContext, obj: Any, path: UPath) -> None:
        beside = Path(f"{path}.{context.run_id}")
        try:
            self.write(obj, beside)
            os.replace(beside, str(path))
        finally:
            beside.unlink(missing_ok=True)

    @abstractmethod
    def write(self, value: Any, path: Path) -> None:
        """Write a value to a new file."""


class _Parquet(_WholeFiles):
    extension = ".parquet"

    def write(self, value: pd.DataFrame, path: Path) -> None:
        value.to_parquet(path, index=False)

    def load_from_path(self, context: dg.InputContext, path: UPath) -> pd.DataFrame:  # noqa: ARG002
        # Column by column: one block of all columns would be copied anew by every step.
        return pd.read_parquet(str(path), engine="pyarrow", to_pandas_kwargs={"split_blocks": True})


class _File(_WholeFiles):
    """A Parquet file, written in a folder for work, takes the place of the last, and is read by its path."""

    extension = ".parquet"

    def write(self, value: Path, path: Path) -> None:
        os.replace(value, path)
        shutil.rmtree(value.parent)

    def load_from_path(self, context: dg.InputContext, path: UPath) -> Path:  # noqa: ARG002
        return Path(str(path))


class _Sample(_File):
    """Of such a file, as many sales as fit into memory."""

    def load_from_path(self, context: dg.InputContext, path: UPath) -> Any:  # noqa: ARG002
        return beyond_memory.sample(Path(str(path)))


class _Pickle(_WholeFiles):
    extension = ".pickle"

    def write(self, value: object, path: Path) -> None:
        private_files.make_private(path, Path(str(self._base_path)))
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(handle, "wb") as file:
            pickle.dump(value, file)

    def load_from_path(self, context: dg.InputContext, path: UPath) -> Any:
        private_files.require_private(Path(str(path)), Path(str(self._base_path)))
        try:
            return pickle.loads(path.read_bytes())  # noqa: S301  # nobody else can have written it
        except (AttributeError, ImportError) as error:
            asset = context.asset_key.to_user_string()
            raise dg.Failure(
                f"{asset} was stored by another release of this package. Materialize it again."
            ) from error


class ParquetIOManager(dg.ConfigurableIOManagerFactory):  # type: ignore[type-arg]
    """Frames as Parquet files below a folder."""

    folder: str

    def create_io_manager(self, context: dg.InitResourceContext) -> _Parquet:  # noqa: ARG002
        """The manager for one run."""
        return _Parquet(base_path=UPath(self.folder))


class FileIOManager(dg.ConfigurableIOManagerFactory):  # type: ignore[type-arg]
    """Parquet files below a folder that their assets have written, by their paths, or a sample of each."""

    folder: str
    sampled: bool

    def create_io_manager(self, context: dg.InitResourceContext) -> _File:  # noqa: ARG002
        """The manager for one run."""
        return (_Sample if self.sampled else _File)(base_path=UPath(self.folder))


class PickleIOManager(dg.ConfigurableIOManagerFactory):  # type: ignore[type-arg]
    """Anything else as pickle files below a folder. They pass from one asset to the next and no further."""

    folder: str

    def create_io_manager(self, context: dg.InitResourceContext) -> _Pickle:  # noqa: ARG002
        """The manager for one run."""
        return _Pickle(base_path=UPath(self.folder))
