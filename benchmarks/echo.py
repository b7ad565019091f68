"""The floor that the server is measured against: grpc.aio that answers one method with a message kept ready.

    python -m benchmarks.echo PATH FILE

PATH is the method's, FILE holds the answer's bytes. Prints the port it listens on. Nothing is decoded,
priced, checked, counted or logged.
"""

import asyncio
import sys
from pathlib import Path
from typing import Any

import grpc


class Echo(grpc.GenericRpcHandler):
    """Answers one path."""

    def __init__(self, path: str, answer: bytes) -> None:
        async def echo(_request: bytes, _context: Any) -> bytes:
            return answer

        self._path = path
        self._handler: Any = grpc.unary_unary_rpc_method_handler(echo)

    def service(self, details: grpc.HandlerCallDetails) -> Any:
        """The handler of a call."""
        return self._handler if details.method == self._path else None


async def main() -> None:
    """Serve until killed."""
    server = grpc.aio.server(options=[("grpc.max_receive_message_length", -1)])
    server.add_generic_rpc_handlers((Echo(sys.argv[1], Path(sys.argv[2]).read_bytes()),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(port, flush=True)
    await server.wait_for_termination()


asyncio.run(main())
