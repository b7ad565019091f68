"""A model file in memory: arrays in, prices out."""

import itertools
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import onnxruntime

from house_prices.contract.schema import Contract
from house_prices.registry import Golden
from inference_server.arrays import (
    CATEGORIES,
    INTERVAL,
    NUMBERS,
    PRICE,
    VALUATION_DATE,
    Inputs,
    Prices,
)
from inference_server.errors import ModelFailed
from inference_server.models import onnx_rules

PARITY = 1e-5
"""Largest relative difference between a replayed golden price and the published one."""

MOST_FAULTS = 5
"""That a refusal lists."""
FEW_ROWS = 32
QUICK_S = 200e-6
"""The cost of running a prediction on a thread instead, on a busy machine."""
_TIMED_ROWS = 256
_TIMING_S = 0.05


class ModelRefused(Exception):
    """A published model is not safe to serve."""


class ReplayFailed(ModelRefused):
    """The model's prices for its golden rows differ from the published ones."""


@dataclass(frozen=True, kw_only=True)
class Tensor:
    """The name, type and width of an input or output; rows are free."""

    name: str
    type: str = "tensor(float)"
    width: int = 1

    def __str__(self) -> str:
        return f"{self.name} {self.type} [N, {self.width}]"


@dataclass(frozen=True, kw_only=True)
class OnnxModel:
    """A warmed session. `predict` may be called from any thread."""

    session: Any = field(repr=False)
    """An onnxruntime.InferenceSession, which has no types."""
    inputs: tuple[str, ...]
    """Those that every request has."""
    outputs: tuple[str, ...]
    repeats: bool = False
    """Whether its time may depend on the values that it prices."""
    is_dated: bool = False
    """Whether its prices depend on the valuation date."""
    quick_rows: int = 0
    """As many houses as it prices in QUICK_S; none if that depends on the houses."""

    def predict(self, inputs: Inputs, until: Any = None) -> Prices:
        """The price of every house; raises ModelFailed if one has none that is finite.

        `until` is an onnxruntime.RunOptions, whose `terminate` ends the prediction.
        """
        prices = self.run(inputs, until)
        if not _are_finite(prices):
            raise ModelFailed("The model gave no finite price for these houses. Its log names the version.")
        return prices

    def run(self, inputs: Inputs, until: Any = None) -> Prices:
        """What the model gives for every house, finite or not."""
        feed: dict[str, object] = {}
        if NUMBERS in self.inputs:
            feed[NUMBERS] = inputs.numbers
        if CATEGORIES in self.inputs:
            feed[CATEGORIES] = inputs.categories
        if self.is_dated and inputs.days is not None:
            feed[VALUATION_DATE] = inputs.days[:, None]
        price, *interval = self.session.run(self.outputs, feed, until)
        if not interval:
            return Prices(price=price.ravel(), lower=None, upper=None)
        lower, upper = interval
        return Prices(price=price.ravel(), lower=lower.ravel(), upper=upper.ravel())


def _are_finite(prices: Prices) -> bool:
    """For few rows, a Python loop takes a third of numpy's time."""
    columns: list[Any] = (
        [prices.price] if prices.lower is None else [prices.price, prices.lower, prices.upper]
    )
    if len(prices.price) > FEW_ROWS:
        return all(np.isfinite(column).all() for column in columns)
    values: list[float] = []
    for column in columns:
        values += column.tolist()
    return all(map(math.isfinite, values))


def load(content: bytes, contract: Contract, golden: Golden, *, repeats: bool | None = None) -> OnnxModel:
    """A model from a file's bytes, checked against its contract and warmed by its golden rows.

    `repeats` is what another process found that has loaded these bytes, None if none has. It has checked the
    rules, too: parsing 40 MB for them takes 0.2 seconds, in which Python does nothing else.
    """
    if repeats is None:
        if wrong := list(itertools.islice(onnx_rules.faults(content), MOST_FAULTS)):
            raise ModelRefused("; ".join(wrong))
        repeats = onnx_rules.repeats(content)
    session = _session(content)
    faults = [*_metadata_faults(session, contract), *_signature_faults(session, contract)]
    if faults:
        raise ModelRefused("; ".join(faults))
    has_interval = len(session.get_outputs()) > 1
    model = OnnxModel(
        session=session,
        inputs=tuple(put.name for put in session.get_inputs()),
        outputs=(PRICE, *INTERVAL) if has_interval else (PRICE,),
        repeats=repeats,
        is_dated=VALUATION_DATE in [put.name for put in session.get_overridable_initializers()],
    )
    houses = _replay(model, contract, golden)
    return model if repeats else replace(model, quick_rows=_rows_within(QUICK_S, model, houses))


def _session(content: bytes) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # more cores are for more requests, not for one request's sums
    options.inter_op_num_threads = 1
    options.log_severity_level = 4  # what goes wrong is raised too, and stderr is for JSON lines
    try:
        return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's errors share no base below Exception
        raise ModelRefused(f"onnxruntime cannot load the file: {error}") from error


def _metadata_faults(session: Any, contract: Contract) -> Iterator[str]:
    written = session.get_modelmeta().custom_metadata_map
    for key, wanted in {"market": contract.name, "contract_digest": contract.digest}.items():
        if written.get(key) != wanted:
            yield f"the file's metadata {key}: came {written.get(key)!r}, allowed: {wanted!r}"


def _signature_faults(session: Any, contract: Contract) -> Iterator[str]:
    numbers = Tensor(name=NUMBERS, width=len(contract.numbers))
    categories = Tensor(name=CATEGORIES, type="tensor(string)", width=len(contract.categories))
    inputs = [tensor for tensor in (numbers, categories) if tensor.width]
    price = Tensor(name=PRICE)
    interval = [Tensor(name=name) for name in INTERVAL]
    yield from _tensor_faults("inputs", session.get_inputs(), [inputs])
    yield from _tensor_faults("outputs", session.get_outputs(), [[price], [price, *interval]])


def _tensor_faults(what: str, nodes: list[Any], allowed: list[list[Tensor]]) -> Iterator[str]:
    came = sorted(_described(node) for node in nodes)
    if came not in [sorted(map(str, tensors)) for tensors in allowed]:
        choices = " or ".join(", ".join(map(str, tensors)) for tensors in allowed)
        yield f"{what}: came {', '.join(came)}, allowed: {choices}"


def _described(node: Any) -> str:
    """A node as a Tensor prints itself; a fixed number of rows, or another rank, prints otherwise."""
    shape = ["N" if not isinstance(size, int) else size for size in node.shape]
    return f"{node.name} {node.type} [{', '.join(map(str, shape))}]"


def _rows_within(seconds: float, model: OnnxModel, houses: Inputs) -> int:
    """As many rows as the model prices in so many seconds: the best of three tries, or one if it is slow."""
    rows = np.resize(np.arange(houses.rows), _TIMED_ROWS)
    many = houses[rows]
    tries: list[float] = []
    while len(tries) < 3 and sum(tries) < _TIMING_S:
        began = time.perf_counter()
        model.predict(many)
        tries.append(time.perf_counter() - began)
    return int(seconds / min(tries) * _TIMED_ROWS)


def _replay(model: OnnxModel, contract: Contract, golden: Golden) -> Inputs:
    """The golden rows, after checking that the model reproduces their published prices.

    They are priced in one batch, and the first one on its own.
    """
    rows = len(golden.prices)
    if not rows:
        raise ModelRefused("the manifest has no golden rows, so the model cannot be verified")
    try:
        inputs = Inputs(
            numbers=np.array(golden.numbers, np.float32).reshape(rows, len(contract.numbers)),
            categories=np.array(golden.categories, np.object_).reshape(rows, len(contract.categories)),
            days=None if golden.days is None else np.array(golden.days, np.float32).reshape(rows),
        )
        together = model.predict(inputs).price
        alone = model.predict(inputs[:1]).price
    except Exception as error:  # onnxruntime's errors share no base below Exception
        raise ReplayFailed(f"the golden rows cannot be replayed: {error}") from error
    came = np.concatenate([together, alone])
    published = np.array([*golden.prices, golden.prices[0]])
    worst = float(np.max(np.abs(came - published) / np.maximum(np.abs(published), 1e-9)))
    if not worst <= PARITY:
        raise ReplayFailed(f"golden rows: prices differ by {worst:.2g} of the published, allowed: {PARITY:g}")
    return inputs
