"""`house-prices models`: what is published, what serves, and a person's say in it."""

import getpass
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import click

from house_prices.cli.alive import alive
from house_prices.cli.audit_heads import audit_heads_of
from house_prices.cli.compare import compare
from house_prices.cli.home import Home, json_option, market_option, pass_home
from house_prices.cli.shared_models import follow, push
from house_prices.cli.signatures import signed_head
from house_prices.cli.text import as_json, shown
from house_prices.cli.versions import Listed, echo, facts, listed, summary
from house_prices.errors import PromotionRefused, RegistryError
from house_prices.registry import checkpoint
from house_prices.registry.verify import Verification, examine


@click.group()
def models() -> None:
    """Look at published models; promote, reject or pin one, or roll back."""


@models.command("list")
@market_option
@json_option
@pass_home
def list_(home: Home, market: str | None, is_json: bool) -> None:
    """Every version with the gate's decision. A star marks the champion, a plus a pinned version."""
    found: dict[str, list[Listed]] = {}
    damaged = False
    for name in [home.known(market)] if market else home.registry.markets():
        try:
            found[name] = listed(home.registry, name)
        except (OSError, RegistryError) as error:
            damaged, found[name] = True, []
            click.echo(f"{name}: {shown(error)}", err=True)
    if is_json:
        click.echo(as_json({name: [asdict(one) for one in versions] for name, versions in found.items()}))
    else:
        echo(found)
    if damaged:
        raise click.exceptions.Exit(1)


@models.command()
@market_option
@click.argument("version", type=int, required=False)
@json_option
@pass_home
def show(home: Home, market: str | None, version: int | None, is_json: bool) -> None:
    """One version, or the champion: where it came from and how it was judged."""
    name = home.known(market)
    found = home.registry.resolve(name, version)
    if is_json:
        click.echo(as_json(facts(home.registry, name, found)))
        return
    for label, told in summary(home.registry, name, found):
        click.echo(f"{click.style(f'{label:<12}', bold=True)}{shown(told)}")


@models.command()
@market_option
@click.argument("version", type=int, required=False)
@click.option("--open", "is_opened", is_flag=True, help="Open it in a browser, too.")
@pass_home
def report(home: Home, market: str | None, version: int | None, is_opened: bool) -> None:
    """The path of the model card of a version, or of the champion."""
    name = home.known(market)
    found = home.registry.resolve(name, version)
    if not found.report.is_file():
        raise click.ClickException(
            f"{name} version {found.number} has no model card. Materialize {name}/model_card."
        )
    click.echo(found.report)
    if is_opened and click.launch(found.report.absolute().as_uri()):
        raise click.ClickException("No browser could be started. Open the file above in one.")


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
@json_option
@pass_home
def verify(
    home: Home, market: str | None, checkpoint_file: Path | None, signers: Path | None, is_json: bool
) -> None:
    """Check every file, the champion, and the audit log against the heads that Dagster keeps.

    Exits with 1 if anything was changed, and says what cannot be told.
    """
    names = [home.known(market)] if market or checkpoint_file else home.registry.markets()
    signed = signed_head(checkpoint_file, signers, names[0]) if checkpoint_file else None
    told: dict[str, Verification] = {}
    with audit_heads_of(home) as heads, alive("Checking every file"):
        for name in names:
            told[name] = examine(home.registry, name, [*heads.kept(name), *([signed.head] if signed else [])])
            if not is_json:
                compared = [heads.count(name), *([str(signed)] if signed else [])]
                _print_examined(name, len(home.registry.versions(name)), told[name], compared)
    if is_json:
        click.echo(as_json({name: asdict(one) for name, one in told.items()}))
    if any(one.faults for one in told.values()):
        raise click.exceptions.Exit(1)


def _print_examined(market: str, versions: int, told: Verification, compared: Sequence[str]) -> None:
    click.echo(f"{market}: {versions} versions, {len(told.faults) or 'no'} faults, {', '.join(compared)}")
    for fault in told.faults:
        click.secho(f"  {shown(fault)}", err=True, fg="red")
    for kind, sentences in {"accepted": told.accepted, "unproven": told.unproven}.items():
        for sentence in sentences:
            click.echo(f"  {kind}: {shown(sentence)}")


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
