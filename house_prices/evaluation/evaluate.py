"""The evaluation of a published candidate: everything that the gate decides on."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from house_prices.contract.schema import Contract
from house_prices.errors import RegistryError
from house_prices.evaluation import bootstrap, measure, ratio_study, serving_test
from house_prices.evaluation.evaluation import ChampionComparison, Evaluation, ServingTest
from house_prices.evaluation.measure import Expected, Model
from house_prices.progress import Tell, now_and_then, silent
from house_prices.registry import ModelVersion, Registry, audit
from house_prices.sales.columns import HOLDOUT, PART, TRAIN
from house_prices.training import onnx_export
from house_prices.training.features import inputs, prices
from house_prices.training.fitted import Fitted
from house_prices.training.metrics import measure as metrics_of
from house_prices.training.predictions import Predictions

Serve = Callable[[ModelVersion, ModelVersion | None, Expected], ServingTest]
"""Serves a candidate, and its champion if there is one, and asks it for everything expected."""


def evaluate(
    splits: pd.DataFrame,
    fitted: Fitted,
    number: int,
    contract: Contract,
    registry: Registry,
    *,
    serve: Serve = serving_test.run,
    tell: Tell = silent,
) -> Evaluation:
    """Everything measured about a version, from its file and from the real server.

    scikit-learn's pipeline and the ONNX model are asked for each price once.
    """
    version = registry.version(contract.name, number)
    version.check()
    candidate = _load(version)
    holdout = splits[splits[PART] == HOLDOUT]
    progress = now_and_then(tell)
    progress(f"asking scikit-learn and the ONNX model for the prices of {len(holdout)} houses")
    expected = measure.expect(fitted, inputs(holdout, contract), contract)
    answered = measure.predict(candidate, expected.houses, prices(holdout, contract))
    found = answered[: len(holdout)]
    slices = measure.slice_rows(holdout, found.price, contract)
    asked = measure.holdout_hash(holdout, contract)
    evaluations = audit.evaluations(registry.history(contract.name), asked, candidate.sha256)
    champion, comparison = _champion(registry, contract.name)
    if champion:
        progress(f"comparing it with the champion, version {champion.number}")
        comparison = _compare(candidate, champion, splits, found, contract, evaluations)
    progress(f"asking a real server for the prices of {len(expected.houses)} houses")
    return Evaluation(
        version=number,
        sha256=candidate.sha256,
        predictions=found,
        metrics=metrics_of(found.actual, found.price),
        cross_validation=fitted.cross_validation,
        baseline=measure.baseline(splits[splits[PART] == TRAIN], holdout, contract),
        ratio_study=ratio_study.study(
            found.actual, found.price, seed=bootstrap.seed_of([asked, candidate.sha256])
        ),
        parity=measure.relative_difference(answered.price, expected.prices, expected.least),
        parity_rows=len(expected.houses),
        holdout=asked,
        evaluations=evaluations,
        interval=measure.interval_coverage(found, slices),
        champion=comparison,
        serving=serve(version, champion, expected),
        slices=measure.slice_metrics(found, slices),
        months=measure.by_month(holdout, found),
        reference_date=version.manifest.dates.reference if version.manifest.dates else None,
        time=fitted.time,
    )


def _compare(
    candidate: Model,
    champion: ModelVersion,
    splits: pd.DataFrame,
    found: Predictions,
    contract: Contract,
    evaluations: int,
) -> ChampionComparison:
    """The comparison with the champion; empty if the candidate is the champion's own file."""
    if champion.manifest.sha256 == candidate.sha256:
        return measure.unpriced(champion.number, candidate.sha256, champion.manifest.contract, contract)
    return measure.compare(candidate, _load(champion), splits, found, contract, evaluations=evaluations)


def _load(version: ModelVersion) -> Model:
    manifest = version.manifest
    return Model(
        version=version.number,
        sha256=manifest.sha256,
        contract=manifest.contract,
        session=onnx_export.session(version.model.read_bytes()),
        trained_on=_trained_on(version),
        data=manifest.data.get("files"),
        dates=manifest.dates,
    )


def _trained_on(version: ModelVersion) -> NDArray[np.uint32]:
    """Empty for a version whose publisher did not say."""
    known = version.trained_on.is_file()
    return np.frombuffer(version.trained_on.read_bytes() if known else b"", dtype="<u4")


def _champion(registry: Registry, market: str) -> tuple[ModelVersion | None, ChampionComparison | None]:
    """The champion's version; or, if it cannot be read, a comparison that says why; or neither."""
    champion = registry.champion(market)
    if champion is None:
        return None, None
    try:
        version = registry.version(market, champion.version)
        version.check()
    except RegistryError as error:
        return None, ChampionComparison(
            version=champion.version, sha256=champion.sha256, problem=str(error), api_breaks=None
        )
    return version, None
