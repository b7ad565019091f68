"""`house-prices score`: price a table of houses of any length, without a server."""

from pathlib import Path

import click

from house_prices.cli.home import Home, market_option, pass_home


@click.command()
@market_option
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option("--out", required=True, help="A new folder, or one in object storage: s3://bucket/scored.")
@click.option("--version", type=int, help="A published version.  [default: the champion]")
@pass_home
def score(home: Home, market: str | None, files: tuple[Path, ...], out: str, version: int | None) -> None:
    """Price every house in FILES as the server would, a piece at a time, into Parquet files below --out.

    Files may be CSV, TSV, Parquet or Excel, with the features' names or the raw headers. A row that the
    server would refuse stays there with the reason. Run the command again to go on after an interruption.
    """
    from house_prices import stores
    from house_prices.monitoring import batch

    store = stores.at(out)
    scored = batch.score(home.registry, home.known(market), files, store, version)
    click.echo(
        f"{store}: {scored.rows} rows by version {scored.version} of {scored.market}, "
        f"{scored.refused} refused, {scored.with_warnings} with warnings"
    )
