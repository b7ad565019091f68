"""Batch scoring gives what the server gives."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from house_prices.monitoring import batch
from house_prices.registry import Registry
from house_prices.stores import Folder
from inference_server.client import Client
from tests import models, servers


def test_a_table_has_the_prices_intervals_and_warnings_that_the_server_answers(tmp_path: Path) -> None:
    registry = Registry(tmp_path / "models")
    model = models.interval_model(models.contract(), base=0)
    models.promote(registry, models.publish(registry, model=model))
    houses = [
        {"area": 1 + 0.9 * number, "rooms": number, "roof": ("flat", "ça")[number % 2]}
        for number in range(900)
    ]
    pq.write_table(pa.Table.from_pylist(houses), tmp_path / "in.parquet")
    batch.score(registry, "huts", [tmp_path / "in.parquet"], Folder(tmp_path / "out"))
    rows = pq.ParquetFile(tmp_path / "out" / "part-00000.parquet").read().to_pylist()
    with (
        servers.serving(registry.root) as server,
        Client(server.address, contracts=[models.contract()]) as client,
    ):
        server.says("model serves")
        answer = client.predict("huts", houses)
    assert [(price.value, price.lower, price.upper, list(price.warnings)) for price in answer.prices] == [
        (*(row[f"predicted_{name}"] for name in ("price", "lower", "upper", "warnings")),) for row in rows
    ]
    assert {str(row["predicted_version"]) for row in rows} == {answer.model_version}
