"""A real inference server in its own processes, seen from outside."""

import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client.parser import text_string_to_metric_families

from house_prices.registry import Registry
from inference_server.client import launcher
from inference_server.client.launcher import eventually

__all__ = ["Server", "eventually", "serving"]


class Server(launcher.Server):
    """A server whose metrics can be asked."""

    def metric(self, name: str, **labels: str) -> float:
        """Sum of the samples that have these labels, regardless of others."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics_port}/metrics", timeout=10) as answer:
            families = text_string_to_metric_families(answer.read().decode())
            samples = [sample for family in families for sample in family.samples]
        wanted = labels.items()
        return sum(one.value for one in samples if one.name == name and wanted <= one.labels.items())

    def is_serving(self) -> bool:
        """Whether its health is SERVING."""
        return self.health() == "SERVING"


@contextmanager
def serving(registry: Registry, *flags: str, log_sample: float = 0.0) -> Iterator[Server]:
    """A server for a registry of one market, once its champion serves. Its log is beside the registry."""
    log = registry.root.parent / f"{time.monotonic_ns()}.log"
    options = ["--poll-seconds", "0.02", "--log-sample", str(log_sample)]
    with launcher.launched(registry.root, *options, *flags, log=log) as started:
        server = Server(**vars(started))
        server.wait_for("model serves")
        yield server
