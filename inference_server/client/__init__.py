"""A client that needs no generated stubs.

    with Client("127.0.0.1:8001") as client:
        client.predict("halfmil", [{"area": 120, "garage": 1}]).prices[0].value

It learns a market's messages by asking the server, or from the market's contract if it is given.
`AsyncClient` is the same for asyncio.
"""

from inference_server.arrays import Contribution, Explanation
from inference_server.client.answers import ClientError, Explanations, Price, Prices
from inference_server.client.asynchronous import AsyncClient
from inference_server.client.channels import Tls
from inference_server.client.sync import Client

__all__ = [
    "AsyncClient",
    "Client",
    "ClientError",
    "Contribution",
    "Explanation",
    "Explanations",
    "Price",
    "Prices",
    "Tls",
]
