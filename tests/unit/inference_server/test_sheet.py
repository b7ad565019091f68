"""The numbers of one process, and of several."""

from inference_server import metrics, sheet
from inference_server.exposition import Exposition
from inference_server.sheet import Sheet


def test_sheets_of_several_processes_are_added() -> None:
    first, second = Sheet(), Sheet()
    first.add(metrics.ROWS, "huts", "1", amount=3)
    second.add(metrics.ROWS, "huts", "1", amount=4)
    second.add(metrics.ROWS, "huts", "2")
    summed = sheet.total([first.numbers(), second.numbers()])
    assert summed == {("inference_rows_total", "huts", "1"): [7], ("inference_rows_total", "huts", "2"): [1]}


def test_a_sheet_survives_the_way_to_another_process() -> None:
    told = Sheet()
    sheet.observe(told.cell(metrics.LOAD_SECONDS, "huts"), metrics.SECONDS, 0.3)
    assert sheet.parse(sheet.dump(told.numbers())) == told.numbers()


def test_numbers_that_were_given_away_do_not_change() -> None:
    told = Sheet()
    told.add(metrics.RESTARTS)
    before = told.numbers()
    told.add(metrics.RESTARTS)
    assert before == {("inference_worker_restarts_total",): [1]}


def test_a_histogram_counts_a_value_at_and_below_every_end_that_it_does_not_pass() -> None:
    told = Sheet()
    cell = told.cell(metrics.LOAD_SECONDS, "huts")
    for value in (0.1, 0.11, 99):
        sheet.observe(cell, metrics.SECONDS, value)
    (family,) = (one for one in Exposition(told.numbers).collect() if "load_seconds" in one.name)
    by_end = {sample.labels.get("le"): sample.value for sample in family.samples}
    assert [by_end[end] for end in ("0.05", "0.1", "0.25", "10.0", "+Inf")] == [0, 1, 2, 2, 3]
    assert family.samples[-1].value == 99.21
