"""A house, and its price asked for all the while."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from inference_server.client import Client, ClientError

HOUSE: dict[str, Any] = {
    "area": 120, "garage": 1, "fire_place": 1, "baths": 2, "white_marble": False, "black_marble": False,
    "indian_marble": True, "floors": True, "city": 1, "solar": False, "electric": True, "fiber": False,
    "glass_doors": True, "swimming_pool": False, "garden": True,
}  # fmt: skip


def price(address: str) -> float | None:
    """What the house costs; None where nobody says."""
    try:
        with Client(address) as client:
            return float(client.predict("halfmil", [HOUSE]).prices[0].value)
    except ClientError:
        return None


@contextmanager
def asking(address: str) -> Iterator[list[float]]:
    """Prices, asked for one after the other until the block ends. None may fail."""
    answers: list[float] = []
    faults: list[ClientError] = []
    over = threading.Event()

    def ask() -> None:
        with Client(address) as client:
            while not over.is_set():
                try:
                    answers.append(client.predict("halfmil", [HOUSE]).prices[0].value)
                except ClientError as fault:
                    faults.append(fault)
                over.wait(0.01)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield answers
    finally:
        over.set()
        thread.join()
    assert not faults, f"{len(faults)} of {len(faults) + len(answers)}, the first: {faults[0]}"
