"""What ModelStatistics is told of each request."""

import time

import pytest

from inference_server.models.statistics import Statistics


def test_what_a_request_waited_is_queue_and_the_parts_are_the_whole() -> None:
    statistics = Statistics()
    with statistics.timing(accepted=time.perf_counter() - 2) as timing:
        timing.decoded()
        time.sleep(0.02)
        timing.computed(waited=0.01)
    timing.encoded(rows=7)
    parts = [statistics.queue.ns, statistics.decode.ns, statistics.compute.ns, statistics.encode.ns]
    assert statistics.queue.ns / 1e9 == pytest.approx(2.01, abs=0.1)
    assert min(parts) >= 0
    assert sum(parts) == statistics.success.ns
    assert (statistics.rows, statistics.queue.count) == (7, 1)


def test_a_question_of_a_stream_waits_for_a_thread_alone() -> None:
    statistics = Statistics()
    with statistics.timing() as timing:
        timing.computed(waited=0.5)
    timing.encoded(rows=1)
    assert statistics.queue.ns == 5e8


def test_a_request_that_fails_counts_with_what_it_waited() -> None:
    statistics = Statistics()
    with pytest.raises(KeyError), statistics.timing(accepted=time.perf_counter() - 2):
        raise KeyError
    assert statistics.fail.ns / 1e9 == pytest.approx(2, abs=0.1)
    assert statistics.success.count == 0
