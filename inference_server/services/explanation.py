"""Why a price, in the typed and in the JSON API."""

from collections.abc import Sequence
from dataclasses import dataclass

from inference_server.arrays import Explanation, Inputs
from inference_server.errors import BadMessage, NotExplained
from inference_server.models.executor import Executor
from inference_server.models.loaded_model import LoadedModel
from inference_server.rpc.concurrency_limit import ConcurrencyLimit
from inference_server.rpc.method import Call

MOST_HOUSES = 16
"""In one request: each costs as much as thousands of prices."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Explained:
    """Explanations from the model of a request."""

    model: LoadedModel
    explanations: Sequence[Explanation]


class Explaining:
    """Within a limit of its own, on a thread of its own: predictions do not wait for explanations."""

    def __init__(self, executor: Executor, *, most: int) -> None:
        """`most` is the number of requests that wait or are computed."""
        self._executor = executor
        self._limit = ConcurrencyLimit(most, what="requests for explanations", flag="--max-explanations")

    async def explain(self, model: LoadedModel, inputs: Inputs, call: Call) -> Explained:
        """Why each house has its price by this model."""
        if model.explainer is None:
            raise NotExplained(
                f"version {model.version} of {model.market} was published without typical sales to compare a "
                "house with, so it cannot explain its prices. Train and promote a new version."
            )
        if model.onnx.repeats:
            raise NotExplained(
                f"version {model.version} of {model.market} has a loop, whose time is not limited here, "
                "so it cannot explain its prices."
            )
        if inputs.rows > MOST_HOUSES:
            raise BadMessage(
                f"The request has {inputs.rows} houses to explain, allowed: at most {MOST_HOUSES}. Send "
                "several requests, one after another."
            )
        with self._limit:
            found = await self._executor.explain(model.explainer, inputs, call)
        return Explained(model=model, explanations=found)
