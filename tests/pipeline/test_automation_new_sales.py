"""When a changed source, or a message that says so, makes the market train."""

import os

import dagster as dg
import pytest

from tests import cottages
from tests.workshop import Workshop


@pytest.fixture
def read_once(shop: Workshop) -> Workshop:
    """A market whose file has been read."""
    assert shop.materialize(["raw_sales"]).success
    return shop


def skipped(answer: dg.SensorResult) -> str:
    assert not answer.run_requests
    assert answer.skip_reason
    return str(answer.skip_reason.skip_message)


def run_key(answer: dg.SensorResult) -> str:
    """The key of the one training that a tick asked for."""
    (request,) = answer.run_requests or []
    return str(request.run_key)


def test_a_market_without_files_waits(shop: Workshop) -> None:
    shop.sales.unlink()
    assert skipped(shop.tick("source")) == f"{shop.raw} holds no file."


def test_the_first_training_of_a_market_is_left_to_a_person(shop: Workshop) -> None:
    first = shop.tick("source")
    assert skipped(first) == "The sales were never read; the first training is a person's."
    assert first.cursor is None


def test_files_that_were_read_do_not_train_again(read_once: Workshop) -> None:
    first = read_once.tick("source")
    assert skipped(first) == "The source is what was read last."
    assert skipped(read_once.tick("source", first.cursor)) == "The source is as it was."


def test_a_changed_file_trains(read_once: Workshop) -> None:
    before = read_once.tick("source")
    cottages.write_sales(read_once.sales, cottages.law(310))
    assert run_key(read_once.tick("source", before.cursor))


def test_a_file_that_was_only_touched_does_not_train(read_once: Workshop) -> None:
    before = read_once.tick("source")
    os.utime(read_once.sales, (1_000_000_000, 1_000_000_000))
    after = read_once.tick("source", before.cursor)
    assert skipped(after) == "The source is what was read last."
    assert after.cursor != before.cursor


def test_another_file_trains(read_once: Workshop) -> None:
    cottages.write_sales(read_once.raw / "more.csv", cottages.law(50, seed=1))
    assert run_key(read_once.tick("source"))


def test_a_file_that_is_gone_trains(shop: Workshop) -> None:
    cottages.write_sales(shop.raw / "more.csv", cottages.law(50, seed=1))
    shop.materialize(["raw_sales"])
    (shop.raw / "more.csv").unlink()
    assert run_key(shop.tick("source"))


def test_a_renamed_file_trains_for_its_name_is_in_the_rejects(read_once: Workshop) -> None:
    read_once.sales.rename(read_once.raw / "renamed.csv")
    assert run_key(read_once.tick("source"))


def test_all_files_gone_waits_and_the_same_file_put_back_does_not_train(read_once: Workshop) -> None:
    away = read_once.home / "away.csv"
    read_once.sales.rename(away)
    gone = read_once.tick("source")
    assert skipped(gone) == f"{read_once.raw} holds no file."
    away.rename(read_once.sales)
    assert skipped(read_once.tick("source", gone.cursor)) == "The source is what was read last."


def test_a_file_that_changes_and_changes_back_trains_each_time(read_once: Workshop) -> None:
    keys, cursor = [], None
    for worth in (2000, 1000, 2000):
        cottages.write_sales(read_once.sales, cottages.law(worth=worth))
        answer = read_once.tick("source", cursor)
        keys.append(run_key(answer))
        cursor = answer.cursor
        read_once.materialize(["raw_sales"])
    assert len(set(keys)) == 3


def test_a_file_that_changes_back_before_it_was_read_does_not_train(read_once: Workshop) -> None:
    cottages.write_sales(read_once.sales, cottages.law(worth=2000))
    changed = read_once.tick("source")
    cottages.write_sales(read_once.sales, cottages.law())
    assert skipped(read_once.tick("source", changed.cursor)) == "The source is what was read last."


def test_a_file_that_is_still_being_written_waits(read_once: Workshop) -> None:
    before = read_once.tick("source")
    with read_once.sales.open("a") as file:
        file.write("120,3,gable,")
    answer = read_once.tick("source", before.cursor)
    assert skipped(answer) == "sales.csv: still being written."
    assert answer.cursor is None


def message(shop: Workshop, version: str) -> None:
    """What Dagster's webserver makes of `POST /report_asset_observation/cottages/source`."""
    tags = {"dagster/data_version": version}
    shop.instance.report_runless_asset_event(dg.AssetObservation(["cottages", "source"], tags=tags))


def test_a_message_trains_once_for_each_version(read_once: Workshop) -> None:
    quiet = read_once.tick("source")
    message(read_once, "sales.csv@1")
    message(read_once, "sales.csv@2")
    message(read_once, "sales.csv@1")
    told = read_once.tick("source", quiet.cursor)
    assert [request.run_key for request in told.run_requests or []] == [
        "message-sales.csv@1",
        "message-sales.csv@2",
    ]
    assert skipped(read_once.tick("source", told.cursor))
    message(read_once, "sales.csv@1")  # again: the daemon launches no second run for a key
    assert run_key(read_once.tick("source", told.cursor)) == "message-sales.csv@1"


def test_what_a_run_observes_is_no_message(read_once: Workshop) -> None:
    observed = read_once.instance.fetch_observations(dg.AssetKey(["cottages", "source"]), limit=9).records
    assert observed
    assert skipped(read_once.tick("source"))


def test_a_database_is_read_when_a_message_comes(read_once: Workshop) -> None:
    contract = read_once.home / "data" / "cottages" / "contract.toml"
    given = '\n[source]\nurl = "sqlite:///cottages.db"\nquery = "SELECT 1"\n'
    contract.write_text(contract.read_text() + given)
    quiet = read_once.tick("source")
    assert skipped(quiet) == "The database is read every night, and when a message comes."
    message(read_once, "2024-03-01")
    assert run_key(read_once.tick("source", quiet.cursor)) == "message-2024-03-01"
