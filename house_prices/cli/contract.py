"""`house-prices contract`: check contracts, and draft one from a file."""

from pathlib import Path

import click

from house_prices.cli.home import Home, json_option, market_option, pass_home
from house_prices.cli.text import as_json
from house_prices.errors import ContractError


@click.group()
def contract() -> None:
    """Check contracts, and draft one from a file."""


@contract.command()
@market_option
@json_option
@pass_home
def check(home: Home, market: str | None, is_json: bool) -> None:
    """List every fault of every contract at once."""
    from house_prices.training import estimators

    found: dict[str, str] = {}
    faults = {}
    for name in [home.known(market)] if market else home.markets:
        try:
            read = home.contract(name)
            estimators.check(read)
        except ContractError as error:
            faults[name] = str(error)
            continue
        count = f"{len(read.numbers)} numbers and {len(read.categories)} categories"
        found[name] = f"fine, {count}, digest {read.digest[:12]}"
    if is_json:
        click.echo(as_json({"fine": found, "faults": faults}))
    else:
        for name, told in found.items():
            click.echo(f"{name}: {told}")
        for fault in faults.values():
            click.echo(fault, err=True)
    if faults:
        raise click.ClickException(f"{len(faults)} of the contracts cannot be used.")


@contract.command()
@click.argument("file")
@click.option("--target", required=True, help="Header of the column with the price.")
@click.option("--query", default="", help="SQL that selects the sales, if FILE is the URL of a database.")
@click.option("--market", help="Name of the market.  [default: its folder's, or the file's]")
@click.option("--out", type=click.Path(path_type=Path), help="Where to write the draft; it must not exist.")
def infer(file: str, target: str, query: str, market: str | None, out: Path | None) -> None:
    """Draft a contract from sales, for a person to read and correct.

    FILE is a file of sales, or the URL of a source such as s3://bucket/sales.csv.
    """
    from house_prices import contract_draft
    from house_prices.contract_draft import market as folders

    if out and out.exists():
        raise click.UsageError(f"{out} exists. Remove it, or name another file.")
    if "://" in file:
        text = _of_source(file, query, target, market or folders.name(None, out), out)
    else:
        path = Path(file)
        if not path.is_file():
            raise click.UsageError(f"{file} is no file.")
        text = contract_draft.draft(path, target, market or folders.name(path, out))
    if out is None:
        click.echo(text, nl=False)
        return
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(text, encoding="utf-8")
    click.echo(f"Drafted {out}. Read it, correct it, then: house-prices contract check")


def _of_source(url: str, query: str, target: str, market: str | None, out: Path | None) -> str:
    from house_prices import contract_draft, sources
    from house_prices.contract import reader

    source = reader.source({"url": url, "query": query})
    with sources.delivery_of(source, out.parent if out else Path()) as delivery:
        return contract_draft.draft(delivery.files[0], target, market, source)
