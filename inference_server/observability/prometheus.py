"""The metrics over HTTP, as Prometheus scrapes them."""

import contextlib
import threading
from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from inference_server.observability import metric_names
from inference_server.observability.metric_store import Kind, Metric, Numbers
from inference_server.sockets import CannotListen


class Exposition(Collector):
    """Asks for the numbers at each scrape."""

    def __init__(self, numbers: Callable[[], Numbers]) -> None:
        self._numbers = numbers

    def collect(self) -> Iterator[Family]:
        """Every metric, with those of its labels that there are."""
        by_name: dict[str, dict[tuple[str, ...], list[float]]] = {}
        for (name, *labels), values in self._numbers().items():
            by_name.setdefault(name, {})[tuple(labels)] = values
        for metric in metric_names.ALL:
            yield _family(metric, by_name.get(metric.name, {}))


def _family(metric: Metric, samples: dict[tuple[str, ...], list[float]]) -> Family:
    if metric.kind is Kind.HISTOGRAM:
        family = HistogramMetricFamily(metric.name, metric.help, labels=metric.labels)
        for labels, values in samples.items():
            family.add_metric(labels, _buckets(metric, values), sum_value=values[-1])
        return family
    kind = CounterMetricFamily if metric.kind is Kind.COUNTER else GaugeMetricFamily
    plain = kind(metric.name, metric.help, labels=metric.labels)
    for labels, values in samples.items():
        plain.add_metric(labels, values[0])
    return plain


def _buckets(metric: Metric, values: list[float]) -> list[tuple[str, float]]:
    """Upper ends with how many values lie at or below, as Prometheus wants them."""
    ends = [*metric.buckets, float("inf")]
    return [(str(floatToGoString(end)), sum(values[: place + 1])) for place, end in enumerate(ends)]  # type: ignore[no-untyped-call]


@contextlib.contextmanager
def exposed(host: str, port: int | None, numbers: Callable[[], Numbers]) -> Iterator[int | None]:
    """Answer scrapes as long as the block lasts; gives the port. A port of None is switched off."""
    if port is None:
        yield None
        return
    registry = CollectorRegistry()
    registry.register(Exposition(numbers))
    try:
        server, thread = start_http_server(port, host.strip("[]"), registry)
    except OSError as error:
        raise CannotListen(f"{host}:{port}", "--metrics-port") from error
    try:
        yield int(server.server_port)
    finally:
        _stop(server.shutdown, thread)
        server.server_close()


def _stop(shutdown: Callable[[], None], thread: threading.Thread) -> None:
    shutdown()
    thread.join()
