"""The sample house's price, once and all the while."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from inference_server.client import Client, ClientError
from tests.e2e.stubs import SAMPLE_HOUSE


def price(address: str) -> float | None:
    """What the house costs; None where nobody says."""
    try:
        with Client(address) as client:
            return float(client.predict("halfmil", [SAMPLE_HOUSE]).prices[0].value)
    except ClientError:
        return None


@contextmanager
def asking(ask: Callable[[], object]) -> Iterator[list[Any]]:
    """Ask one time after the other until the block ends; the list fills with answers, and with errors."""
    answers: list[Any] = []
    over = threading.Event()

    def ask_again() -> None:
        while not over.is_set():
            try:
                answers.append(ask())
            except Exception as error:  # noqa: BLE001  # whatever it is, the test is to say so
                answers.append(error)
            over.wait(0.01)

    thread = threading.Thread(target=ask_again)
    thread.start()
    try:
        yield answers
    finally:
        over.set()
        thread.join()


@contextmanager
def priced(address: str) -> Iterator[list[float]]:
    """The house's prices, asked for until the block ends. None may fail."""
    with (
        Client(address) as client,
        asking(lambda: client.predict("halfmil", [SAMPLE_HOUSE]).prices[0].value) as answers,
    ):
        yield answers
    faults = [answer for answer in answers if not isinstance(answer, float)]
    assert not faults, f"{len(faults)} of {len(answers)}, the first: {faults[0]}"
