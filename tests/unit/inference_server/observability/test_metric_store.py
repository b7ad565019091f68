"""The numbers of one process, and of several."""

from inference_server.observability import metric_names, metric_store
from inference_server.observability.metric_store import MetricStore
from inference_server.observability.prometheus import Exposition


def test_sheets_of_several_processes_are_added() -> None:
    first, second = MetricStore(), MetricStore()
    first.add(metric_names.ROWS, "huts", "1", amount=3)
    second.add(metric_names.ROWS, "huts", "1", amount=4)
    second.add(metric_names.ROWS, "huts", "2")
    summed = metric_store.total([first.numbers(), second.numbers()])
    assert summed == {("inference_rows_total", "huts", "1"): [7], ("inference_rows_total", "huts", "2"): [1]}


def test_a_sheet_survives_the_way_to_another_process() -> None:
    told = MetricStore()
    metric_store.observe(told.cell(metric_names.LOAD_SECONDS, "huts"), metric_names.SECONDS, 0.3)
    assert metric_store.parse(metric_store.dump(told.numbers())) == told.numbers()


def test_numbers_that_were_given_away_do_not_change() -> None:
    told = MetricStore()
    told.add(metric_names.RESTARTS)
    before = told.numbers()
    told.add(metric_names.RESTARTS)
    assert before == {("inference_worker_restarts_total",): [1]}


def test_a_histogram_counts_a_value_at_and_below_every_end_that_it_does_not_pass() -> None:
    told = MetricStore()
    cell = told.cell(metric_names.LOAD_SECONDS, "huts")
    for value in (0.1, 0.11, 99):
        metric_store.observe(cell, metric_names.SECONDS, value)
    (family,) = (one for one in Exposition(told.numbers).collect() if "load_seconds" in one.name)
    by_end = {sample.labels.get("le"): sample.value for sample in family.samples}
    assert [by_end[end] for end in ("0.05", "0.1", "0.25", "10.0", "+Inf")] == [0, 1, 2, 2, 3]
    assert family.samples[-1].value == 99.21
