"""Routes by path, looked up for every call, so that a new market needs no restart."""

from collections.abc import Iterable

from inference_server.rpc.method import Method, Route, not_offered
from inference_server.services.prediction import PredictionServices


class Router:
    """Finds the routes of fixed services, and of the markets that are served at the moment."""

    def __init__(self, fixed: Iterable[Route], predictions: PredictionServices | None = None) -> None:
        self._fixed: dict[str, Route] = {route.path: route for route in fixed}
        self._predictions = predictions

    def find(self, path: str) -> Route | None:
        """The route of /package.Service/Method; None if there is none."""
        fixed = self._fixed.get(path)
        return fixed or (self._predictions.find(path) if self._predictions else None)


def missing(path: str) -> Method[bytes, bytes]:
    """A method that answers for a route that does not exist."""
    return not_offered(path, "Reflection lists the services that are.")
