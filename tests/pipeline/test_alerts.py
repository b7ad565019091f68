"""What people are told, by a real webhook and a real mail server."""

from collections.abc import Iterator

import dagster as dg
import pytest

from house_prices.errors import MonitoringError
from house_prices.monitoring import alerts
from house_prices.monitoring.alerts import Alert
from house_prices.orchestration import definitions
from tests import models, receivers
from tests.receivers import Mailbox, Webhook
from tests.workshop import Workshop

ALERT = Alert(key="k", market="huts", title="something\nhappened", text="Look at it, señor.")


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Webhook]:
    with receivers.webhook() as hook:
        monkeypatch.setenv("HOUSE_PRICES_ALERT_WEBHOOK", hook.url)
        yield hook


@pytest.fixture
def box(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mailbox]:
    with receivers.mailbox() as box:
        monkeypatch.setenv("HOUSE_PRICES_ALERT_MAIL_TO", "ana@example.com, bo@example.com")
        monkeypatch.setenv("HOUSE_PRICES_ALERT_SMTP", box.address)
        yield box


def decide(shop: Workshop, number: int, **facts: object) -> None:
    decision = {"version": number, "passed": False, "metrics": {}, "reasons": [f"reason {number}."], **facts}
    shop.registry.record_decision("cottages", decision)


def keys(hook: Webhook) -> list[str]:
    """What was told, but for sales that are stale: the tests' models are of 2026's first day."""
    return [each["key"] for each in hook.posted if not each["key"].startswith("stale")]


def test_an_alert_is_delivered_by_webhook_and_mail(hook: Webhook, box: Mailbox) -> None:
    alerts.channels().send(ALERT)
    (posted,), (mail,) = hook.posted, box.received
    assert posted["text"] == "[house-prices] huts: something happened\nLook at it, señor."
    assert (mail["Subject"], mail["To"]) == (
        "[house-prices] huts: something happened",
        "ana@example.com, bo@example.com",
    )
    assert mail.get_payload(decode=True).decode().strip() == "Look at it, señor."  # type: ignore[union-attr]


def test_a_receiver_that_is_away_is_told_of_and_the_other_one_gets_it(hook: Webhook, box: Mailbox) -> None:
    hook.status = 503
    with pytest.raises(MonitoringError, match=r"not sent, the webhook http://127.0.0.1:\d+/hook: .*503"):
        alerts.channels().send(ALERT)
    assert len(box.received) == 1


def test_nothing_is_sent_where_no_channel_is_set(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HOUSE_PRICES_ALERT_WEBHOOK", raising=False)
    assert "No channel is set" in str(shop.tick("alert").skip_reason)


def test_candidates_that_were_rejected_or_wait_are_told_once(shop: Workshop, hook: Webhook) -> None:
    for _ in range(3):
        models.publish(shop.registry, shop.contract)
    decide(shop, 1)
    decide(shop, 2, outcome="needs_review")
    told = shop.tick("alert")
    assert keys(hook) == ["waiting:2"]
    assert any("models promote 2 --market cottages" in each["text"] for each in hook.posted)
    decide(shop, 3, outcome="fail")
    told = shop.tick("alert", told.cursor)
    shop.tick("alert", told.cursor)
    assert keys(hook) == ["waiting:2", "rejected:3"]


def test_a_webhook_that_was_away_gets_the_alert_later(shop: Workshop, hook: Webhook) -> None:
    models.publish(shop.registry, shop.contract)
    decide(shop, 1, outcome="fail")
    hook.status = 500
    failed = shop.tick("alert")
    assert "[house-prices] cottages: version 1 was rejected by the gate: not sent" in str(failed.skip_reason)
    hook.status = 200
    shop.tick("alert", failed.cursor)
    assert keys(hook) == ["rejected:1"]


def test_stale_sales_are_told(shop: Workshop, hook: Webhook) -> None:
    models.publish(shop.registry, shop.contract)  # on the first day of 2026
    shop.tick("alert")
    assert "no new sales for" in hook.posted[0]["title"]


def test_a_run_that_failed_is_told_with_its_error(shop: Workshop, hook: Webhook) -> None:
    shop.sales.write_text("no table")
    result = shop.train()
    assert not result.success
    context = dg.build_run_status_sensor_context(
        sensor_name="failed_runs_alert_sensor",
        dagster_event=result.get_run_failure_event(),
        dagster_instance=shop.instance,
        dagster_run=result.dagster_run,
    ).for_run_failure()
    definitions.build(shop.home).resolve_sensor_def("failed_runs_alert_sensor")(context)
    assert hook.posted[0]["title"] == "cottages_training failed"
    assert hook.posted[0]["market"] == "cottages"


def test_a_check_of_the_champion_that_fails_is_told_with_what_it_says(shop: Workshop, hook: Webhook) -> None:
    models.promote(shop.registry, models.publish(shop.registry, shop.contract))
    record = dg.AssetCheckEvaluation(
        asset_key=dg.AssetKey(["cottages", "served_drift"]),
        check_name="input_drift",
        passed=False,
        metadata={"version": dg.MetadataValue.int(1)},
        severity=dg.AssetCheckSeverity.ERROR,
        description="2 of 3 features have moved.",
    )
    shop.instance.report_runless_asset_event(record)
    shop.tick("alert")
    told = [each for each in hook.posted if each["key"].startswith("check")]
    assert [each["title"] for each in told] == ["input_drift fails, version 1"]
    assert "2 of 3 features have moved." in told[0]["text"]
