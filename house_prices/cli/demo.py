"""`house-prices demo`: from raw sales to a served price, with every step real."""

import os
import shlex
import time
from typing import TYPE_CHECKING

import click

from house_prices.cli import up
from house_prices.cli.alive import alive
from house_prices.cli.home import Home, pass_home
from house_prices.cli.processes import Processes, free_port
from house_prices.cli.text import amount
from house_prices.contract.schema import Contract, Value, plain
from house_prices.registry import Champion, ModelVersion

if TYPE_CHECKING:
    from inference_server.client import Prices

ANSWER_SECONDS = 30


@click.command()
@click.option("--market", default="halfmil", envvar="HOUSE_PRICES_MARKET", help="A folder below data/.")
@pass_home
def demo(home: Home, market: str) -> None:
    """Train, evaluate, promote and serve a market's model, and ask it for a price."""
    started = time.monotonic()
    contract = home.contract(home.known(market))
    os.environ.update(up.environment(home))
    os.chdir(home.path)
    _say(contract.title)
    _ensure_sales(home, contract)
    with up.children(home) as processes:
        port = free_port()
        processes.start("demo-server", [*up.server_command(home, port), "--metrics-port", "off"])
        _say("Materializing every asset in Dagster")
        version = _train(home, contract)
        _say("Evaluating the promotion sensor")
        with alive("  Deciding"):
            champion = _promote(home, contract)
        click.echo(f"  version {champion.version} promoted by {champion.by}: {champion.reason}")
        _say(f"Asking the inference server on port {port}")
        _ask(contract, version, port, processes)
    _say(f"Done in {time.monotonic() - started:.0f} s. Where to look next")
    click.echo(
        f"  make up                          Dagster's UI on http://localhost:3000, and the server\n"
        f"  house-prices models list         every version; models show --market {market} for one\n"
        f"  house-prices predict --help      ask the server that `make up` starts\n"
        f"  storage/rejects/{market}.csv    the rejected sales, with reasons"
    )


def _say(title: str) -> None:
    click.secho(f"\n{title}", bold=True)


def _ensure_sales(home: Home, contract: Contract) -> None:
    from house_prices import sources
    from house_prices.sales import halfmil, read

    market = home.data / contract.name
    raw = market / "raw"
    if contract.name == "halfmil" and contract.source.kind == "folder" and not read.paths(raw):
        click.echo(f"  no sales file yet: generating {halfmil.ROWS} sales with the dataset's formula")
        raw.mkdir(parents=True, exist_ok=True)
        with alive("  Generating sales"):
            halfmil.write(raw / halfmil.FILE_NAME, halfmil.ROWS, 0)
    click.echo(f"  {sources.address(contract, market)}")


def _train(home: Home, contract: Contract) -> ModelVersion:
    """Run the training job in this process, with the project's own Dagster instance."""
    from house_prices.cli.training import train

    number = train(home, contract)
    return home.registry.version(contract.name, number)


def _promote(home: Home, contract: Contract) -> Champion:
    """Do what the daemon does: evaluate the promotion sensor, and run what it asks for."""
    from house_prices.cli.training import promote

    return promote(home, contract)


def _ask(contract: Contract, version: ModelVersion, port: int, processes: Processes) -> None:
    from house_prices.evaluation import bad_requests

    house = dict(contract.example) or bad_requests.sound_house(version.manifest)
    click.echo("  " + shlex.join(f"{name}={_written(value)}" for name, value in house.items()))
    answer = _answer(contract, house, version, port, processes)
    click.secho(
        f"  {amount(answer.prices[0].value, contract.target.unit)}, by version {answer.model_version}",
        bold=True,
    )


def _written(value: Value) -> str:
    if isinstance(value, float):
        return plain(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _answer(
    contract: Contract, house: dict[str, Value], version: ModelVersion, port: int, processes: Processes
) -> "Prices":
    """The server's response, once it serves the version."""
    from inference_server.client import Client, ClientError

    end = time.monotonic() + ANSWER_SECONDS
    problem = "it still serves an older version"
    with Client(f"127.0.0.1:{port}", contracts=[contract]) as client:
        while time.monotonic() < end:
            try:
                answer = client.predict(contract.name, [house])
                if int(answer.model_version) >= version.number:
                    return answer
            except ClientError as error:
                problem = str(error)
            if ended := processes.ended():
                raise click.ClickException(ended)
            time.sleep(0.05)
    raise click.ClickException(f"No price from version {version.number} within {ANSWER_SECONDS} s: {problem}")
