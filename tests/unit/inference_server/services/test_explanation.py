"""Explanations have a limit of their own."""

import asyncio
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

from inference_server.arrays import Explanation, Inputs
from inference_server.errors import Overloaded
from inference_server.models.executor import Executor
from inference_server.models.loaded_model import LoadedModel
from inference_server.rpc.method import Call
from inference_server.services.explanation import Explaining

MODEL = cast(LoadedModel, SimpleNamespace(explainer=object(), onnx=SimpleNamespace(repeats=False)))
HOUSE = Inputs(numbers=np.zeros((1, 1), np.float32), categories=np.empty((1, 0), object))
CALL = Call(deadline=None, metadata={})


class Patient:
    """Explains once it is let go."""

    def __init__(self) -> None:
        self.go = asyncio.Event()

    async def explain(self, *_: object) -> list[Explanation]:
        await self.go.wait()
        return []


def test_explanations_over_their_limit_are_refused_until_others_end() -> None:
    async def refused_and_then_not() -> str:
        patient = Patient()
        explaining = Explaining(cast(Executor, patient), most=1)
        first = asyncio.create_task(explaining.explain(MODEL, HOUSE, CALL))
        await asyncio.sleep(0)
        with pytest.raises(Overloaded) as refused:
            await explaining.explain(MODEL, HOUSE, CALL)
        patient.go.set()
        await first
        await explaining.explain(MODEL, HOUSE, CALL)
        return str(refused.value)

    told = asyncio.run(refused_and_then_not())
    assert "1 requests for explanations in flight" in told
    assert "--max-explanations (INFERENCE_SERVER_MAX_EXPLANATIONS)" in told
