"""Two versions of a market side by side."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from house_prices.contract.schema import Contract, Feature
from house_prices.model_card.render import environment
from house_prices.registry import DecisionRecord, ModelVersion, Registry

_HIGHER_IS_BETTER = ("r2", "ppe10", "ppe20")
_ALIKE = 0.0005
"""Relative differences below it are none."""


class Row(NamedTuple):
    """A figure of both versions."""

    label: str
    before: str
    after: str
    change: str = ""


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What they were trained on, how they did, and why one serves."""

    old: ModelVersion
    new: ModelVersion
    rows: tuple[Row, ...]
    sentences: tuple[str, ...]


def compare(registry: Registry, market: str, before: int, after: int) -> Comparison:
    """Compare two published versions."""
    old, new = (registry.version(market, number) for number in (before, after))
    decisions = registry.decisions(market)
    was, now = decisions.get(before), decisions.get(after)
    return Comparison(
        old=old,
        new=new,
        rows=(*_origins(old, new), *(_metrics(was, now) if was and now else ())),
        sentences=(
            *_serving(registry, old, new),
            *_judged(was, now),
            *_differences(old.manifest.contract, new.manifest.contract),
        ),
    )


def page(compared: Comparison) -> str:
    """The comparison as a page of HTML that needs nothing else."""
    return environment().get_template("comparison.html.jinja").render(vars(compared))


def _origins(old: ModelVersion, new: ModelVersion) -> Iterator[Row]:
    manifests = (old.manifest, new.manifest)
    yield Row("published", *(manifest.created_at[:19] for manifest in manifests))
    for label, key in {"estimator": "estimator", "fitted on": "rows"}.items():
        yield Row(label, *(str(manifest.training.get(key, "")) for manifest in manifests))
    yield Row("kB of ONNX", *(f"{version.model.stat().st_size / 1000:.0f}" for version in (old, new)))


def _metrics(was: DecisionRecord, now: DecisionRecord) -> Iterator[Row]:
    for name, value in now.metrics.items():
        if name not in was.metrics:
            continue
        before = was.metrics[name]
        yield Row(name, f"{before:.4g}", f"{value:.4g}", _change(name, before, value))


def _serving(registry: Registry, old: ModelVersion, new: ModelVersion) -> Iterator[str]:
    champion = registry.champion(new.market)
    if champion and champion.version in (old.number, new.number):
        since = f"since {champion.promoted_at[:19]}, promoted by {champion.by}"
        yield f"Version {champion.version} serves {since}: {champion.reason}"


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
