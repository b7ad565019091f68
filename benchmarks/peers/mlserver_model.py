"""The model in MLServer, which loads this file: onnxruntime behind its codecs."""

from typing import Any

import onnxruntime
from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceRequest, InferenceResponse


class Onnx(MLModel):
    """Any ONNX model with one input of numbers."""

    async def load(self) -> bool:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        providers = ["CPUExecutionProvider"]
        self._session: Any = onnxruntime.InferenceSession(
            self.settings.parameters.uri, options, providers=providers
        )
        self._names = [output.name for output in self._session.get_outputs()]
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        numbers = NumpyCodec.decode_input(payload.inputs[0])
        found = self._session.run(self._names, {"numbers": numbers})
        outputs = [
            NumpyCodec.encode_output(name, column) for name, column in zip(self._names, found, strict=True)
        ]
        return InferenceResponse(model_name=self.name, outputs=outputs)
