"""`house-prices score`: price a table of houses of any length, without a server."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import click

from house_prices.cli.alive import alive
from house_prices.cli.home import Home, market_option, pass_home


@click.command()
@market_option
@click.argument("files", nargs=-1, required=True)
@click.option("--query", default="", help="SQL that selects the houses, if FILES is the URL of a database.")
@click.option("--out", required=True, help="A new folder, or one in object storage: s3://bucket/scored.")
@click.option("--version", type=int, help="A published version.  [default: the champion]")
@click.option("--explain", is_flag=True, help="Say what each feature adds to each price, too.")
@pass_home
def score(
    home: Home,
    market: str | None,
    files: tuple[str, ...],
    query: str,
    out: str,
    version: int | None,
    explain: bool,
) -> None:
    """Price every house in FILES as the server would, a piece at a time, into Parquet files below --out.

    Files may be CSV, TSV, Parquet or Excel, with the features' names or the raw headers, or URLs such as
    s3://bucket/houses/ or postgresql://host/database. A row that the server would refuse stays there with
    the reason. Run the command again to go on after an interruption.
    """
    from house_prices import stores
    from house_prices.monitoring import batch

    store, name = stores.at(out), home.known(market)
    with alive("Pricing"), ExitStack() as kept:
        paths = [path for file in files for path in _on_this_machine(file, query, kept)]
        scored = batch.score(home.registry, name, paths, store, version, explain=explain)
    click.echo(
        f"{store}: {scored.rows} rows by version {scored.version} of {scored.market}, "
        f"{scored.refused} refused, {scored.with_warnings} with warnings"
    )


def _on_this_machine(file: str, query: str, kept: ExitStack) -> Iterator[Path]:
    """The file, or the files at a URL; `kept` removes copies in the end."""
    if "://" not in file:
        if not Path(file).is_file():
            raise click.UsageError(f"{file} is no file.")
        yield Path(file)
        return
    from house_prices import sources
    from house_prices.contract import reader

    source = reader.source({"url": file, "query": query})
    yield from kept.enter_context(sources.delivery_of(source, Path())).files
