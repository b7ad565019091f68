"""Requests of the Open Inference Protocol, written field by field, and a caller that sends them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import grpc
import numpy as np
from google.protobuf import message_factory
from google.protobuf.message import Message

from inference_server.codecs import oip_messages
from inference_server.codecs.oip_messages import messages

_METHODS = oip_messages.POOL.FindServiceByName(oip_messages.SERVICE).methods_by_name
ROW = [100.0, 3.0, 0.0, float("nan")]
TEXTS = [b"flat", b"none", b""]
PRICE = 1203.0
"""Of ROW and TEXTS, by a model of base 0."""


class Caller:
    """Calls a method by its name, with a message or with bytes."""

    def __init__(self, channel: grpc.Channel) -> None:
        self.channel = channel

    def __call__(self, name: str, request: Message | bytes, **metadata: str) -> Any:
        described = _METHODS[name]
        call = self.channel.unary_unary(
            oip_messages.path(name),
            request_serializer=_bytes,
            response_deserializer=message_factory.GetMessageClass(described.output_type).FromString,
        )
        sent = [(key.replace("_", "-"), value) for key, value in metadata.items()]
        return call(request, timeout=20, metadata=sent)

    def stream(self, requests: Sequence[Message | bytes]) -> Iterator[Any]:
        call = self.channel.stream_stream(
            oip_messages.path("ModelStreamInfer"),
            request_serializer=_bytes,
            response_deserializer=messages.ModelStreamInferResponse.FromString,
        )
        yield from call(iter(requests), timeout=20)


@contextmanager
def calling(address: str) -> Iterator[Caller]:
    limits = [("grpc.max_receive_message_length", -1)]
    with grpc.insecure_channel(address, options=limits) as channel:
        yield Caller(channel)


def raw_texts(texts: Sequence[bytes]) -> bytes:
    return b"".join(len(text).to_bytes(4, "little") + text for text in texts)


def tensor(name: str, datatype: str, shape: Sequence[int], **contents: Sequence[Any]) -> dict[str, Any]:
    return {
        "name": name,
        "datatype": datatype,
        "shape": shape,
        **({"contents": contents} if contents else {}),
    }


def raw_request(rows: int = 1, **changes: Any) -> Any:
    """A sound request for huts in raw_input_contents, but for the changes."""
    fields: dict[str, Any] = {
        "model_name": "huts",
        "inputs": [tensor("numbers", "FP32", [rows, 4]), tensor("categories", "BYTES", [rows, 3])],
        "raw_input_contents": [np.array(ROW * rows, "<f4").tobytes(), raw_texts(TEXTS * rows)],
    }
    return messages.ModelInferRequest(**{**fields, **changes})


def typed_request(rows: int = 1, **changes: Any) -> Any:
    """The same in typed contents."""
    inputs = [
        tensor("numbers", "FP32", [rows, 4], fp32_contents=ROW * rows),
        tensor("categories", "BYTES", [rows, 3], bytes_contents=TEXTS * rows),
    ]
    return messages.ModelInferRequest(**{"model_name": "huts", "inputs": inputs, **changes})


def raw_prices(response: Any) -> list[float]:
    return np.frombuffer(response.raw_output_contents[0], "<f4").tolist()


def _bytes(request: Message | bytes) -> bytes:
    return request if isinstance(request, bytes) else request.SerializeToString()
