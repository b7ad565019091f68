"""Faults put before the gate on purpose are met as they should be."""

from collections.abc import Callable

import pytest

from benchmarks.gate_drills import DRILLS, Drill


@pytest.mark.parametrize("drill", DRILLS, ids=lambda drill: drill.__name__)
def test_a_fault_is_met_as_it_should_be(drill: Callable[[], Drill]) -> None:
    found = drill()
    assert found.kept, found.said
