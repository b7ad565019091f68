"""What a person can do about a rule that did not pass."""

from collections.abc import Mapping

SETTINGS: Mapping[str, str] = {
    "parity": (
        "The exported file differs from what was trained: leave out the estimator, and report it as a bug."
    ),
    "floors": (
        "The error is larger than the contract allows. Add features or sales, try other estimators in "
        "[training.candidates], or, if the market cannot be priced better, change [gate] floors and "
        "ceilings."
    ),
    "beats_baseline": (
        "Features explain too little of the price. Add features, or name the living area as gate.area to "
        "compare with a price per area, or lower gate.baseline_margin."
    ),
    "median_ratio": (
        "Prices are too low or too high on the whole: the holdout is unlike the training sales. If the "
        "sales have dates, name them in keys.sold, so that prices follow the market, and see that "
        "time.adjust has index. If the trend broke within the holdout, a smaller split.holdout lets the "
        "model know more of it."
    ),
    "by_month": (
        "Prices moved away from the index in those months. A smaller split.holdout lets the model know more "
        "of the newest sales; time.adjust says how it follows them; gate.slice_rows says which months are "
        "judged."
    ),
    "interval_coverage": (
        "Intervals are narrower than the errors. More sales in split.calibration make them surer; "
        "gate.coverage and gate.slice_coverage are what is asked of them; slices.columns says where."
    ),
    "against_champion": (
        "Newer sales, or another estimator in [training.candidates], may make a better model; gate.margin "
        "and gate.small_margin say how much worse still counts as no worse."
    ),
    "slices": (
        "The model is better on the whole and worse somewhere. Add a feature that tells that slice apart; "
        "slices.columns says which are judged, gate.slice_margin how much worse is allowed."
    ),
    "interval_width": (
        "The model is less sure than the champion. Add features or sales; gate.width is the multiple "
        "allowed, split.calibration how many sales calibrate."
    ),
    "fresh_holdout": "Add newer sales, or change split.holdout; gate.evaluations is the number allowed.",
    "reference_date": "Were newer sales removed from the source? Put them back and train again.",
    "api_compatibility": "Raise api_version, or undo what the sentence names.",
    "served_prices": "The server differs from what was trained: report it as a bug.",
    "served_errors": "The server answers bad requests wrongly: report it as a bug.",
    "served_speed": (
        "Was the machine busy? Train again. A smaller model is faster: fewer trees in "
        "[training.candidates]; gate.p99_ms and gate.load_seconds are what is allowed."
    ),
    "served_size": (
        "A smaller model: fewer trees in [training.candidates]; gate.model_mb and gate.memory_mb."
    ),
}
"""For each rule: what it means if it does not pass, and the settings of the contract that can change it."""


def promote_anyway(market: str, version: int, *, rejected: bool) -> str:
    """The command that lets a version serve although the gate did not pass it."""
    force = " --force" if rejected else ""
    return f'house-prices models promote {version} --market {market} --reason "WHY"{force}'
