"""After the promotion: what was served, in Dagster."""

import json
from datetime import UTC, datetime

import dagster as dg
import numpy as np
import pytest

from house_prices.monitoring import mlflow_mirror
from house_prices.monitoring.profile import profile
from house_prices.registry import PROFILE
from house_prices.training.features import Inputs
from house_prices.training.predictions import Predictions
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


def with_profile(shop: Workshop) -> None:
    """A champion that knows what it was trained on."""
    shop.sales.parent.mkdir(parents=True, exist_ok=True)
    models.promote(shop.registry, models.publish(shop.registry, shop.contract))
    houses = [(float(area), float(rooms), str(roof or "none")) for area, rooms, roof, _ in cottages.law(300)]
    numbers = np.array([house[:2] for house in houses], np.float32)
    seen = Inputs(numbers=numbers, categories=np.array([[house[2]] for house in houses], object))
    price = numbers[:, 0].astype(float)
    made = profile(seen, price, Predictions(actual=price, price=price), shop.contract)
    shop.registry.attach("cottages", 1, PROFILE, made.to_json())


def serve_houses(shop: Workshop, area: float) -> None:
    """120 houses like those of the training, but for their area."""
    now = datetime.now(UTC).isoformat()
    random = np.random.default_rng(0)
    lines = []
    for roof in ("flat", "gable", "none") * 40:
        house = {
            "area": area + float(random.uniform(0, 150)),
            "rooms": float(random.integers(1, 7)),
            "roof": roof,
        }
        lines.append(served.line([house], [float(house["area"])], time=now))
    served.write(shop.home / "storage" / "predictions" / "cottages", *lines, name=f"0-x-{area:g}")
    assert shop.watch(now[:10]).success
    assert shop.materialize(["served_drift"]).success


def test_drift_asks_for_one_training_with_a_reason_and_promotes_nothing(shop: Workshop) -> None:
    with_profile(shop)
    serve_houses(shop, area=400)
    checks = {
        check.check_name: (check.passed, check.severity, check.description)
        for check in shop.check(["served_drift"]).get_asset_check_evaluations()
    }
    assert checks["input_drift"][:2] == (False, dg.AssetCheckSeverity.ERROR)
    assert "1 of 3 features have moved by 0.2 or more: area 1.00" in str(checks["input_drift"][2])
    assert len(list((shop.home / "storage" / "drift" / "cottages").glob("*.png"))) == 4
    first = shop.tick("retraining")
    (request,) = first.run_requests or ()
    assert request.tags["reason"].startswith("1 of 3 features have moved")
    again = shop.tick("retraining", first.cursor)
    assert not again.run_requests
    assert "has been asked for" in str(again.skip_reason)
    assert shop.registry.champion("cottages").version == 1  # type: ignore[union-attr]


def test_houses_like_the_trainings_ask_for_nothing_and_an_old_champion_does(shop: Workshop) -> None:
    with_profile(shop)
    serve_houses(shop, area=40)
    assert all(check.passed for check in shop.check(["served_drift"]).get_asset_check_evaluations())
    assert shop.tick("retraining").skip_reason.skip_message == "Nothing asks for it."  # type: ignore[union-attr]
    path = shop.registry.root / "cottages" / "champion.json"
    path.write_text(path.read_text().replace(datetime.now(UTC).strftime('"%Y-'), '"2024-'))
    (request,) = shop.tick("retraining").run_requests or ()
    assert "has been the champion for" in request.tags["reason"]


def test_a_champion_without_a_profile_is_not_compared(shop: Workshop) -> None:
    models.promote(shop.registry, models.publish(shop.registry, shop.contract))
    assert shop.materialize(["served_drift"]).success
    for check in shop.check(["served_drift"]).get_asset_check_evaluations():
        assert (check.passed, "no profile" in str(check.description)) == (True, True)


def test_mlflow_is_told_of_what_is_new_if_a_server_is_named(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(mlflow_mirror.URI, raising=False)
    assert "names no tracking server" in str(shop.tick("mlflow").skip_reason)
    monkeypatch.setenv(mlflow_mirror.URI, "http://127.0.0.1:9")
    assert "Nothing is published" in str(shop.tick("mlflow").skip_reason)
    models.publish(shop.registry, shop.contract)
    monkeypatch.setattr(mlflow_mirror, "mirror", lambda *_: [1])
    (request,) = shop.tick("mlflow").run_requests or ()
    assert shop.launch("mlflow", request.run_config).success
    assert "MLflow has everything" in str(shop.tick("mlflow").skip_reason)
    models.promote(shop.registry, shop.registry.version("cottages", 1))
    assert shop.tick("mlflow").run_requests
