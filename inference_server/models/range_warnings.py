"""Warnings for houses outside the range of the training data."""

from collections.abc import Mapping

import numpy as np

from house_prices.contract.schema import Contract, plain
from inference_server.arrays import Inputs


class TrainingRanges:
    """The least and greatest value of each number, integer and flag that the model was trained on."""

    def __init__(self, contract: Contract, ranges: Mapping[str, tuple[float, float]]) -> None:
        everything = (-np.inf, np.inf)
        known = [ranges.get(feature.name, everything) for feature in contract.numbers]
        self._names = [feature.name for feature in contract.numbers]
        self._low, self._high = np.array(known, np.float32).reshape(-1, 2).T

    def warnings(self, inputs: Inputs) -> dict[int, list[str]]:
        """A sentence for each value out of range, by row; rows without any are left out."""
        below, above = inputs.numbers < self._low, inputs.numbers > self._high
        if not (below.any() or above.any()):
            return {}
        found: dict[int, list[str]] = {}
        for row, column in np.argwhere(below | above).tolist():
            value, name = _plain(inputs.numbers[row, column]), self._names[column]
            if below[row, column]:
                seen = f"below {_plain(self._low[column])}, the smallest seen in training"
            else:
                seen = f"above {_plain(self._high[column])}, the largest seen in training"
            found.setdefault(row, []).append(f"{name} {value} is {seen}")
        return found


def _plain(value: np.float32) -> str:
    """As few digits as tell the number from its float32 neighbours: 0.1, not 0.10000000149011612."""
    return plain(float(str(value)))
