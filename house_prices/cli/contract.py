"""`house-prices contract`: check contracts, and draft one from a file."""

from pathlib import Path

import click

from house_prices.cli.home import Home, market_option, pass_home
from house_prices.errors import ContractError


@click.group()
def contract() -> None:
    """Check contracts, and draft one from a file."""


@contract.command()
@market_option
@pass_home
def check(home: Home, market: str | None) -> None:
    """List every fault of every contract at once."""
    from house_prices.training import estimators

    faulty = 0
    for name in [home.known(market)] if market else home.markets:
        try:
            read = home.contract(name)
            estimators.check(read)
        except ContractError as error:
            faulty += 1
            click.echo(str(error), err=True)
            continue
        count = f"{len(read.numbers)} numbers and {len(read.categories)} categories"
        click.echo(f"{name}: fine, {count}, digest {read.digest[:12]}")
    if faulty:
        raise click.ClickException(f"{faulty} of the contracts cannot be used.")


@contract.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--target", required=True, help="Header of the column with the price.")
@click.option("--market", help="Name of the market.  [default: its folder's, or the file's]")
@click.option("--out", type=click.Path(path_type=Path), help="Where to write the draft; it must not exist.")
def infer(file: Path, target: str, market: str | None, out: Path | None) -> None:
    """Draft a contract from a file of sales, for a person to read and correct."""
    from house_prices import contract_draft
    from house_prices.contract_draft import market as folders

    text = contract_draft.draft(file, target, market or folders.name(file, out))
    if out is None:
        click.echo(text, nl=False)
        return
    if out.exists():
        raise click.UsageError(f"{out} exists. Remove it, or name another file.")
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(text, encoding="utf-8")
    click.echo(f"Drafted {out}. Read it, correct it, then: house-prices contract check")
