"""The prediction intervals of a version: how they were calibrated, and how they did on the holdout."""

from collections.abc import Mapping

from house_prices.contract.schema import Split
from house_prices.evaluation.evaluation import Evaluation
from house_prices.model_card import view
from house_prices.model_card.wording import count
from house_prices.registry import Manifest
from house_prices.training.conformal import Intervals


def calibrated(manifest: Manifest) -> Intervals | None:
    """None if the model has no intervals."""
    described = manifest.training.get("intervals")
    if not isinstance(described, Mapping):
        return None
    return Intervals(
        alpha=float(described["alpha"]),
        edges=tuple(described["edges"]),
        lower=tuple(described["lower"]),
        upper=tuple(described["upper"]),
        sales=tuple(described["sales"]),
    )


def shown(manifest: Manifest, found: Evaluation) -> view.PredictionIntervals | None:
    """How the intervals did on the holdout; None if the model has none."""
    if found.interval is None:
        return None
    method = calibrated(manifest)
    return view.PredictionIntervals(
        level=1 - method.alpha if method else manifest.contract.gate.coverage,
        coverage=found.interval.coverage,
        width=found.interval.median_width,
        calibrated=_described(method, manifest.contract.split) if method else "",
    )


def _described(interval: Intervals, split: Split) -> str:
    bins = len(interval.sales)
    places = "" if bins == 1 else f", in {bins} bins of the predicted price"
    sales = count(sum(interval.sales))
    if split.calibration:
        return f"They were calibrated on {sales} sales that the model was not fitted on{places}."
    return (
        f"They were calibrated in cross-validation, on {sales} sales, each priced by a model that was not "
        f"fitted on it{places}."
    )
