"""A client of the Open Inference Protocol: arrays in, arrays out, over a gRPC channel."""

from collections.abc import Mapping, Sequence
from typing import Any

import grpc
import numpy as np
from numpy.typing import NDArray

from inference_server.arrays import CATEGORIES, NUMBERS, PRICE, VALUATION_DATE, Floats
from inference_server.codecs import oip_messages
from inference_server.codecs.oip_messages import messages
from inference_server.codecs.oip_tensors import BYTES, FP32


class OipClient:
    """Calls one server. Errors are gRPC's own."""

    def __init__(self, channel: grpc.Channel, *, timeout_s: float = 10.0) -> None:
        self._channel = channel
        self._timeout_s = timeout_s

    def infer(
        self,
        model: str,
        numbers: NDArray[Any],
        categories: NDArray[Any] | None = None,
        *,
        days: NDArray[Any] | None = None,
        outputs: Sequence[str] = (PRICE,),
    ) -> Mapping[str, Floats]:
        """Each output, [rows], of the champion; `categories` are texts, [rows, categories].

        `days` are the valuation dates, in days from 1970-01-01, [rows]; NaN is the model's reference date.
        """
        request = messages.ModelInferRequest(model_name=model)
        for name in outputs:
            request.outputs.add(name=name)
        if numbers.shape[1]:
            request.inputs.add(name=NUMBERS, datatype=FP32, shape=numbers.shape)
            request.raw_input_contents.append(numbers.astype("<f4").tobytes())
        if categories is not None and categories.shape[1]:
            request.inputs.add(name=CATEGORIES, datatype=BYTES, shape=categories.shape)
            request.raw_input_contents.append(raw_texts(categories.ravel().tolist()))
        if days is not None:
            request.inputs.add(name=VALUATION_DATE, datatype=FP32, shape=(len(days), 1))
            request.raw_input_contents.append(days.astype("<f4").tobytes())
        response = self._call("ModelInfer", request)
        columns = [np.frombuffer(raw, "<f4") for raw in response.raw_output_contents]
        return dict(zip((output.name for output in response.outputs), columns, strict=True))

    def model_metadata(self, model: str, version: str = "") -> Any:
        """The ModelMetadataResponse of a version, or of the champion."""
        return self._call("ModelMetadata", messages.ModelMetadataRequest(name=model, version=version))

    def _call(self, name: str, request: Any) -> Any:
        call: Any = self._channel.unary_unary(
            oip_messages.path(name),
            request_serializer=type(request).SerializeToString,
            response_deserializer=getattr(messages, f"{name}Response").FromString,
        )
        return call(request, timeout=self._timeout_s)


def raw_texts(texts: Sequence[str]) -> bytes:
    """A BYTES tensor: each text with its length before it, in 4 bytes."""
    encoded = [text.encode() for text in texts]
    return b"".join(len(text).to_bytes(4, "little") + text for text in encoded)
