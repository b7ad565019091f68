"""`house-prices predict`: ask a running server for prices."""

import csv
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TextIO

import click

from house_prices.cli.connection import Connection, connection_options
from house_prices.cli.home import Home, market_option, pass_home
from house_prices.contract.schema import Contract, Feature, Value
from inference_server.client import Client, ClientError, Price, Prices

BATCH = 1000
"""Houses of a CSV file that are asked for in one request."""

_WORDS = {
    "1": True,
    "true": True,
    "yes": True,
    "y": True,
    "0": False,
    "false": False,
    "no": False,
    "n": False,
}

House = dict[str, Value | None]


@click.command()
@market_option
@click.argument("features", nargs=-1, metavar="[FEATURE=VALUE]...")
@click.option("--json", "json_file", type=click.File(), help="A house or a list of houses; - is stdin.")
@click.option("--csv", "csv_file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), help="Where --csv puts its rows with their prices.")
@connection_options
@pass_home
def predict(
    home: Home,
    market: str | None,
    features: Sequence[str],
    json_file: TextIO | None,
    csv_file: Path | None,
    out: Path | None,
    connection: Connection,
) -> None:
    """Ask for the price of one house (area=120 garage=1 ...), of those in a JSON, or in a CSV file.

    A CSV file has the features' names or the raw headers in its first line.
    """
    if sum((bool(features), json_file is not None, csv_file is not None)) != 1:
        raise click.UsageError("Give one of FEATURE=VALUE pairs, --json FILE, or --csv IN --out OUT.")
    if (csv_file is None) != (out is None):
        raise click.UsageError("--csv IN and --out OUT go together.")
    contract = home.contract(home.known(market))
    try:
        with connection.client(contract) as client:
            if csv_file and out:
                _price_csv(client, contract, csv_file, out)
            elif json_file:
                houses = _from_json(json_file)
                click.echo(json.dumps(_answer(client.predict(contract.name, houses), contract), indent=2))
            else:
                answer = client.predict(contract.name, [_from_pairs(features, contract)])
                click.echo(_sentence(answer, contract))
    except ClientError as error:
        raise click.ClickException(str(error)) from error


def _from_pairs(pairs: Sequence[str], contract: Contract) -> House:
    texts = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals:
            raise click.UsageError(f"came {pair!r}, allowed: FEATURE=VALUE")
        texts[name] = text
    return _typed(texts, contract, where="")


def _from_json(file: TextIO) -> list[House]:
    try:
        values = json.load(file)
    except ValueError as error:
        raise click.ClickException(f"{file.name} is not JSON: {error}") from error
    houses = values.get("houses", [values]) if isinstance(values, dict) else values
    if not isinstance(houses, list) or not all(isinstance(house, dict) for house in houses):
        raise click.ClickException(f"{file.name}: allowed: a house as an object, or a list of them.")
    return houses


def _typed(texts: dict[str, str], contract: Contract, where: str) -> House:
    """The values of one house, from texts by feature name; an empty text is a value not known."""
    known = {feature.name: feature for feature in contract.features}
    house: House = {}
    for name, text in texts.items():
        if name not in known:
            raise click.ClickException(f"{where}{name} is no feature of {contract.name}: {', '.join(known)}")
        try:
            house[name] = _value(known[name], text.strip()) if text.strip() else None
        except (ValueError, KeyError) as error:
            raise click.ClickException(
                f"{where}{name}: came {text!r}, allowed: {known[name].allowed}"
            ) from error
    return house


def _value(feature: Feature, text: str) -> Value:
    if feature.kind == "category":
        return text
    return _WORDS[text.lower()] if feature.kind == "flag" else float(text)


def _price_csv(client: Client, contract: Contract, source: Path, out: Path) -> None:
    """Copy the file with prices added. `out` is there only once every row has its price."""
    beside = out.with_name(f".{out.name}.{os.getpid()}")
    count = 0
    try:
        with source.open(encoding="utf-8-sig", newline="") as file, beside.open("w", newline="") as copy:
            rows = csv.DictReader(file)
            added = ["price", "lower", "upper", "warnings", "model_version"]
            writer = csv.DictWriter(
                copy, [*(rows.fieldnames or ()), *(f"predicted_{name}" for name in added)]
            )
            writer.writeheader()
            for first, batch in _batches(rows):
                houses = [
                    _house_of_row(row, contract, f"line {first + at}: ") for at, row in enumerate(batch)
                ]
                answer = client.predict(contract.name, houses)
                for row, price in zip(batch, answer.prices, strict=True):
                    writer.writerow(row | _cells(price, answer.model_version))
                count += len(batch)
        os.replace(beside, out)
    finally:
        beside.unlink(missing_ok=True)
    click.echo(f"Wrote {count} prices to {out}.")


def _batches(rows: "csv.DictReader[str]") -> Iterator[tuple[int, list[dict[str, Any]]]]:
    """Rows by the batch, each batch with the line of its first row."""
    batch: list[dict[str, Any]] = []
    for line, row in enumerate(rows, start=2):
        batch.append(row)
        if len(batch) == BATCH:
            yield line - BATCH + 1, batch
            batch = []
    if batch:
        yield line - len(batch) + 1, batch


def _house_of_row(row: dict[str, str | None], contract: Contract, where: str) -> House:
    texts = {}
    for feature in contract.features:
        text = row.get(feature.name, row.get(feature.column))
        if text is not None:
            texts[feature.name] = text
    return _typed(texts, contract, where)


def _cells(price: Price, version: str) -> dict[str, Any]:
    return {
        "predicted_price": price.value,
        "predicted_lower": price.lower,
        "predicted_upper": price.upper,
        "predicted_warnings": "; ".join(price.warnings),
        "predicted_model_version": version,
    }


def _answer(answer: Prices, contract: Contract) -> dict[str, Any]:
    predictions = [
        {"price": price.value, "lower": price.lower, "upper": price.upper, "warnings": list(price.warnings)}
        for price in answer.prices
    ]
    return {"market": contract.name, "unit": contract.target.unit, "model_version": answer.model_version} | {
        "predictions": predictions
    }


def _sentence(answer: Prices, contract: Contract) -> str:
    (price,) = answer.prices
    lines = [
        f"{price.value:,.2f} {contract.target.unit}, by version {answer.model_version} of {contract.name}"
    ]
    if price.lower is not None and price.upper is not None:
        lines.append(f"between {price.lower:,.2f} and {price.upper:,.2f}")
    return "\n".join([*lines, *(f"warning: {warning}" for warning in price.warnings)])
