"""Checkpoints: an audit log's head as text, to be signed and kept out of reach of the registry's writers.

The text has the form of a transparency log's checkpoint, https://c2sp.org/tlog-checkpoint: a line each for
log, the number of its lines, and the hash of the last one in base64. Here that is the head of a chain.
"""

import base64
import binascii

from house_prices.errors import RegistryError
from house_prices.registry.records import Head

ORIGIN = "house-prices/audit/"


def text(market: str, head: Head) -> str:
    """The checkpoint of a market's log."""
    return f"{ORIGIN}{market}\n{head.lines}\n{base64.b64encode(bytes.fromhex(head.hash)).decode()}\n"


def read(content: str, market: str, where: str) -> Head:
    """The head in a checkpoint. Raises RegistryError for one of another log, or for what is none."""
    try:
        origin, lines, hash_, *_ = content.splitlines()
        head = Head(lines=int(lines), hash=base64.b64decode(hash_, validate=True).hex(), kept=where)
    except (ValueError, binascii.Error) as error:
        raise RegistryError(
            f"{where} is no checkpoint; `house-prices models checkpoint` writes one."
        ) from error
    if origin != f"{ORIGIN}{market}":
        raise RegistryError(f"{where} is of {origin[:100]!r}, expected: {ORIGIN}{market}.")
    return head
