"""What runs without anyone's asking."""

from pathlib import Path

import dagster as dg
import pytest

from house_prices.orchestration import definitions
from tests import cottages
from tests.workshop import FLOW


@pytest.fixture
def built(tmp_path: Path) -> dg.Definitions:
    cottages.write(tmp_path)
    return definitions.build(tmp_path)


def test_every_night_asks_for_a_training(built: dg.Definitions) -> None:
    schedule = built.resolve_schedule_def("cottages_daily")
    assert (schedule.cron_schedule, schedule.job_name) == ("0 3 * * *", "cottages_training")
    assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING


@pytest.mark.parametrize("name", ["cottages_promotion_sensor", "cottages_raw_files_sensor"])
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
