"""After the promotion: what was served, in Dagster."""

import json

import dagster as dg
import pytest

from tests import cottages, models, served
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


KEYED = cottages.CONTRACT.replace(
    "[training]\n",
    '[keys]\nproperty = "Parcel"\nsold = ["Sold"]\n\n[monitoring]\nrows = 50\n\n[training]\n',
)


def with_sales(shop: Workshop, count: int = 60) -> list[tuple[str, float]]:
    """Sales of parcels, cleaned; and a champion that the gate has judged. Parcels with their prices."""
    cottages.write(shop.home, contract=KEYED)
    sales = [(f"P{number}", *row) for number, row in enumerate(cottages.law(count))]
    lines = [
        "Parcel,Sold,Area,Rooms,Roof,Price",
        *(f"{parcel},2026-03-15,{','.join(map(str, rest))}" for parcel, *rest in sales),
    ]
    shop.sales.write_text("\n".join(lines) + "\n")
    assert shop.materialize(["raw_sales", "clean_sales"]).success
    models.promote(shop.registry, models.publish(shop.registry, shop.contract))
    judged = {
        "version": 1,
        "passed": True,
        "reasons": [],
        "metrics": {"mdape": 0.05, "rmsle": 0.1, "r2": 0.9},
    }
    shop.registry.record_decision("cottages", judged)
    return [(parcel, float(rest[-1])) for parcel, *rest in sales]


def test_sales_that_come_true_are_compared_and_a_lost_coverage_fails(shop: Workshop) -> None:
    lines = [
        served.line([HOUSE], [price * 1.06], references=[parcel], share=0.02)
        for parcel, price in with_sales(shop)
    ]
    served.write(shop.home / "storage" / "predictions" / "cottages", *lines)
    assert shop.watch("2026-03-01").success
    assert shop.materialize(["realised_sales"]).success
    life = json.loads((shop.registry.version("cottages", 1).folder / "in_life.json").read_bytes())
    assert (life["sales"], life["coverage"], life["promised"]["mdape"]) == (60, 0.0, 0.05)
    assert life["metrics"]["mdape"] == pytest.approx(0.06)
    checks = {
        check.check_name: (check.passed, check.severity)
        for check in shop.check(["realised_sales"]).get_asset_check_evaluations()
    }
    assert checks == {
        "live_error": (False, dg.AssetCheckSeverity.WARN),
        "live_coverage": (False, dg.AssetCheckSeverity.ERROR),
    }
