"""The model card as one value, and reading it from a published version and its verdict."""

from collections.abc import Mapping
from dataclasses import dataclass

from house_prices.contract.schema import Contract
from house_prices.evaluation.evaluation import Evidence
from house_prices.gate import Verdict
from house_prices.model_card import charts, measures, wording
from house_prices.model_card import decision as verdicts
from house_prices.model_card import intervals as interval
from house_prices.model_card.confidence import Further
from house_prices.model_card.features import features
from house_prices.model_card.limits import limits
from house_prices.model_card.provenance import data_facts, lineage, trials
from house_prices.model_card.view import (
    Beside,
    DataFacts,
    FeatureRow,
    Intervals,
    Measure,
    Outcome,
    Picture,
    Ratio,
    Rule,
    Slice,
    TrialRow,
)
from house_prices.registry import Manifest

_TINY = 1e-4
"""Errors below it are told as less than this."""


@dataclass(frozen=True, kw_only=True)
class Card:
    """Everything that the report shows, as plain values."""

    market: str
    title: str
    """The market's title."""
    version: int
    summary: str
    """What the model is and how well it does, in a sentence or two."""
    created_at: str
    """ISO 8601."""
    target: str
    """What is predicted, with its unit."""
    holdout: int
    """Sales that judged it."""
    outcome: Outcome
    rules: tuple[Rule, ...]
    measures: tuple[Measure, ...]
    ratios: tuple[Ratio, ...] = ()
    dummy: str | None = None
    """The feature by which the dummy scales the median price; None for the median price itself."""
    beside: Beside | None = None
    """The champion's side; None where there was none to compare with."""
    intervals: Intervals | None = None
    """None where the model gives none."""
    pictures: tuple[Picture, ...] = ()
    slices: tuple[Slice, ...] = ()
    few_sales: int
    """A slice with fewer is reported and not judged."""
    limits: tuple[str, ...] = ()
    data: DataFacts
    contract_digest: str
    api_version: int
    features: tuple[FeatureRow, ...]
    estimator: str
    parameters: Mapping[str, object]
    fitted_on: int | None
    """Sales it was fitted on."""
    trials: tuple[TrialRow, ...] = ()
    sha256: str
    """Of the model file."""
    lineage: Mapping[str, str]

    def measure(self, name: str) -> Measure | None:
        """A metric by its name."""
        return next((measure for measure in self.measures if measure.name == name), None)

    @property
    def reasons(self) -> list[Rule]:
        """The rules that did not pass, those that failed first."""
        return [rule for outcome in ("fail", "hold") for rule in self.rules if rule.outcome == outcome]

    @property
    def worst_slice(self) -> float:
        """The largest median error of a slice, and at least one that is worth drawing."""
        return max(charts.NARROWEST, *(one.metrics.get("mdape", 0.0) for one in self.slices), 0.0)

    @property
    def groups(self) -> dict[str, list[Slice]]:
        """The slices by what divides the holdout."""
        names = dict.fromkeys(one.group for one in self.slices)
        return {name: [one for one in self.slices if one.group == name] for name in names}


def card_of(
    manifest: Manifest, number: int, evidence: Evidence, verdict: Verdict, further: Further | None = None
) -> Card:
    """A version's card; what `further` does not hold is left out."""
    known, contract = further or Further(), manifest.contract
    actual, predicted, unit = evidence.actual, evidence.predicted, contract.target.unit
    kept, beside = interval.calibrated(manifest), verdicts.beside(evidence)
    priced = known.priced or (interval.around(kept, predicted) if kept else None)
    theirs = evidence.champion.metrics if evidence.champion and beside and beside.same_sales else None
    sliced = tuple(measures.slices(evidence))
    return Card(
        market=contract.name,
        title=contract.title,
        version=number,
        summary=_summary(manifest, evidence),
        created_at=manifest.created_at,
        target=_target(contract),
        holdout=len(actual),
        outcome=verdicts.outcome(verdict.outcome),
        rules=tuple(map(verdicts.rule, verdict.rulings)),
        measures=tuple(measures.measures(evidence, known.intervals, theirs or {})),
        dummy=contract.gate.area,
        ratios=tuple(measures.ratios(evidence.ratio_study)),
        beside=beside,
        intervals=interval.shown(manifest, evidence),
        pictures=tuple(charts.pictures(actual, predicted, unit, priced)),
        slices=sliced,
        few_sales=contract.gate.slice_rows,
        limits=tuple(limits(manifest, evidence, sliced, has_interval=priced is not None)),
        data=data_facts(manifest, evidence.holdout),
        contract_digest=contract.digest,
        api_version=contract.api_version,
        features=tuple(features(manifest)),
        lineage=lineage(manifest),
        sha256=manifest.sha256,
        **trials(manifest),
    )


def _target(contract: Contract) -> str:
    unit = f" in {contract.target.unit}" if contract.target.unit else ""
    return f"{wording.words(contract.target.name)}{unit}"


def _summary(manifest: Manifest, found: Evidence) -> str:
    contract, rows = manifest.contract, manifest.training.get("rows")
    estimator = wording.words(str(manifest.training.get("estimator", "a model")))
    taught = f", taught by {wording.count(rows)} sales" if isinstance(rows, int) else ""
    return (
        f"Predicts the {_target(contract)} of a house: {estimator} on {len(contract.features)} features"
        f"{taught}. Of {wording.count(len(found.actual))} sales that it had never seen, half are priced with "
        f"an error of less than {wording.share(max(found.metrics['mdape'], _TINY))}."
    )
