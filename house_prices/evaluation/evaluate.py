"""A published candidate examined: all the evidence that the gate judges, gathered in one place."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from house_prices.contract.schema import Contract
from house_prices.errors import RegistryError
from house_prices.evaluation import bootstrap, ratio_study, serving_test
from house_prices.evaluation import measure as evaluate
from house_prices.evaluation.evaluation import Evidence, Rival
from house_prices.evaluation.measure import Model
from house_prices.registry import ModelVersion, Registry
from house_prices.sales.columns import HOLDOUT, PART, TRAIN
from house_prices.training import onnx_export
from house_prices.training.features import inputs, prices
from house_prices.training.metrics import measure
from house_prices.training.train import Fitted


def examine(
    splits: pd.DataFrame, fitted: Fitted, number: int, contract: Contract, registry: Registry
) -> Evidence:
    """Everything known of a version, from its file on the disk and from the real server."""
    version = registry.version(contract.name, number)
    version.check()
    candidate = _load(version)
    holdout = splits[splits[PART] == HOLDOUT]
    houses, actual = inputs(holdout, contract), prices(holdout, contract)
    predicted = onnx_export.predict(candidate.session, houses)
    slices = evaluate.slice_rows(holdout, predicted, contract)
    parity, parity_rows = evaluate.parity(fitted, candidate.session, houses, contract)
    asked = evaluate.holdout_hash(holdout, contract)
    evaluations = _evaluations(registry, contract.name, asked, candidate.sha256)
    seed = bootstrap.seed_of([asked, candidate.sha256])
    champion, rival = _champion(registry, contract.name)
    if champion and champion.manifest.sha256 == candidate.sha256:
        rival = Rival(version=champion.number, sha256=candidate.sha256)
    elif champion:
        rival = evaluate.compare(candidate, _load(champion), splits, contract, evaluations=evaluations)
    return Evidence(
        version=number,
        sha256=candidate.sha256,
        metrics=measure(actual, predicted),
        cross_validation=fitted.cross_validation,
        dummy=evaluate.dummy(splits[splits[PART] == TRAIN], holdout, contract),
        ratio_study=ratio_study.study(actual, predicted, seed=seed),
        parity=parity,
        parity_rows=parity_rows,
        holdout=asked,
        evaluations=evaluations,
        interval=evaluate.interval(candidate.session, houses, actual, slices),
        champion=rival,
        service=serving_test.hold(version, champion, evaluate.expect(fitted, houses, contract)),
        slices=evaluate.slice_metrics(actual, predicted, slices),
        actual=actual,
        predicted=predicted,
    )


def _load(version: ModelVersion) -> Model:
    manifest = version.manifest
    return Model(
        version=version.number,
        sha256=manifest.sha256,
        contract=manifest.contract,
        session=onnx_export.session(version.model.read_bytes()),
        trained_on=_trained_on(version),
        data=manifest.data.get("files"),
    )


def _trained_on(version: ModelVersion) -> NDArray[np.uint32]:
    """Empty for a version whose publisher did not say."""
    known = version.trained_on.is_file()
    return np.frombuffer(version.trained_on.read_bytes() if known else b"", dtype="<u4")


def _evaluations(registry: Registry, market: str, holdout: str, sha256: str) -> int:
    """Different candidates judged on this holdout, this one included: the audit log is the ledger."""
    judged = {
        entry["sha256"]
        for entry in registry.history(market)
        if entry["event"] == "verdict" and entry.get("holdout") == holdout
    }
    return len(judged | {sha256})


def _champion(registry: Registry, market: str) -> tuple[ModelVersion | None, Rival | None]:
    """The champion's version; or, where it cannot be read, a rival with that problem; or neither."""
    champion = registry.champion(market)
    if champion is None:
        return None, None
    try:
        version = registry.version(market, champion.version)
        version.check()
    except RegistryError as error:
        return None, Rival(version=champion.version, sha256=champion.sha256, problem=str(error))
    return version, None


def facts(evidence: Evidence) -> Mapping[str, object]:
    """What the audit log keeps of the evidence."""
    return {
        "version": evidence.version,
        "sha256": evidence.sha256,
        "holdout": evidence.holdout,
        "evaluations": evidence.evaluations,
        "metrics": dict(evidence.metrics),
        "champion": evidence.champion and evidence.champion.version,
    }
