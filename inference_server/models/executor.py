"""Runs predictions: quick ones on the event loop, others on threads."""

import asyncio
import os
import time
from concurrent.futures import ThreadPoolExecutor

from inference_server.arrays import Inputs, Prices
from inference_server.models.onnx_session import OnnxModel
from inference_server.rpc.method import Call


class Executor:
    """Runs predictions without blocking the event loop for long."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="predict")

    async def predict(self, model: OnnxModel, inputs: Inputs, call: Call) -> Prices:
        """The price of every house; raises DeadlinePassed if the caller no longer waits."""
        call.check_deadline()
        if inputs.rows <= model.quick_rows:
            prices = model.predict(inputs)
        else:
            prices = await self._on_a_thread(model, inputs, call)
        call.inputs, call.prices = inputs, prices
        return prices

    async def _on_a_thread(self, model: OnnxModel, inputs: Inputs, call: Call) -> Prices:
        asked = time.perf_counter()

        def predict() -> Prices:
            call.waited = time.perf_counter() - asked
            call.check_deadline()
            return model.predict(inputs)

        return await asyncio.get_running_loop().run_in_executor(self._threads, predict)

    def close(self) -> None:
        """End the threads once they are idle."""
        self._threads.shutdown(wait=False)
