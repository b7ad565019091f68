"""After the promotion: what was served, in Dagster."""

import dagster as dg

from tests import served
from tests.workshop import Workshop

SERVED = dg.AssetKey(["cottages", "served_predictions"])
HOUSE = {"area": 100.0, "rooms": 3.0, "roof": "flat"}


def rows(shop: Workshop) -> dict[str, int]:
    """What Dagster knows of each day."""
    records = shop.instance.fetch_materializations(SERVED, limit=100).records[::-1]
    return {
        str(record.partition_key): int(
            record.asset_materialization.metadata["dagster/partition_row_count"].value
        )  # type: ignore
        for record in records
    }


def test_closed_files_of_the_log_are_moved_to_the_days_of_their_lines(shop: Workshop) -> None:
    log = shop.home / "storage" / "predictions" / "cottages"
    late = served.line([HOUSE], [1.0], time="2026-02-28T23:59:59+00:00")
    served.write(log, late, served.line([HOUSE, HOUSE], [1.0, 2.0]))
    assert shop.watch("2026-03-01").success
    assert rows(shop) == {"2026-02-28": 1, "2026-03-01": 2}
    assert shop.watch("2026-03-01").success
    assert rows(shop) == {"2026-02-28": 1, "2026-03-01": 2}
    assert not list(log.iterdir())
