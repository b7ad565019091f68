"""The heads of the audit logs that Dagster keeps, for a command; or why there are none to be had."""

import importlib.util
import os
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from house_prices.cli.home import Home
from house_prices.errors import PromotionRefused
from house_prices.registry import Head

if TYPE_CHECKING:
    from dagster import DagsterInstance


class AuditHeads:
    """Dagster's heads of every market, or none."""

    def __init__(self, home: Home, instance: "DagsterInstance | None", why: str = "") -> None:
        self._registry = home.registry
        self._instance = instance
        self._why = why

    def kept(self, market: str) -> list[Head]:
        """The heads of a market, oldest first."""
        if self._instance is None:
            return []
        from house_prices.orchestration import audit_heads

        return audit_heads.kept(self._instance, market)

    def keep(self, market: str) -> None:
        """Keep the head of a log that has changed. Without Dagster, its sensor does that later."""
        if self._instance is not None:
            from house_prices.orchestration import audit_heads

            audit_heads.keep(self._instance, self._registry, market)

    def count(self, market: str) -> str:
        """How many heads the log was compared with."""
        if self._instance is None:
            return f"not compared with Dagster: {self._why}"
        return f"compared with {len(self.kept(market))} heads of the log in Dagster"

    def require(self, market: str) -> None:
        """Raise PromotionRefused if the log lacks a line that Dagster knows of."""
        if faults := self._registry.missing_heads(market, self.kept(market)):
            raise PromotionRefused(f"{faults[0]} See `house-prices models verify`")


@contextmanager
def audit_heads_of(home: Home) -> Iterator[AuditHeads]:
    """The heads in the Dagster instance of the project's folder, or else of DAGSTER_HOME."""
    places = (home.path, Path(os.environ.get("DAGSTER_HOME", home.path)))
    folder = next((place for place in places if (place / "dagster.yaml").is_file()), home.path)
    if importlib.util.find_spec("dagster") is None:
        yield AuditHeads(home, None, "it is not installed here")
        return
    if not (folder / "dagster.yaml").is_file():
        yield AuditHeads(home, None, f"there is no {folder}/dagster.yaml")
        return
    from dagster import DagsterInstance

    with chdir(home.path):  # paths in dagster.yaml are relative to the folder that it is started in
        try:
            instance = DagsterInstance.from_config(str(folder))
        except OSError as error:
            yield AuditHeads(home, None, f"its records cannot be opened: {error}")
            return
        with instance:
            yield AuditHeads(home, instance)
