"""How many requests are in flight, and no more than allowed."""

from inference_server.errors import Overloaded, Stopping


class ConcurrencyLimit:
    """A context manager around each request. Counts on the event loop, so without a lock."""

    def __init__(self, most: int, *, what: str = "requests", flag: str = "--max-in-flight") -> None:
        """`flag` is the setting that has set the limit."""
        self.most = most
        self._what, self._flag = what, flag
        self.count = 0
        """Requests in flight now."""
        self._is_closed = False

    def close(self) -> None:
        """Refuse all from now on."""
        self._is_closed = True

    def __enter__(self) -> None:
        """Count a request that is authorized and has arrived; raises Overloaded or Stopping."""
        if self._is_closed:
            raise Stopping
        if self.count >= self.most:
            raise Overloaded(self.most, what=self._what, flag=self._flag)
        self.count += 1

    def __exit__(self, *_: object) -> None:
        self.count -= 1
