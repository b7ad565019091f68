"""What ModelStatistics says of each version."""

from inference_server.models.statistics import ModelStatistics
from inference_server.observability import Failed, Loaded, Priced


def priced(version: int) -> Priced:
    return Priced(
        method="/a/B",
        market="huts",
        version=version,
        id="",
        ended=1.5,
        queue=1.0,
        decode=0.25,
        compute=0.5,
        encode=0.125,
        rows=7,
        inputs=None,
        prices=None,
        metadata={},
    )


def test_the_phases_of_a_request_are_added_to_those_of_its_version() -> None:
    statistics = ModelStatistics()
    for version in (1, 1, 2):
        statistics.priced(priced(version))
    known = statistics.of("huts", 1)
    assert (known.rows, known.priced, known.last_ms) == (14, 2, 1500)
    assert [known.queue, known.decode, known.compute, known.encode] == [2.0, 0.5, 1.0, 0.25]


def test_a_failed_request_counts_apart_with_its_whole_time() -> None:
    statistics = ModelStatistics()
    statistics.failed(Failed(method="/a/B", market="huts", version=1, seconds=2.0))
    known = statistics.of("huts", 1)
    assert (known.failed, known.failed_seconds, known.priced) == (1, 2.0, 0)


def test_a_version_that_is_loaded_again_starts_from_zero() -> None:
    statistics = ModelStatistics()
    statistics.priced(priced(1))
    statistics.loaded(Loaded(market="huts", version=1, outcome="refused", seconds=0.1))
    assert statistics.of("huts", 1).rows == 7
    statistics.loaded(Loaded(market="huts", version=1, outcome="loaded", seconds=0.1))
    assert statistics.of("huts", 1).rows == 0
