"""`house-prices models compare`: two versions side by side."""

from collections.abc import Iterator

import click

from house_prices.cli.home import Home, market_option, pass_home
from house_prices.cli.text import shown
from house_prices.contract.schema import Contract, Feature
from house_prices.registry import DecisionRecord, ModelVersion

_HIGHER_IS_BETTER = ("r2", "ppe10", "ppe20")
_ALIKE = 0.0005
"""Relative differences below it are none."""


@click.command()
@market_option
@click.argument("before", type=int)
@click.argument("after", type=int)
@pass_home
def compare(home: Home, market: str | None, before: int, after: int) -> None:
    """Two versions side by side: what they were trained on, how they did, and why one serves."""
    name = home.known(market)
    registry = home.registry
    old, new = (registry.version(name, number) for number in (before, after))
    decisions = registry.decisions(name)
    was, now = decisions.get(before), decisions.get(after)
    for row in (
        _row(name, f"version {before}", f"version {after}"),
        *_origins(old, new),
        *(_metrics(was, now) if was and now else []),
    ):
        click.echo(shown(row.rstrip()))
    for sentence in (*_judged(was, now), *_differences(old.manifest.contract, new.manifest.contract)):
        click.echo(shown(sentence))
    champion = registry.champion(name)
    if champion and champion.version in (before, after):
        since = f"since {champion.promoted_at[:19]}, promoted by {champion.by}"
        click.echo(shown(f"Version {champion.version} serves {since}: {champion.reason}"))


def _row(label: str, before: str, after: str, change: str = "") -> str:
    return f"{label:<16}{before:>22}{after:>22}  {change}"


def _origins(old: ModelVersion, new: ModelVersion) -> Iterator[str]:
    manifests = (old.manifest, new.manifest)
    yield _row("published", *(manifest.created_at[:19] for manifest in manifests))
    for key in ("estimator", "fitted_on"):
        yield _row(key.replace("_", " "), *(str(manifest.training.get(key, "")) for manifest in manifests))
    yield _row("kB of ONNX", *(f"{version.model.stat().st_size / 1000:.0f}" for version in (old, new)))


def _metrics(was: DecisionRecord, now: DecisionRecord) -> Iterator[str]:
    for name, value in now.metrics.items():
        if name not in was.metrics:
            continue
        before = was.metrics[name]
        yield _row(name, f"{before:.4g}", f"{value:.4g}", _change(name, before, value))


def _change(name: str, before: float, after: float) -> str:
    change = (after - before) / abs(before) if before else 0.0
    if abs(change) < _ALIKE:
        return "the same"
    better = (change > 0) == (name in _HIGHER_IS_BETTER)
    return f"{change:+.1%}, {'better' if better else 'worse'}"


def _judged(was: DecisionRecord | None, now: DecisionRecord | None) -> Iterator[str]:
    if was and now and was.holdout != now.holdout:
        yield "Each was measured on a holdout of its own, so that the figures do not tell the two apart."
    for decision in filter(None, (was, now)):
        against = f" against version {decision.champion}" if decision.champion else ""
        yield f"Version {decision.version}{against}: {decision}"


def _differences(old: Contract, new: Contract) -> Iterator[str]:
    before, after = ({feature.name: feature for feature in contract.features} for contract in (old, new))
    for name in sorted({*before, *after}):
        if name not in before:
            yield f"{name} is new."
        elif name not in after:
            yield f"{name} is gone."
        elif changes := [*_changes(before[name], after[name])]:
            yield f"{name}: {', '.join(changes)}."
    if old.training != new.training:
        yield "The contracts differ in [training]."


def _changes(was: Feature, now: Feature) -> Iterator[str]:
    for key, value in vars(now).items():
        if value != vars(was)[key]:
            yield f"{key} was {vars(was)[key]!r} and is {value!r}"
