"""`house-prices mirror`: bring an MLflow tracking server up to date."""

import click

from house_prices.cli.home import Home, market_option, pass_home


@click.command()
@market_option
@click.option("--uri", envvar="MLFLOW_TRACKING_URI", required=True, help="The tracking server's address.")
@pass_home
def mirror(home: Home, market: str | None, uri: str) -> None:
    """Mirror every version of a market, the gate's decisions and the champion into MLflow."""
    from house_prices.monitoring import mlflow_mirror

    added = mlflow_mirror.mirror(home.registry, home.known(market), uri)
    click.echo(f"{uri}: added {', '.join(map(str, added)) or 'no version'}; the alias follows the champion")
