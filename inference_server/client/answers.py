"""What a caller gets: prices, or an error."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from google.rpc import error_details_pb2
from grpc_status import rpc_status

from inference_server.arrays import Explanation

_SHED_HINT = "the server has more requests than its --max-in-flight allows, or it stops. Repeat later."


class ClientError(Exception):
    """The server could not be reached, or returned an error."""

    def __init__(self, code: str, message: str, faults: Sequence[str] = ()) -> None:
        self.code = code
        """Name of the gRPC status, such as UNAVAILABLE."""
        self.message = message
        self.faults = tuple(faults)
        """One sentence for each field that the server refuses."""
        super().__init__("\n".join([message, *(f"  {fault}" for fault in faults)]))


@dataclass(frozen=True, kw_only=True)
class Price:
    """The price of one house, in the market's currency."""

    value: float
    lower: float | None
    """Lower end of the prediction interval; None if the model has none."""
    upper: float | None
    warnings: tuple[str, ...]
    """Reasons why the price is less certain."""


@dataclass(frozen=True, kw_only=True)
class Prices:
    """The response to one request."""

    prices: tuple[Price, ...]
    """In the order of the houses."""
    model_version: str
    """The registry version that gave them."""

    def only(self, at: int) -> "Prices":
        """One of them."""
        return Prices(prices=(self.prices[at],), model_version=self.model_version)


@dataclass(frozen=True, kw_only=True)
class Explanations:
    """The response to one request for explanations."""

    explanations: tuple[Explanation, ...]
    """In the order of the houses."""
    model_version: str
    """The registry version that they are of."""


def told(error: Any, address: str) -> ClientError:
    """The error for a gRPC status, with the faults in its details."""
    status = rpc_status.from_call(error)
    faults = []
    for detail in status.details if status else ():
        refused = error_details_pb2.BadRequest()
        if detail.Unpack(refused):
            faults += [f"{fault.field}: {fault.description}" for fault in refused.field_violations]
    code, details = error.code().name, error.details()
    if (
        code == "CANCELLED"
    ):  # this client never cancels: gRPC refused the call on the server, without a message
        details = _SHED_HINT
    return ClientError(code, f"{address}: {details}", faults)
