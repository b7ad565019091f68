"""The model card as one value, made from a published version, its evaluation and the gate's decision."""

from collections.abc import Mapping
from dataclasses import dataclass

from house_prices.contract.schema import Contract
from house_prices.evaluation.evaluation import ChampionComparison, Evaluation
from house_prices.gate import GateDecision, Outcome, RuleResult
from house_prices.model_card import charts, measures, time_charts, wording
from house_prices.model_card import intervals as interval
from house_prices.model_card.features import features
from house_prices.model_card.limits import limits
from house_prices.model_card.provenance import data_facts, lineage, trials
from house_prices.model_card.view import (
    AheadRow,
    ConfidenceInterval,
    DataFacts,
    FeatureRow,
    Headline,
    Measure,
    Picture,
    PredictionIntervals,
    Ratio,
    Slice,
    TrialRow,
)
from house_prices.registry import Manifest

_HEADLINES = {"mdape": "median error", "ppe10": "within 10%", "rmsle": "RMSLE"}
"""Metrics that are told first, and only there."""
_MOST_WORST = 6
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
    """Sales that it was evaluated on."""
    outcome: Outcome
    rules: tuple[RuleResult, ...]
    measures: tuple[Measure, ...]
    ratios: tuple[Ratio, ...] = ()
    baseline: str | None = None
    """The feature by which the baseline scales the median price; None if it does not."""
    comparison: ChampionComparison | None = None
    """None if there was no champion."""
    intervals: PredictionIntervals | None = None
    """None if the model gives none."""
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
    ahead: tuple[AheadRow, ...] = ()
    """In cross-validation; empty if the folds do not look forward."""
    sha256: str
    """Of the model file."""
    lineage: Mapping[str, str]

    def measure(self, name: str) -> Measure | None:
        """A metric by its name."""
        return next((measure for measure in self.measures if measure.name == name), None)

    @property
    def headlines(self) -> list[Headline]:
        """What is told first, in large figures."""
        found = ((words, self.measure(name)) for name, words in _HEADLINES.items())
        return [Headline(words=words, measure=measure) for words, measure in found if measure]

    @property
    def others(self) -> list[Measure]:
        """The other metrics."""
        return [measure for measure in self.measures if measure.name not in _HEADLINES]

    @property
    def out_of_band(self) -> list[Ratio]:
        """Figures of the ratio study that assessors would not call good."""
        return [ratio for ratio in self.ratios if ratio.place != "within"]

    @property
    def in_band(self) -> list[Ratio]:
        """The other figures of the ratio study."""
        return [ratio for ratio in self.ratios if ratio.place == "within"]

    @property
    def worst(self) -> list[Slice]:
        """The slices with enough sales that have the largest median errors, the worst first."""
        judged = [one for one in self.slices if one.sales >= self.few_sales and "mdape" in one.metrics]
        return sorted(judged, key=lambda one: -one.metrics["mdape"])[:_MOST_WORST]

    @property
    def reasons(self) -> list[RuleResult]:
        """The rules that did not pass, those that failed first."""
        return [
            rule
            for outcome in (Outcome.FAIL, Outcome.NEEDS_REVIEW)
            for rule in self.rules
            if rule.outcome == outcome
        ]

    @property
    def worst_slice(self) -> float:
        """The largest median error of a slice, and at least one that is worth drawing."""
        return max(charts.NARROWEST, *(one.metrics.get("mdape", 0.0) for one in self.slices), 0.0)

    @property
    def groups(self) -> dict[str, list[Slice]]:
        """The other slices, by what divides the holdout."""
        rest = [one for one in self.slices if one not in self.worst]
        names = dict.fromkeys(one.group for one in rest)
        return {name: [one for one in rest if one.group == name] for name in names}


def card_of(
    manifest: Manifest,
    number: int,
    evaluation: Evaluation,
    decision: GateDecision,
    confidence: Mapping[str, ConfidenceInterval] | None = None,
) -> Card:
    """A version's card. `confidence` has the metrics' confidence intervals by name."""
    contract, found = manifest.contract, evaluation.predictions
    intervals = interval.shown(manifest, evaluation)
    champion = evaluation.champion
    theirs = champion.metrics if champion and champion.sales == len(found) else None
    sliced = tuple(measures.slices(evaluation))
    return Card(
        market=contract.name,
        title=contract.title,
        version=number,
        summary=_summary(manifest, evaluation),
        created_at=manifest.created_at,
        target=_target(contract),
        holdout=len(found),
        outcome=decision.outcome,
        rules=decision.results,
        measures=tuple(measures.measures(evaluation, confidence or {}, theirs or {})),
        baseline=contract.gate.area,
        ratios=tuple(measures.ratios(evaluation.ratio_study)),
        comparison=champion,
        intervals=intervals,
        pictures=(
            *charts.pictures(found, contract.target.unit, intervals.level if intervals else None),
            *time_charts.pictures(evaluation, contract.gate),
        ),
        slices=sliced,
        few_sales=contract.gate.slice_rows,
        limits=tuple(limits(manifest, evaluation, sliced)),
        data=data_facts(manifest, evaluation.holdout),
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


def _summary(manifest: Manifest, found: Evaluation) -> str:
    contract, rows = manifest.contract, manifest.training.get("rows")
    estimator = wording.words(str(manifest.training.get("estimator", "a model")))
    trained = f", trained on {wording.count(rows)} sales" if isinstance(rows, int) else ""
    return (
        f"Predicts the {_target(contract)} of a house: {estimator} on {len(contract.features)} features"
        f"{trained}. Of {wording.count(len(found.predictions))} sales that it had never seen, half are "
        f"priced with an error of less than {wording.share(max(found.metrics['mdape'], _TINY))}."
    )
