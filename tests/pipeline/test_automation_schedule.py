"""What runs without anyone's asking."""

from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from house_prices.orchestration import definitions
from house_prices.orchestration.resources import Folders
from tests import cottages
from tests.workshop import FLOW, Workshop


@pytest.fixture
def built(tmp_path: Path) -> dg.Definitions:
    cottages.write(tmp_path)
    return definitions.build(tmp_path)


def test_every_night_asks_for_a_training(built: dg.Definitions) -> None:
    schedule = built.resolve_schedule_def("cottages_daily")
    assert (schedule.cron_schedule, schedule.job_name) == ("0 3 * * *", "cottages_training")
    assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING


@pytest.mark.parametrize(
    "name",
    [
        "cottages_promotion_sensor",
        "cottages_source_sensor",
        "cottages_retraining_sensor",
        "cottages_alert_sensor",
        "cottages_mlflow_sensor",
    ],
)
def test_sensors_run_from_the_start_and_say_what_they_do(built: dg.Definitions, name: str) -> None:
    sensor = built.resolve_sensor_def(name)
    assert sensor.default_status is dg.DefaultSensorStatus.RUNNING
    assert sensor.description


def test_a_training_is_of_every_asset_but_the_champion_with_every_check(built: dg.Definitions) -> None:
    layer = built.resolve_job_def("cottages_training").asset_layer
    names = {key.path[-1] for key in layer.selected_asset_keys}
    assert names == {*FLOW}
    checks = {key.name for key in layer.asset_graph.asset_check_keys}
    assert {"nulls", "no_sale_in_two_parts", "parity", "against_champion"} <= checks


def night(shop: Workshop) -> Any:
    """What the schedule asks for."""
    schedule = definitions.build(shop.home).resolve_schedule_def("cottages_daily")
    resources = {"folders": Folders(home=str(shop.home))}
    return schedule.evaluate_tick(dg.build_schedule_context(shop.instance, resources=resources))


def test_a_night_after_which_nothing_has_changed_does_not_train(trained: Workshop) -> None:
    assert night(trained).skip_message == (
        "Neither the source nor the contract has changed since the last training."
    )


def test_a_night_trains_where_the_sales_have_changed(trained: Workshop) -> None:
    cottages.write_sales(trained.raw / "more.csv", cottages.law(50, seed=1))
    assert len(night(trained).run_requests) == 1


def test_a_night_trains_where_the_contract_has_changed(trained: Workshop) -> None:
    file = trained.home / "data" / "cottages" / "contract.toml"
    file.write_text(file.read_text().replace("folds = 3", "folds = 4"))
    assert len(night(trained).run_requests) == 1


def test_a_night_trains_where_the_last_training_broke_off(trained: Workshop) -> None:
    trained.materialize(["raw_sales"])
    assert len(night(trained).run_requests) == 1
