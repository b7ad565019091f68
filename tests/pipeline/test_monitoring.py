"""After the promotion: what was served, in Dagster."""

import dagster as dg

from tests import models, served
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


def test_the_tables_in_the_markets_folder_are_priced_by_the_champion(shop: Workshop) -> None:
    models.promote(shop.registry, models.publish(shop.registry, shop.contract))
    folder = shop.home / "data" / "cottages" / "houses"
    assert not shop.materialize(["scored_houses"]).success
    folder.mkdir()
    (folder / "houses.csv").write_text("Area,Rooms,Roof\n100,3,flat\n100,30,flat\n")
    assert shop.materialize(["scored_houses"]).success
    key = dg.AssetKey(["cottages", "scored_houses"])
    (record,) = shop.instance.fetch_materializations(key, limit=1).records
    told = record.asset_materialization.metadata  # type: ignore[union-attr]
    assert [told[name].value for name in ("dagster/row_count", "refused", "version")] == [2, 1, 1]
