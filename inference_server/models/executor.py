"""Runs predictions: quick ones on the event loop, others on threads."""

import asyncio
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import onnxruntime

from inference_server.arrays import Explanation, Inputs, Prices
from inference_server.errors import DeadlinePassed, ModelFailed
from inference_server.models.explainer import Explainer
from inference_server.models.onnx_session import OnnxModel
from inference_server.rpc.method import Call

MOST_SECONDS = 60
"""That a prediction may take, waiting for a thread included. It also ends when its caller leaves."""


class Executor:
    """Runs predictions without blocking the event loop for long."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="predict")
        self._explaining = ThreadPoolExecutor(1, thread_name_prefix="explain")
        """One, so that explanations leave the other processors to predictions."""

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
        asked, until = time.perf_counter(), onnxruntime.RunOptions()

        def predict() -> Prices:
            call.waited = time.perf_counter() - asked
            call.check_deadline()
            return model.predict(inputs, until)

        running = asyncio.get_running_loop().run_in_executor(self._threads, predict)
        try:
            done, _ = await asyncio.wait({running}, timeout=MOST_SECONDS)
            if done:
                return running.result()
            raise ModelFailed(f"The model took longer than {MOST_SECONDS} seconds, allowed: at most that.")
        finally:
            until.terminate = True  # nobody waits for it any longer
            running.cancel()

    async def explain(self, explainer: Explainer, inputs: Inputs, call: Call) -> list[Explanation]:
        """Why every house has its price; raises DeadlinePassed as soon as the caller no longer waits."""
        ended = threading.Event()

        def check() -> None:
            call.check_deadline()
            if ended.is_set():
                raise DeadlinePassed

        def explain() -> list[Explanation]:
            return [explainer.explain(inputs[row : row + 1], check) for row in range(inputs.rows)]

        try:
            return await asyncio.get_running_loop().run_in_executor(self._explaining, explain)
        finally:
            ended.set()  # a caller that has left costs no more

    def close(self) -> None:
        """End the threads once they are idle."""
        self._threads.shutdown(wait=False)
        self._explaining.shutdown(wait=False, cancel_futures=True)
