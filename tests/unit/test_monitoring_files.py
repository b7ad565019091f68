"""The dashboard and the alert rules speak of metrics that there are."""

import json
import re
from pathlib import Path

from inference_server.observability import metric_names

ROOT = Path(__file__).parents[2]
FILES = ROOT / "deploy" / "monitoring"
TEXTS = [
    (FILES / "alerts.yml").read_text(),
    *(
        target["expr"]
        for panel in json.loads((FILES / "dashboards" / "house-prices.json").read_text())["panels"]
        for target in panel["targets"]
    ),
]


def used(prefix: str) -> set[str]:
    words = {word for text in TEXTS for word in re.findall(rf"\b{prefix}_[a-z_]+", text)}
    return {re.sub(r"_(bucket|sum|count)$", "", word) for word in words}


def test_every_metric_of_the_servers_is_one() -> None:
    assert used("inference") <= {metric.name for metric in metric_names.ALL}


def test_every_metric_of_the_markets_is_one() -> None:
    source = (ROOT / "house_prices" / "orchestration" / "exporter.py").read_text()
    known = {f"house_prices_{name}" for name in re.findall(r'f?"([a-z_{}]+)",\s', source)}
    for pattern, names in (
        ("{event}s", ("promotions", "rollbacks", "rejections")),
        ("{name}", ("mdape", "rmsle")),
    ):
        known |= {name.replace(pattern, each) for name in known for each in names}
    assert used("house_prices") <= known
