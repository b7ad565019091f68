"""A version in memory: checked, warmed, and with everything needed to serve it."""

import hashlib
from dataclasses import dataclass

from house_prices.contract import proto as api
from house_prices.contract.proto import Api
from house_prices.contract.schema import Contract
from house_prices.registry import ModelVersion, reading
from inference_server.codecs.json_houses import JsonCodec
from inference_server.codecs.oip_tensors import TensorCodec
from inference_server.codecs.typed import HouseCodec
from inference_server.codecs.valuation_dates import ValuationDates
from inference_server.models import explainer, onnx_rules, onnx_session
from inference_server.models.explainer import Explainer
from inference_server.models.onnx_session import ModelRefused, OnnxModel
from inference_server.models.range_warnings import TrainingRanges


@dataclass(frozen=True, kw_only=True)
class Tried:
    """What a process found that has loaded a version first."""

    sha256: str
    """Empty if the file cannot be read."""
    repeats: bool = False
    """Whether its time may depend on the values that it prices."""


@dataclass(frozen=True, kw_only=True)
class LoadedModel:
    """A loaded version."""

    market: str
    version: int
    sha256: str
    contract: Contract
    onnx: OnnxModel
    api: Api
    codec: HouseCodec
    """Of the typed API."""
    json: JsonCodec
    """Of JSON bodies."""
    tensors: TensorCodec
    """Of the Open Inference Protocol."""
    ranges: TrainingRanges
    dates: ValuationDates
    explainer: Explainer | None
    """None if the version was published without typical sales."""


def load(published: ModelVersion, promised: str | None = None, tried: Tried | None = None) -> LoadedModel:
    """Read, check and warm a version. This is slow: call it on a thread.

    `promised` is the sha256 in champion.json, `tried` what another process found; None if there is none.
    Raises ModelRefused, or OSError or ModelDamaged if the file cannot be read.
    """
    manifest = published.manifest
    # The bytes that are hashed are the bytes that serve.
    content = reading.content(published.model, published.folder.parent.parent, onnx_rules.MOST_BYTES)
    found = hashlib.sha256(content).hexdigest()
    if not found == manifest.sha256 == (promised or found):
        raise ModelRefused(
            f"sha256 of the model: came {found}, allowed: {manifest.sha256} by the manifest"
            + (f" and {promised} by champion.json" if promised else "")
        )
    if tried and tried.sha256 != found:
        raise ModelRefused("the model changed while it was loaded")
    contract = manifest.contract
    if contract.name != published.market:
        raise ModelRefused(f"market of the contract: came {contract.name!r}, allowed: {published.market!r}")
    typed = api.load(contract)
    onnx = onnx_session.load(content, contract, manifest.golden, repeats=tried.repeats if tried else None)
    dates = ValuationDates(known=manifest.dates, is_dated=onnx.is_dated)
    codec = HouseCodec(contract, typed, manifest.ranges, dates)
    return LoadedModel(
        market=published.market,
        version=published.number,
        sha256=found,
        contract=contract,
        onnx=onnx,
        api=typed,
        codec=codec,
        json=JsonCodec(typed, codec),
        tensors=TensorCodec(contract, onnx.outputs),
        ranges=TrainingRanges(contract, manifest.ranges),
        dates=dates,
        explainer=explainer.of(manifest.background, onnx, contract) if manifest.background else None,
    )
