"""The time that a request spends in each phase."""

import time

import pytest

from inference_server.rpc.stopwatch import Stopwatch


def test_the_wait_for_a_thread_is_queue_and_the_phases_add_up_to_the_whole() -> None:
    watch = Stopwatch(time.perf_counter() - 2)
    watch.decoded()
    time.sleep(0.02)
    watch.computed(waited=0.01)
    watch.encoded()
    whole = watch.elapsed()
    assert watch.queue == pytest.approx(2.01, abs=0.1)
    assert watch.compute == pytest.approx(0.01, abs=0.1)
    assert watch.queue + watch.decode + watch.compute + watch.encode == pytest.approx(whole, abs=0.01)


def test_a_request_that_was_not_accepted_on_its_own_waits_for_a_thread_alone() -> None:
    watch = Stopwatch()
    watch.computed(waited=0.5)
    assert watch.queue == 0.5
