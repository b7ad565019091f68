"""How a candidate's speed is held against the champion's."""

import pytest

from house_prices.evaluation import serving_test


class Machine:
    """A clock, and calls that take 1 ms on it, or 9 ms while the machine is busy."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, busy_calls: int) -> None:
        self.now = 0.0
        self.calls = 0
        self.busy_calls = busy_calls
        monkeypatch.setattr(serving_test.time, "perf_counter", lambda: self.now)

    def call(self) -> None:
        self.calls += 1
        self.now += 0.009 if self.calls <= self.busy_calls else 0.001


def test_a_busy_machine_slows_candidate_and_champion_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(monkeypatch, busy_calls=serving_test.REQUESTS)
    mine, theirs = serving_test.p99_ms([machine.call, machine.call])
    assert mine == pytest.approx(theirs)
    assert mine == pytest.approx(9.0)


def test_a_slower_candidate_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(monkeypatch, busy_calls=0)

    def slow() -> None:
        machine.call()
        machine.call()

    assert serving_test.p99_ms([slow, machine.call]) == pytest.approx([2.0, 1.0])


@pytest.mark.parametrize(("busy_rounds", "ms"), [(0, 1.0), (5, 1.0), (99, 9.0)])
def test_a_machine_that_is_busy_for_a_while_rejects_nobody(
    monkeypatch: pytest.MonkeyPatch, busy_rounds: int, ms: float
) -> None:
    calls = serving_test.REQUESTS + serving_test.REQUESTS // 5
    machine = Machine(monkeypatch, busy_calls=busy_rounds * calls)
    assert serving_test.best_ms([machine.call], allowed=8.0) == pytest.approx([ms])
    assert machine.calls == min(busy_rounds + 1, serving_test.PATIENT_ROUNDS) * calls
