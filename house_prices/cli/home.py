"""The project's folder, and the options that every command shares."""

import os
from difflib import get_close_matches
from pathlib import Path

import click

from house_prices.contract import reader
from house_prices.contract.schema import Contract
from house_prices.registry import Registry


class Home:
    """The project's folder."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.data = path / "data"
        self.storage = path / "storage"
        self.models = path / "storage" / "models"
        self.protos = path / "protos"
        self.logs = path / "storage" / "logs"

    @property
    def registry(self) -> Registry:
        """The model registry."""
        return Registry(self.models)

    @property
    def markets(self) -> list[str]:
        """Markets with a contract, by name."""
        return sorted(path.parent.name for path in self.data.glob("*/contract.toml"))

    def contract(self, market: str) -> Contract:
        """A market's contract. Ends the command where there is no such market."""
        return reader.read(self.data / self.known(market) / "contract.toml")

    def sound_contracts(self) -> list[Contract]:
        """The contracts that can be used. What is wrong with the others is told on stderr."""
        contracts, broken = reader.read_each(self.data)
        for error in broken.values():
            click.echo(str(error), err=True)
        return list(contracts.values())

    def known(self, market: str | None) -> str:
        """The market that was asked for, or the only one there is."""
        if market is None and len(self.markets) == 1:
            return self.markets[0]
        if market not in self.markets:
            came = "is missing" if market is None else f"came {market!r}"
            known = ", ".join(self.markets) or f"none; write {self.data}/<market>/contract.toml"
            close = get_close_matches(market or "", self.markets, n=1)
            meant = f" Did you mean {close[0]}?" if close else ""
            raise click.UsageError(f"--market {came}. Markets: {known}.{meant}")
        return market


pass_home = click.make_pass_decorator(Home)


def _markets(context: click.Context, _parameter: click.Parameter, begun: str) -> list[str]:
    """For a shell's completion, which has no Home yet."""
    home = context.find_root().params.get("home") or os.environ.get("HOUSE_PRICES_HOME", ".")
    return [market for market in Home(Path(home)).markets if market.startswith(begun)]


market_option = click.option(
    "--market",
    envvar="HOUSE_PRICES_MARKET",
    help="A folder below data/.  [default: the only one]",
    shell_complete=_markets,
)
json_option = click.option("--json", "is_json", is_flag=True, help="Print JSON, for programs.")
