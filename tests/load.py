"""Callers that ask as fast as they are answered."""

import threading
from collections import Counter
from typing import Any

from inference_server.client import Client, ClientError
from tests.models import HUT


class Load:
    """Threads that ask for the price of HUT, as fast as they are answered, until the block ends."""

    def __init__(self, address: str, *, threads: int = 4, **options: Any) -> None:
        self.codes: Counter[str] = Counter()
        """How often each gRPC code came, or another error; OK among them."""
        self.prices: list[tuple[str, float]] = []
        """The model version and the price of each response."""
        self._address = address
        self._options = options
        self._end = threading.Event()
        self._threads = [threading.Thread(target=self._run) for _ in range(threads)]

    @property
    def failures(self) -> dict[str, int]:
        """Those codes that are not OK."""
        return {code: count for code, count in self.codes.items() if code != "OK"}

    @property
    def versions(self) -> set[str]:
        """Those that have answered."""
        return {version for version, _ in self.prices}

    def _run(self) -> None:
        with Client(self._address, **self._options) as client:
            while not self._end.is_set():
                try:
                    answer = client.predict("huts", [HUT])
                    self.codes["OK"] += 1
                    self.prices.append((answer.model_version, answer.prices[0].value))
                except ClientError as error:
                    self.codes[error.code] += 1
                except Exception as error:  # noqa: BLE001  # a thread's errors are seen nowhere else
                    self.codes[repr(error)] += 1

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        for thread in self._threads:
            thread.join()
