"""What the model does not know, derived from how it was made."""

from collections.abc import Iterator

from house_prices.contract.schema import Feature
from house_prices.evaluation.evaluation import Evaluation
from house_prices.model_card import wording
from house_prices.model_card.view import Slice
from house_prices.registry import Manifest

_EXACT = 1e-4
_MANY_REFUSED = 0.05


def limits(manifest: Manifest, found: Evaluation, slices: tuple[Slice, ...]) -> Iterator[str]:
    """A sentence for each limit, the widest first."""
    yield from _market(manifest)
    yield from _exact_law(found)
    yield from _time(manifest)
    yield from _ranges(manifest)
    yield from _unknown(manifest)
    yield from _small(slices, manifest.contract.gate.slice_rows)
    yield from _refused(manifest)
    if found.interval is None:
        yield "Prices come without intervals: the errors above are averages, not about a single house."


def _market(manifest: Manifest) -> Iterator[str]:
    yield (
        f"It knows only {manifest.contract.title}, and of a house only its "
        f"{len(manifest.contract.features)} features: nothing else that a buyer sees there."
    )


def _exact_law(found: Evaluation) -> Iterator[str]:
    if found.metrics.get("mape", 1) < _EXACT:
        yield (
            "The prices follow an exact formula without noise, which the model has found: errors near 0 are "
            "expected here, and say nothing about how it would price real sales."
        )


def _time(manifest: Manifest) -> Iterator[str]:
    """The newest sale is known where `sold` was kept with the data: the oldest and the newest day."""
    contract, sold = manifest.contract, manifest.data.get("sold")
    if isinstance(sold, list | tuple) and len(sold) == 2:
        oldest, newest = (wording.day(int(at)) for at in sold)
        yield (
            f"It was made from sales between {oldest} and {newest}. Inflation, interest rates and tastes "
            "after that day are not in its prices."
        )
    else:
        yield "Prices are those at the time of the sales. Inflation since then is not in them."
    if contract.split.by == "hash":
        yield (
            "The holdout is from the same time as the training sales: on future sales, errors may be larger "
            "than those above."
        )


def _ranges(manifest: Manifest) -> Iterator[str]:
    beyond = [f for f in manifest.contract.numbers if _reaches_beyond(f, manifest)]
    if beyond:
        yield (
            f"The contract allows values of {wording.listed([f.name for f in beyond])} that training has not "
            "seen. For those the model extrapolates, and the server adds a warning to the price."
        )


def _reaches_beyond(feature: Feature, manifest: Manifest) -> bool:
    if feature.name not in manifest.ranges or feature.kind == "flag":
        return False
    low, high = manifest.ranges[feature.name]
    return (
        feature.minimum is None or feature.minimum < low or feature.maximum is None or feature.maximum > high
    )


def _unknown(manifest: Manifest) -> Iterator[str]:
    unknown = [f.name for f in manifest.contract.features if not f.required and f.missing is None]
    if unknown:
        yield (
            f"{wording.listed(unknown)} may be left out if unknown. Such a price is less certain than the "
            "metrics say, unless most holdout sales lack them too."
        )


def _small(slices: tuple[Slice, ...], few: int) -> Iterator[str]:
    small = [s.value if not s.group else f"{s.group} {s.value}" for s in slices if s.sales < few]
    if small:
        yield (
            f"{len(small)} of {len(slices)} slices have fewer than {few} sales in the holdout, such as "
            f"{wording.listed(small, 3)}: their figures are only indicative."
        )


def _refused(manifest: Manifest) -> Iterator[str]:
    cleaning, data = manifest.contract.cleaning, manifest.data
    read, kept = data.get("read"), data.get("kept")
    if isinstance(read, int) and isinstance(kept, int) and kept < read * (1 - _MANY_REFUSED):
        refused = wording.share(1 - kept / read)
        yield f"{refused} of the sales were rejected: it knows nothing about houses like them."
    if cleaning.outliers == "iqr":
        yield (
            f"Sales beyond {cleaning.factor:g} interquartile ranges were left out as outliers, from training "
            "and metrics alike: unusual houses are priced worse than the metrics say."
        )
