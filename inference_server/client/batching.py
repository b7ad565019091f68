"""Which houses of a batch a refusal is about."""

import re
from collections.abc import Sequence

from inference_server.client.answers import ClientError

MOST_HOUSES = 64
"""In one request. Up to here the server computes at once, without a thread."""
_PLACE = re.compile(r"houses\[(\d+)\]")


def blamed(error: ClientError, count: int) -> dict[int, ClientError]:
    """An error of its own for each house that the error is about; empty if it is about all of them."""
    if error.code != "INVALID_ARGUMENT" or count == 1:
        return {}
    faults: dict[int, list[str]] = {}
    for fault in error.faults:
        if named := _PLACE.match(fault):
            faults.setdefault(int(named[1]), []).append(_PLACE.sub("houses[0]", fault, count=1))
    return {place: ClientError(error.code, _own_message(own), own) for place, own in faults.items()}


def _own_message(faults: Sequence[str]) -> str:
    return f"The house has {len(faults)} {'fault' if len(faults) == 1 else 'faults'}."
