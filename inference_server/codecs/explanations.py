"""Writes ExplainResponse."""

from collections.abc import Iterable
from typing import Any

from house_prices.contract.proto import Api
from inference_server.arrays import Explanation


def written(api: Api, explanations: Iterable[Explanation], version: int) -> bytes:
    """The response's bytes."""
    response: Any = api.explained(model_version=str(version))
    for explanation in explanations:
        message = response.explanations.add(price=explanation.price, base=explanation.base)
        for one in explanation.contributions:
            message.contributions.add(features=one.features, amount=one.amount, factor=one.factor)
    found: bytes = response.SerializeToString()
    return found
