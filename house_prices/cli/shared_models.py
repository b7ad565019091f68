"""`house-prices models push` and `follow`: a registry for servers on other machines, by object storage."""

import time
from collections.abc import Callable
from pathlib import Path

import click

from house_prices.cli.home import Home, pass_home
from house_prices.errors import StoreError

every_option = click.option(
    "--every", type=click.FloatRange(min=0.1), help="Seconds; go on until Ctrl-C.  [default: once]"
)


@click.command()
@click.argument("url")
@every_option
@pass_home
def push(home: Home, url: str, every: float | None) -> None:
    """Write champions, pins and their versions to URL, such as s3://bucket/models, if they have changed.

    The storage needs conditional writes; that is tried first.
    """
    from house_prices.stores import pushing
    from house_prices.stores.objects import Objects

    bucket = Objects(url)
    pushing.require_conditional_writes(bucket)

    def look() -> None:
        for market in home.registry.markets():
            if pushing.push(home.registry, market, bucket):
                champion = home.registry.champion(market)
                click.echo(f"{market}: pushed, version {champion.version if champion else 'none'} serves")

    _repeat(look, every)


@click.command()
@click.argument("url")
@click.option(
    "--into",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="The folder that servers read, with `inference-server --models`.",
)
@every_option
def follow(url: str, into: Path, every: float | None) -> None:
    """Bring what was pushed to URL into a folder, for the servers of this machine."""
    from house_prices.stores.following import Follower
    from house_prices.stores.objects import Objects

    follower = Follower(Objects(url), into)

    def look() -> None:
        for market in follower.markets():
            if version := follower.follow(market):
                click.echo(f"{market}: version {version} serves")

    _repeat(look, every)


def _repeat(look: Callable[[], None], every: float | None) -> None:
    """Look once, or again and again whatever the storage answers; each trouble is told once."""
    if every is None:
        return look()
    told = ""
    while True:
        try:
            look()
            told = ""
        except (StoreError, OSError) as error:
            if str(error) != told:
                told = str(error)
                click.echo(told, err=True)
        time.sleep(every)
