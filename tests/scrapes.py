"""What a server's metrics say, scraped over HTTP."""

import urllib.request
from collections.abc import Mapping

from prometheus_client.parser import text_string_to_metric_families

from tests import servers

Samples = Mapping[tuple[str, frozenset[tuple[str, str]]], float]


def samples(server: servers.Running) -> Samples:
    """Every sample's value by its name and labels."""
    with urllib.request.urlopen(f"http://127.0.0.1:{server.metrics_port}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def total(server: servers.Running, name: str, **labels: str) -> float:
    """Sum of the samples that have these labels, whatever others they have."""
    wanted = labels.items()
    return sum(value for (found, has), value in samples(server).items() if found == name and wanted <= has)


def says(server: servers.Running, expected: float, name: str, **labels: str) -> bool:
    """Wait until the sum is as expected: workers tell of themselves every quarter of a second."""
    return servers.eventually(lambda: total(server, name, **labels) == expected or None)
