"""Callers that ask as fast as they are answered."""

import threading
from collections import Counter
from typing import Any

from inference_server.client import Client, ClientError
from tests.models import HUT


class Load:
    """Threads that ask for the price of HUT until the block ends."""

    def __init__(self, address: str, *, threads: int = 4, **options: Any) -> None:
        self.codes: Counter[str] = Counter()
        """How often each gRPC code came; OK among them."""
        self._address = address
        self._options = options
        self._end = threading.Event()
        self._threads = [threading.Thread(target=self._run) for _ in range(threads)]

    @property
    def failures(self) -> dict[str, int]:
        """Those codes that are not OK."""
        return {code: count for code, count in self.codes.items() if code != "OK"}

    def _run(self) -> None:
        with Client(self._address, **self._options) as client:
            while not self._end.is_set():
                try:
                    client.predict("huts", [HUT])
                    self.codes["OK"] += 1
                except ClientError as error:
                    self.codes[error.code] += 1

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        for thread in self._threads:
            thread.join()
