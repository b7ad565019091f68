"""Where predictions run: small ones at once, large ones on threads."""

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor

from inference_server.onnx_model import Inputs, OnnxModel, Prices

INLINE_ROWS = 64
"""Up to here a prediction takes less than handing it to a thread and back would."""


class Compute:
    """Runs predictions without keeping the event loop from other calls for long."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="predict")

    async def predict(self, model: OnnxModel, inputs: Inputs) -> Prices:
        """The price of every house."""
        if inputs.rows <= INLINE_ROWS:
            return model.predict(inputs)
        return await asyncio.get_running_loop().run_in_executor(self._threads, model.predict, inputs)

    def close(self) -> None:
        """Let the threads go once they are done."""
        self._threads.shutdown(wait=False)
