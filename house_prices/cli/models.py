"""`house-prices models`: what is published, what serves, and a person's say in it."""

import getpass
import json

import click

from house_prices.cli.home import Home, market_option, pass_home
from house_prices.errors import PromotionRefused
from house_prices.registry import IN_LIFE
from house_prices.registry.verify import verify as faults_of


@click.group()
def models() -> None:
    """Look at published models; promote, reject or pin one, or roll back."""


@models.command("list")
@market_option
@pass_home
def list_(home: Home, market: str | None) -> None:
    """Every version with the gate's decision. A star marks the champion, a plus a pinned version."""
    for name in [home.known(market)] if market else home.registry.markets():
        champion = home.registry.champion(name)
        pinned = home.registry.pinned(name)
        decisions = home.registry.decisions(name)
        click.echo(name)
        for number in home.registry.versions(name):
            manifest = home.registry.version(name, number).manifest
            star = "*" if champion and champion.version == number else "+" if number in pinned else " "
            click.echo(
                f" {star} {number:>4}  {manifest.created_at[:19]}  "
                f"{manifest.training.get('estimator', 'unknown'):<24}  "
                f"{home.registry.rejection(name, number) or decisions.get(number, 'not judged')}"
            )


@models.command()
@market_option
@click.argument("version", type=int, required=False)
@pass_home
def show(home: Home, market: str | None, version: int | None) -> None:
    """One version, or the champion: where it came from and how it was judged."""
    name = home.known(market)
    found = home.registry.resolve(name, version)
    manifest = json.loads(found.manifest.to_json())
    facts = {
        "market": name,
        "version": found.number,
        "folder": str(found.folder),
        **{
            key: manifest[key]
            for key in ("sha256", "created_at", "contract_digest", "training", "data", "lineage")
        },
        "in_life": json.loads((found.folder / IN_LIFE).read_bytes())
        if (found.folder / IN_LIFE).is_file()
        else None,
        "history": [e for e in home.registry.history(name) if e.get("version") == found.number],
    }
    click.echo(json.dumps(facts, indent=2, ensure_ascii=False))


@models.command()
@market_option
@click.argument("version", type=int, required=False)
@pass_home
def report(home: Home, market: str | None, version: int | None) -> None:
    """The path of the model card of a version, or of the champion."""
    name = home.known(market)
    found = home.registry.resolve(name, version)
    if not found.report.is_file():
        raise click.ClickException(
            f"{name} version {found.number} has no model card. Materialize {name}/model_card."
        )
    click.echo(found.report)


@models.command()
@market_option
@click.argument("version", type=int)
@click.option("--reason", required=True, help="Why; it is kept in the audit log.")
@click.option("--force", is_flag=True, help="Promote a version even if the gate or a person rejected it.")
@pass_home
def promote(home: Home, market: str | None, version: int, reason: str, force: bool) -> None:
    """Make a version the champion."""
    name = home.known(market)
    found = home.registry.version(name, version)
    if not force:
        try:
            home.registry.require_decision(name, version)
        except PromotionRefused as error:
            raise click.ClickException(f"{error}. To promote it anyway, add --force.") from error
    champion = home.registry.promote(
        name, version, sha256=found.manifest.sha256, by=getpass.getuser(), reason=reason, force=force
    )
    click.echo(f"{name} version {champion.version} is the champion since {champion.promoted_at}.")


@models.command()
@market_option
@click.argument("version", type=int)
@click.option("--reason", required=True, help="Why; it is kept in the audit log.")
@pass_home
def reject(home: Home, market: str | None, version: int, reason: str) -> None:
    """Reject a version, such as one that needs review: it is not to serve."""
    name = home.known(market)
    home.registry.reject(name, version, by=getpass.getuser(), reason=reason)
    click.echo(f"{name} version {version} is rejected; no sensor will promote it.")


@models.command()
@market_option
@click.argument("versions", type=int, nargs=-1)
@pass_home
def pin(home: Home, market: str | None, versions: tuple[int, ...]) -> None:
    """Have every server keep these versions loaded beside the champion; give none to unpin all."""
    name = home.known(market)
    home.registry.pin(name, versions)
    listed = ", ".join(map(str, sorted({*versions}))) or "nothing"
    click.echo(f"{name}: besides the champion and its predecessor, servers keep {listed} loaded.")


@models.command()
@market_option
@click.option("--reason", required=True, help="Why; it is kept in the audit log.")
@pass_home
def rollback(home: Home, market: str | None, reason: str) -> None:
    """Make the champion's predecessor the champion again."""
    name = home.known(market)
    champion = home.registry.rollback(name, by=getpass.getuser(), reason=reason)
    click.echo(f"{name} version {champion.version} is the champion again.")


@models.command()
@market_option
@pass_home
def verify(home: Home, market: str | None) -> None:
    """Check every model file, the champion and the audit log."""
    found = 0
    for name in [home.known(market)] if market else home.registry.markets():
        faults = faults_of(home.registry, name)
        found += len(faults)
        click.echo(f"{name}: {len(home.registry.versions(name))} versions, {len(faults) or 'no'} faults")
        for fault in faults:
            click.echo(f"  {fault}", err=True)
    if found:
        raise click.exceptions.Exit(1)


models.add_command(
    click.Command("keep", params=pin.params, callback=pin.callback, hidden=True)
)  # its former name
