"""Counts for Prometheus. Cells are looked up once, so that a request costs a few additions."""

from google.rpc import code_pb2

from inference_server.observability import metric_names
from inference_server.observability.events import Answered, Loaded, Observer, Priced
from inference_server.observability.metric_store import MetricStore, observe, observe_each


class Metrics(Observer):
    """Adds events to a metric store."""

    def __init__(self, store: MetricStore) -> None:
        self._store = store
        self._calls: dict[tuple[str, str, int, int], tuple[list[float], list[float]]] = {}
        self._requests: dict[tuple[str, int], tuple[list[float], ...]] = {}

    def answered(self, answered: Answered) -> None:
        """Count the call."""
        key = (answered.method, answered.market, answered.version, answered.code)
        cells = self._calls.get(key)
        if cells is None:
            cells = self._calls[key] = self._cells_of_call(*key)
        cells[0][0] += 1
        observe(cells[1], metric_names.SECONDS, answered.seconds)
        if answered.is_shed:
            self._store.add(metric_names.SHED, answered.method)

    def priced(self, priced: Priced) -> None:
        """Count its rows and the time of each phase."""
        key = (priced.market, priced.version)
        cells = self._requests.get(key)
        if cells is None:
            cells = self._requests[key] = self._cells_of_request(*key)
        rows, *phases = cells
        rows[0] += priced.rows
        times = (priced.queue, priced.decode, priced.compute, priced.encode)
        observe_each(phases, metric_names.PHASE_SECONDS, times)

    def loaded(self, loaded: Loaded) -> None:
        """Count the load, and the replay that was part of it."""
        self._store.add(metric_names.LOADS, loaded.market, loaded.outcome)
        observe(
            self._store.cell(metric_names.LOAD_SECONDS, loaded.market), metric_names.SECONDS, loaded.seconds
        )
        if loaded.outcome in ("loaded", "replay_failed"):
            outcome = "passed" if loaded.outcome == "loaded" else "failed"
            self._store.add(metric_names.REPLAYS, loaded.market, outcome)

    def _cells_of_call(
        self, method: str, market: str, version: int, code: int
    ) -> tuple[list[float], list[float]]:
        name = code_pb2.Code.Name(code)
        counted = self._store.cell(metric_names.REQUESTS, method, market, str(version or ""), name)
        return counted, self._store.cell(metric_names.REQUEST_SECONDS, method, market)

    def _cells_of_request(self, market: str, version: int) -> tuple[list[float], ...]:
        phases = ("queue", "decode", "compute", "encode")
        times = [self._store.cell(metric_names.PHASES, market, phase) for phase in phases]
        return (self._store.cell(metric_names.ROWS, market, str(version)), *times)
