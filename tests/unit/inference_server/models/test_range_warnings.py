"""Warnings for what training never saw."""

import numpy as np
import pytest

from inference_server.arrays import Inputs
from inference_server.models.range_warnings import TrainingRanges
from tests import models

RANGES = TrainingRanges(models.contract(), {"area": (0.1, 249.0), "rooms": (1.0, 9.0)})


def inputs(*rows: tuple[float, ...]) -> Inputs:
    return Inputs(numbers=np.array(rows, np.float32), categories=np.empty((len(rows), 3), np.object_))


@pytest.mark.parametrize("area", [0.1, 100, 249])
def test_what_training_saw_needs_no_words_up_to_its_ends(area: float) -> None:
    assert RANGES.warnings(inputs((area, 1, 0, -1e9))) == {}


def test_each_value_outside_has_a_sentence_in_its_row() -> None:
    found = RANGES.warnings(inputs((100, 5, 0, 0), (0.05, 10, 0, 0)))
    assert found == {
        1: [
            "area 0.05 is below 0.1, the smallest seen in training",
            "rooms 10 is above 9, the largest seen in training",
        ]
    }


def test_what_is_missing_is_not_outside() -> None:
    assert RANGES.warnings(inputs((np.nan, 1, 0, np.nan))) == {}
