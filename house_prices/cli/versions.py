"""Published versions as tables, summaries and facts."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import click

from house_prices.cli.text import aligned, figure
from house_prices.errors import ModelDamaged
from house_prices.registry import IN_LIFE, ModelVersion, Registry, reading


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A version in a list."""

    version: int
    is_champion: bool
    is_pinned: bool
    published: str
    """Empty if the version is damaged."""
    estimator: str
    decision: str

    @property
    def row(self) -> tuple[object, ...]:
        """For people."""
        star = "*" if self.is_champion else "+" if self.is_pinned else " "
        return f" {star}", self.version, self.published, self.estimator, self.decision


def echo(found: Mapping[str, Sequence[Listed]]) -> None:
    """Print the versions of each market as a table."""
    for name, versions in found.items():
        click.secho(name, bold=True)
        lines = aligned([version.row for version in versions])
        for version, line in zip(versions, lines, strict=True):
            click.secho(line, fg="green" if version.is_champion else None)


def listed(registry: Registry, market: str) -> list[Listed]:
    """Every version; of a damaged one what is wrong with it."""
    champion, pinned = registry.champion(market), registry.pinned(market)
    decisions = registry.decisions(market)

    def one(number: int) -> Listed:
        published = estimator = ""
        try:
            manifest = registry.version(market, number).manifest
        except ModelDamaged as error:
            decision = f"damaged: {error}"
        else:
            published, estimator = (
                manifest.created_at[:19],
                str(manifest.training.get("estimator", "unknown")),
            )
            decision = str(registry.rejection(market, number) or decisions.get(number) or "not judged")
        return Listed(
            version=number,
            is_champion=champion is not None and champion.version == number,
            is_pinned=number in pinned,
            published=published,
            estimator=estimator,
            decision=decision,
        )

    return [one(number) for number in registry.versions(market)]


def summary(registry: Registry, market: str, found: ModelVersion) -> Iterator[tuple[str, str]]:
    """What a person asks of a version first: each with its label."""
    manifest, number = found.manifest, found.number
    champion, decision = registry.champion(market), registry.decisions(market).get(number)
    state = "the champion" if champion and champion.version == number else "not serving"
    yield "version", f"{number} of {market}, {state}"
    yield "published", manifest.created_at[:19].replace("T", " ")
    fitted = manifest.training.get("rows")
    yield "estimator", f"{manifest.training.get('estimator', 'unknown')}, fitted on {fitted or '?'} sales"
    yield "gate", str(registry.rejection(market, number) or decision or "not judged")
    if decision and decision.metrics:
        yield "on holdout", ", ".join(f"{key} {figure(value)}" for key, value in decision.metrics.items())
    for entry in registry.history(market):
        if entry.get("version") == number and entry.get("by"):
            said = f": {entry['reason']}" if entry.get("reason") else ""
            yield str(entry.get("event", "")), f"{str(entry.get('at', ''))[:16]} by {entry['by']}{said}"
    yield "folder", str(found.folder)


def facts(registry: Registry, market: str, found: ModelVersion) -> dict[str, object]:
    """All that is known of a version, for programs."""
    manifest = json.loads(found.manifest.to_json())
    keys = ("sha256", "created_at", "contract_digest", "training", "data", "lineage")
    in_life = found.folder / IN_LIFE
    return {
        "market": market,
        "version": found.number,
        "folder": str(found.folder),
        **{key: manifest[key] for key in keys},
        "in_life": reading.parse(reading.content(in_life, registry.root)) if in_life.is_file() else None,
        "history": [entry for entry in registry.history(market) if entry.get("version") == found.number],
    }
