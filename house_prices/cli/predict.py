"""`house-prices predict`: ask a running server for prices."""

import csv
import json
import os
import re
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from house_prices.cli import explanations
from house_prices.cli.alive import alive
from house_prices.cli.connection import Connection, connection_options
from house_prices.cli.home import Home, market_option, pass_home
from house_prices.cli.text import amount, money
from house_prices.contract.schema import Contract, Value

if TYPE_CHECKING:
    from house_prices.sales.houses import Houses, Row
    from inference_server.client import Price, Prices

BATCH = 1000
"""Houses of a CSV file that are asked for in one request."""

_ADDED = tuple(f"predicted_{name}" for name in ("price", "lower", "upper", "warnings", "model_version"))
_MOST_FAULTS = 20

House = dict[str, Value | None]
Ask = Callable[[Sequence[House]], "Prices"]
"""Asks the server for the prices of houses."""


def _features(context: click.Context, _parameter: click.Parameter, begun: str) -> list[str]:
    """For a shell's completion."""
    root = context.find_root().params.get("home") or os.environ.get("HOUSE_PRICES_HOME", ".")
    home = Home(Path(root))
    market = context.params.get("market") or (home.markets[0] if len(home.markets) == 1 else None)
    if market not in home.markets:
        return []
    names = (f"{feature.name}=" for feature in home.contract(market).features)
    return [name for name in names if name.startswith(begun)]


@click.command()
@market_option
@click.argument("features", nargs=-1, metavar="[FEATURE=VALUE]...", shell_complete=_features)
@click.option("--json", "json_file", type=click.File(), help="A house or a list of houses; - is stdin.")
@click.option("--date", "valuation_date", help="Price as of this date, such as 2015-05-27.")
@click.option("--explain", is_flag=True, help="Also say what each feature contributes to the price.")
@click.option("--csv", "csv_file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), help="Where --csv puts its rows with their prices.")
@connection_options
@pass_home
def predict(
    home: Home,
    market: str | None,
    features: Sequence[str],
    json_file: TextIO | None,
    valuation_date: str | None,
    explain: bool,
    csv_file: Path | None,
    out: Path | None,
    connection: Connection,
) -> None:
    """Ask for the price of one house (area=120 garage=1 ...), of those in a JSON, or in a CSV file.

    Values are read as training reads raw sales: 1,200 or "1 200 m2" is a number too, and NA is not known.
    A CSV file (or TSV, Parquet, Excel) has the features' names or the raw headers. Nothing is written if a
    line of it cannot be priced.
    """
    from inference_server.client import ClientError

    if sum((bool(features), json_file is not None, csv_file is not None)) != 1:
        raise click.UsageError("Give one of FEATURE=VALUE pairs, --json FILE, or --csv IN --out OUT.")
    if (csv_file is None) != (out is None):
        raise click.UsageError("--csv IN and --out OUT go together.")
    if explain and csv_file is not None:
        raise click.UsageError("--explain is for houses in pairs or JSON, at most 16 at once, not for --csv.")
    contract = home.contract(home.known(market))
    try:
        with connection.client(contract) as client:
            ask = partial(client.predict, contract.name, valuation_date=valuation_date)
            why = partial(client.explain, contract.name, valuation_date=valuation_date) if explain else None
            if csv_file and out:
                _price_csv(ask, contract, csv_file, out)
            elif json_file:
                houses = _from_json(json_file)
                answer = _answer(ask(houses), contract) | (explanations.as_json(why(houses)) if why else {})
                click.echo(json.dumps(answer, indent=2))
            else:
                house = _from_pairs(features, contract)
                click.echo(_sentence(ask([house]), contract))
                for line in explanations.lines(why([house]), house) if why else ():
                    click.echo(line)
    except ClientError as error:
        raise click.ClickException(f"{error}{_hint(error.code)}") from error


def _hint(code: str) -> str:
    """What to do if no server answers."""
    return "\nIs a server running? `make up` starts one, and says when it is ready." * (code == "UNAVAILABLE")


def _from_pairs(pairs: Sequence[str], contract: Contract) -> House:
    """The values of one house, each read as the contract's files are."""
    from house_prices.sales import value

    known = {feature.name: feature for feature in contract.features}
    house: House = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals:
            raise click.UsageError(f"came {pair!r}, allowed: FEATURE=VALUE")
        if name not in known:
            close = get_close_matches(name, known, n=1)
            meant = f" Did you mean {close[0]}?" if close else ""
            raise click.ClickException(
                f"{name} is no feature of {contract.name}.{meant} Allowed: {', '.join(known)}"
            )
        if name in house:
            raise click.UsageError(f"{name} stands twice, the second time as {text!r}. Give it once.")
        house[name] = value.read(text, known[name], contract)
    return house


def _from_json(file: TextIO) -> list[House]:
    try:
        values = json.load(file)
    except ValueError as error:
        raise click.ClickException(f"{file.name} is not JSON: {error}") from error
    houses = values.get("houses", [values]) if isinstance(values, dict) else values
    if not isinstance(houses, list) or not all(isinstance(house, dict) for house in houses):
        raise click.ClickException(f"{file.name}: allowed: a house as an object, or a list of them.")
    return houses


def _price_csv(ask: Ask, contract: Contract, source: Path, out: Path) -> None:
    """Copy the file with prices added. `out` is there only once every house has its price."""
    with alive(f"Reading {source.name}"):
        houses = _load(source, contract)  # tells how to install what the next line needs
    from house_prices.sales import spreadsheet

    added = houses.free_names(_ADDED)
    beside = out.with_name(f".{out.name}.{os.getpid()}")
    count = 0
    try:
        told = alive("Asking for prices", lambda: f"{count:,} of {len(houses.rows):,} houses")
        with beside.open("w", newline="", encoding="utf-8") as copy, told:
            writer = csv.writer(copy, delimiter=houses.separator)
            writer.writerow(map(spreadsheet.text, [*houses.headers, *added]))
            for first in range(0, len(houses.rows), BATCH):
                batch = houses.rows[first : first + BATCH]
                prices = iter(_ask(ask, batch))
                for row in batch:
                    cells = [*row.cells, *(next(prices) if row.house else _no_price(row.note))]
                    writer.writerow(map(spreadsheet.text, cells))
                count += sum(row.house is not None for row in batch)
        os.replace(beside, out)
    finally:
        beside.unlink(missing_ok=True)
    click.echo(f"Wrote {count} prices to {out}.")


def _load(source: Path, contract: Contract) -> "Houses":
    try:
        from house_prices.sales import houses
    except ImportError as error:
        raise click.ClickException(
            f"--csv needs {error.name}. Install it with: pip install 'house-prices[pipeline]'"
        ) from error
    found = houses.load(source, contract)
    if found.faults:
        more = len(found.faults) - _MOST_FAULTS
        shown = [*found.faults[:_MOST_FAULTS], *([f"and {more} more"] if more > 0 else [])]
        raise click.ClickException("\n  ".join([f"{source.name}: nothing is priced", *shown]))
    return found


def _ask(ask: Ask, rows: "Sequence[Row]") -> list[list[object]]:
    """The added cells of each row that is a house."""
    from inference_server.client import ClientError

    asked = [row for row in rows if row.house is not None]
    if not asked:
        return []
    try:
        answer = ask([row.house for row in asked if row.house is not None])
    except ClientError as error:
        lines = re.sub(r"houses\[(\d+)\]", lambda found: f"line {asked[int(found[1])].line}", str(error))
        raise click.ClickException(lines) from error
    return [_cells(price, answer.model_version) for price in answer.prices]


def _cells(price: "Price", version: str) -> list[object]:
    return [price.value, price.lower, price.upper, "; ".join(price.warnings), version]


def _no_price(note: str) -> list[object]:
    return ["", "", "", note, ""]


def _answer(answer: "Prices", contract: Contract) -> dict[str, Any]:
    predictions = [
        {"price": price.value, "lower": price.lower, "upper": price.upper, "warnings": list(price.warnings)}
        for price in answer.prices
    ]
    return {"market": contract.name, "unit": contract.target.unit, "model_version": answer.model_version} | {
        "predictions": predictions
    }


def _sentence(answer: "Prices", contract: Contract) -> str:
    (price,) = answer.prices
    by = f"by version {answer.model_version} of {contract.name}"
    lines = [f"{amount(price.value, contract.target.unit)}, {by}"]
    if price.lower is not None and price.upper is not None:
        lines.append(f"between {money(price.lower)} and {money(price.upper)}")
    return "\n".join([*lines, *(f"warning: {warning}" for warning in price.warnings)])
