"""Where a version came from, read from its manifest: data, search and lineage.

A manifest keeps them as JSON; what an older one has not is left out.
"""

from collections.abc import Mapping
from typing import TypedDict

from house_prices.contract.schema import Split
from house_prices.model_card import wording
from house_prices.model_card.view import AheadRow, DataFacts, TrialRow
from house_prices.registry import Manifest


class Trained(TypedDict):
    """The card's fields about training."""

    estimator: str
    parameters: Mapping[str, object]
    fitted_on: int | None
    trials: tuple[TrialRow, ...]
    ahead: tuple[AheadRow, ...]


def data_facts(manifest: Manifest, holdout: str) -> DataFacts:
    """Files, rows and parts."""
    data = manifest.data
    return DataFacts(
        files={name: str(sha256) for name, sha256 in _mapping(data.get("files")).items()},
        read=_whole(data.get("read")),
        kept=_whole(data.get("kept")),
        rejected=_counts(data.get("rejected")),
        parts=_counts(data.get("parts")),
        split=_split(manifest.contract.split, by_property=manifest.contract.keys.property is not None),
        digest=str(data.get("digest", "")),
        holdout=holdout,
    )


def trials(manifest: Manifest) -> Trained:
    """The winner and every setting that was tried."""
    training = manifest.training
    tried, ahead = training.get("trials"), training.get("ahead")
    return Trained(
        estimator=str(training.get("estimator", "unknown")),
        parameters=_mapping(training.get("parameters")),
        fitted_on=_whole(training.get("rows")),
        trials=tuple(_trial(_mapping(one)) for one in tried) if isinstance(tried, list | tuple) else (),
        ahead=tuple(_ahead(_mapping(one)) for one in ahead) if isinstance(ahead, list | tuple) else (),
    )


def lineage(manifest: Manifest) -> dict[str, str]:
    """Run, code and libraries, in words."""
    return {wording.words(name): str(value) for name, value in manifest.lineage.items()}


def _trial(one: Mapping[str, object]) -> TrialRow:
    return TrialRow(
        estimator=str(one.get("estimator", "unknown")),
        parameters=_mapping(one.get("parameters")),
        rmsle=_number(one.get("rmsle")),
        spread=_number(one.get("spread")),
    )


def _ahead(one: Mapping[str, object]) -> AheadRow:
    return AheadRow(
        days=_whole(one.get("days")) or 0,
        sales=_whole(one.get("sales")) or 0,
        rmsle=_number(one.get("rmsle")),
        median_ratio=_number(one.get("median_ratio")),
    )


def _split(split: Split, *, by_property: bool) -> str:
    newest = "The newest" if split.by == "sold" else "By the hash of their contents,"
    kept = (
        f"; {wording.percent(split.calibration)} are kept to calibrate intervals" if split.calibration else ""
    )
    together = " All sales of one property are in one part." if by_property else ""
    return f"{newest} {wording.percent(split.holdout)} of the sales judge the model{kept}.{together}"


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _counts(value: object) -> dict[str, int]:
    return {str(name): number for name, number in _mapping(value).items() if isinstance(number, int)}


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) else None


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else float("nan")
