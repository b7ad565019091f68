"""What the model does not know, derived from how it was made."""

from collections.abc import Iterator

from house_prices.contract.schema import Feature
from house_prices.evaluation.evaluation import Evidence
from house_prices.model_card import wording
from house_prices.model_card.view import Slice
from house_prices.registry import Manifest

_EXACT = 1e-4
_MANY_REFUSED = 0.05


def limits(
    manifest: Manifest, found: Evidence, slices: tuple[Slice, ...], *, has_interval: bool
) -> Iterator[str]:
    """A sentence a limit, the widest first."""
    yield from _market(manifest)
    yield from _exact_law(found)
    yield from _time(manifest)
    yield from _ranges(manifest)
    yield from _unknown(manifest)
    yield from _small(slices, manifest.contract.gate.slice_rows)
    yield from _refused(manifest)
    if not has_interval:
        yield "A price comes without an interval: the errors above are of many houses, not of the one asked."


def _market(manifest: Manifest) -> Iterator[str]:
    yield (
        f"It knows {manifest.contract.title} and no other market, and of a house no more than its "
        f"{len(manifest.contract.features)} features: nothing of what else a buyer sees there."
    )


def _exact_law(found: Evidence) -> Iterator[str]:
    if found.metrics.get("mape", 1) < _EXACT:
        yield (
            "The prices follow an exact law without noise, which the model has found: errors near 0 are "
            "right here, and say nothing of how it would price real sales."
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
        yield "Prices are those of the time of the sales. What inflation has done since is not in them."
    if contract.split.by == "hash":
        yield (
            "The sales that judge it are from the same time as those that taught it: on future sales, errors "
            "may be larger than those above."
        )


def _ranges(manifest: Manifest) -> Iterator[str]:
    beyond = [f for f in manifest.contract.numbers if _reaches_beyond(f, manifest)]
    if beyond:
        yield (
            f"The contract allows more than training has seen of {wording.listed([f.name for f in beyond])}. "
            "Out there the model guesses, and the server adds a warning to the price."
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
            f"{wording.listed(unknown)} may be left out where they are not known. Such a price is less "
            "certain than the metrics say, unless most sales of the holdout were described no better."
        )


def _small(slices: tuple[Slice, ...], few: int) -> Iterator[str]:
    small = [s.value if not s.group else f"{s.group} {s.value}" for s in slices if s.sales < few]
    if small:
        yield (
            f"{len(small)} of {len(slices)} slices have fewer than {few} sales in the holdout, such as "
            f"{wording.listed(small, 3)}: their figures are a hint, not a measurement."
        )


def _refused(manifest: Manifest) -> Iterator[str]:
    cleaning, data = manifest.contract.cleaning, manifest.data
    read, kept = data.get("read"), data.get("kept")
    if isinstance(read, int) and isinstance(kept, int) and kept < read * (1 - _MANY_REFUSED):
        yield f"{wording.share(1 - kept / read)} of the sales were refused: it knows nothing of their kind."
    if cleaning.outliers == "iqr":
        yield (
            f"Sales beyond {cleaning.factor:g} interquartile ranges were left out as outliers, from training "
            "and from the metrics alike: unusual houses are priced worse than these say."
        )
