"""`house-prices models`: what is published, what serves, and a person's say in it."""

import getpass
import json
from collections.abc import Iterator
from pathlib import Path

import click

from house_prices.cli.audit_heads import audit_heads_of
from house_prices.cli.compare import compare
from house_prices.cli.home import Home, market_option, pass_home
from house_prices.cli.shared_models import follow, push
from house_prices.cli.signatures import signed_head
from house_prices.cli.text import shown
from house_prices.errors import ModelDamaged, PromotionRefused, RegistryError
from house_prices.registry import IN_LIFE, Registry, checkpoint, reading
from house_prices.registry.verify import examine


@click.group()
def models() -> None:
    """Look at published models; promote, reject or pin one, or roll back."""


@models.command("list")
@market_option
@pass_home
def list_(home: Home, market: str | None) -> None:
    """Every version with the gate's decision. A star marks the champion, a plus a pinned version."""
    damaged = False
    for name in [home.known(market)] if market else home.registry.markets():
        click.echo(name)
        try:
            for line in _versions(home.registry, name):
                click.echo(f" {line}")
        except (OSError, RegistryError) as error:
            damaged = True
            click.echo(f"   {shown(error)}", err=True)
    if damaged:
        raise click.exceptions.Exit(1)


def _versions(registry: Registry, market: str) -> Iterator[str]:
    """A line for each version; a damaged one has a line of its own."""
    champion, pinned, decisions = (
        registry.champion(market),
        registry.pinned(market),
        registry.decisions(market),
    )
    for number in registry.versions(market):
        star = "*" if champion and champion.version == number else "+" if number in pinned else " "
        try:
            manifest = registry.version(market, number).manifest
        except ModelDamaged as error:
            yield f"{star} {number:>4}  damaged: {shown(error)}"
            continue
        decision = registry.rejection(market, number) or decisions.get(number) or "not judged"
        estimator = manifest.training.get("estimator", "unknown")
        yield shown(f"{star} {number:>4}  {manifest.created_at[:19]}  {estimator!s:<24}  {decision}")


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
        "in_life": reading.parse(reading.content(found.folder / IN_LIFE, home.registry.root))
        if (found.folder / IN_LIFE).is_file()
        else None,
        "history": [e for e in home.registry.history(name) if e.get("version") == found.number],
    }
    click.echo("\n".join(map(shown, json.dumps(facts, indent=2, ensure_ascii=False).split("\n"))))


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
    sha256 = home.registry.version(name, version).manifest.sha256
    with audit_heads_of(home) as heads:
        if not force:
            try:
                heads.require(name)
                home.registry.require_decision(name, version)
            except PromotionRefused as error:
                raise click.ClickException(f"{shown(error)}. To promote it anyway, add --force.") from error
        by = getpass.getuser()
        champion = home.registry.promote(name, version, sha256=sha256, by=by, reason=reason, force=force)
        heads.keep(name)
    click.echo(f"{name} version {champion.version} is the champion since {champion.promoted_at}.")


@models.command()
@market_option
@click.argument("version", type=int)
@click.option("--reason", required=True, help="Why; it is kept in the audit log.")
@pass_home
def reject(home: Home, market: str | None, version: int, reason: str) -> None:
    """Reject a version, such as one that needs review: it is not to serve."""
    name = home.known(market)
    with audit_heads_of(home) as heads:
        home.registry.reject(name, version, by=getpass.getuser(), reason=reason)
        heads.keep(name)
    click.echo(f"{name} version {version} is rejected; no sensor will promote it.")


@models.command()
@market_option
@click.argument("versions", type=int, nargs=-1)
@pass_home
def pin(home: Home, market: str | None, versions: tuple[int, ...]) -> None:
    """Have every server keep these versions loaded beside the champion; give none to unpin all."""
    name = home.known(market)
    with audit_heads_of(home) as heads:
        home.registry.pin(name, versions)
        heads.keep(name)
    listed = ", ".join(map(str, sorted({*versions}))) or "nothing"
    click.echo(f"{name}: besides the champion and its predecessor, servers keep {listed} loaded.")


@models.command()
@market_option
@click.option("--reason", required=True, help="Why; it is kept in the audit log.")
@pass_home
def rollback(home: Home, market: str | None, reason: str) -> None:
    """Make the champion's predecessor the champion again."""
    name = home.known(market)
    with audit_heads_of(home) as heads:
        champion = home.registry.rollback(name, by=getpass.getuser(), reason=reason)
        heads.keep(name)
    click.echo(f"{name} version {champion.version} is the champion again.")


@models.command()
@market_option
@click.option(
    "--checkpoint",
    "checkpoint_file",
    type=click.Path(dir_okay=False, exists=True, path_type=Path),
    help="A file of `models checkpoint` to compare the audit log with. Its signature is FILE.sig.",
)
@click.option(
    "--signers",
    type=click.Path(dir_okay=False, exists=True, path_type=Path),
    help="Public keys that may have signed it, as ssh-keygen's ALLOWED SIGNERS.",
)
@pass_home
def verify(home: Home, market: str | None, checkpoint_file: Path | None, signers: Path | None) -> None:
    """Check every file, the champion, and the audit log against the heads that Dagster keeps.

    Exits with 1 if anything was changed, and says what cannot be told.
    """
    found = 0
    names = [home.known(market)] if market or checkpoint_file else home.registry.markets()
    signed = signed_head(checkpoint_file, signers, names[0]) if checkpoint_file else None
    with audit_heads_of(home) as heads:
        for name in names:
            told = examine(home.registry, name, [*heads.kept(name), *([signed.head] if signed else [])])
            found += len(told.faults)
            versions, count = len(home.registry.versions(name)), len(told.faults) or "no"
            compared = [heads.count(name), *([str(signed)] if signed else [])]
            click.echo(f"{name}: {versions} versions, {count} faults, {', '.join(compared)}")
            for fault in told.faults:
                click.echo(f"  {shown(fault)}", err=True)
            for kind, sentences in {"accepted": told.accepted, "unproven": told.unproven}.items():
                for sentence in sentences:
                    click.echo(f"  {kind}: {shown(sentence)}")
    if found:
        raise click.exceptions.Exit(1)


@models.command(name="checkpoint")
@market_option
@pass_home
def checkpoint_(home: Home, market: str | None) -> None:
    """Print the audit log's head, to be signed and kept elsewhere; `verify --checkpoint` compares."""
    name = home.known(market)
    if (head := home.registry.head(name)) is None:
        raise click.ClickException(f"{name} has no audit log yet.")
    click.echo(checkpoint.text(name, head), nl=False)


@models.command()
@market_option
@click.option("--reason", required=True, help="Why; it is kept in the audit log.")
@pass_home
def accept(home: Home, market: str | None, reason: str) -> None:
    """Accept the faults that `models verify` tells today, after looking into them."""
    name = home.known(market)
    with audit_heads_of(home) as heads:
        faults = examine(home.registry, name, heads.kept(name)).faults
        home.registry.accept(name, faults, by=getpass.getuser(), reason=reason)
        heads.keep(name)
    click.echo(f"{name}: {len(faults) or 'no'} faults are accepted.")
    for fault in faults:
        click.echo(f"  {shown(fault)}")


models.add_command(compare)
models.add_command(push)
models.add_command(follow)
models.add_command(
    click.Command("keep", params=pin.params, callback=pin.callback, hidden=True)
)  # its former name
