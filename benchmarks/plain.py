"""What one would write by hand: a grpc.aio handler that prices typed houses with onnxruntime, and no more.

    python -m benchmarks.plain MODELS MARKET

Nothing is checked, limited, counted or logged. Prints the port it listens on.
"""

import asyncio
import sys
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import onnxruntime

from house_prices.contract import proto
from house_prices.registry import Registry


class Plain(grpc.GenericRpcHandler):
    """Answers Predict of one market."""

    def __init__(self, registry: Registry, market: str) -> None:
        version = registry.version(market, 1)
        api, names = (
            proto.load(version.manifest.contract),
            [one.name for one in version.manifest.contract.numbers],
        )
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        session = onnxruntime.InferenceSession(version.model, options, providers=["CPUExecutionProvider"])

        async def predict(request: Any, _context: Any) -> Any:
            rows = [[getattr(house, name) for name in names] for house in request.houses]
            price, lower, upper = session.run(None, {"numbers": np.array(rows, np.float32)})
            response: Any = api.response(model_version="1")
            for row in range(len(rows)):
                response.predictions.add(price=price[row, 0], lower=lower[row, 0], upper=upper[row, 0])
            return response

        self._path = f"/{api.service}/Predict"
        request: Any = api.request
        self._handler: Any = grpc.unary_unary_rpc_method_handler(
            predict,
            request_deserializer=request.FromString,
            response_serializer=lambda response: response.SerializeToString(),
        )

    def service(self, details: grpc.HandlerCallDetails) -> Any:
        """The handler of a call."""
        return self._handler if details.method == self._path else None


async def main() -> None:
    """Serve until killed."""
    server = grpc.aio.server(options=[("grpc.max_receive_message_length", -1)])
    server.add_generic_rpc_handlers((Plain(Registry(Path(sys.argv[1])), sys.argv[2]),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(port, flush=True)
    await server.wait_for_termination()


asyncio.run(main())
