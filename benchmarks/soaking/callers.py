"""Threads that send requests as fast as responses arrive, and know each version's prices."""

import itertools
import threading
from collections import Counter
from typing import Any

from benchmarks.soaking.huts import CONTRACT, MARKET, price
from inference_server.client import Client, ClientError


class Callers:
    """Ask for the prices of different huts until the block ends."""

    def __init__(self, address: str, *, threads: int = 4, effort: int = 0, **options: Any) -> None:
        self._address = address
        self._options = options
        self._effort = effort
        self._end = threading.Event()
        self._counts: list[Counter[str]] = [Counter() for _ in range(threads)]
        self._threads = [threading.Thread(target=self._run, args=[count]) for count in self._counts]
        self.wrong: list[str] = []
        """Responses with a price that is not their version's."""
        self._newest = 0

    @property
    def codes(self) -> "Counter[str]":
        """How often each gRPC code was returned, including OK."""
        return sum((Counter(dict(count)) for count in self._counts), Counter())

    @property
    def failures(self) -> dict[str, int]:
        """The codes other than OK."""
        return {code: count for code, count in self.codes.items() if code != "OK"}

    def has_heard(self, version: int) -> bool:
        """Whether a version has answered."""
        return self._newest >= version

    def _run(self, codes: "Counter[str]") -> None:
        areas = itertools.cycle(map(float, range(1, 1000)))
        with Client(self._address, contracts=[CONTRACT], **self._options) as client:
            while not self._end.is_set():
                codes[self._ask(client, next(areas))] += 1

    def _ask(self, client: Client, area: float) -> str:
        """OK, or the code of the error."""
        try:
            answer = client.predict(MARKET, [{"area": area, "effort": self._effort}])
        except ClientError as error:
            return error.code
        version, came = int(answer.model_version), answer.prices[0].value
        if came != price(version, area):
            self.wrong.append(f"version {version} gave {came} for an area of {area}")
        self._newest = max(self._newest, version)
        return "OK"

    def __enter__(self) -> "Callers":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        for thread in self._threads:
            thread.join()
