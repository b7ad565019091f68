"""What long work says of itself."""

from pathlib import Path

import pytest

from house_prices import progress
from house_prices.sales import clean, read
from house_prices.training import train
from tests import clean_sales, models, raw_sales


def test_short_work_says_nothing_and_long_work_a_line_every_few_seconds() -> None:
    told: list[str] = []
    clock = iter([0.0, 2.0, 6.0, 6.0, 7.0, 11.5, 11.5])
    say = progress.now_and_then(told.append, 5.0, lambda: next(clock))
    for line in ("at 2 s", "at 6 s", "at 7 s", "at 11.5 s"):
        say(line)
    assert told == ["at 6 s", "at 11.5 s"]


def test_a_training_says_where_it_is_and_what_it_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(train, "now_and_then", lambda tell: tell)
    told: list[str] = []
    candidates = {"linear": {}, "ridge": {"alpha": [1, 10]}}
    contract = models.contract(training={"folds": 2, "candidates": candidates})
    train.train(clean_sales.huts(60), contract, told.append)
    assert told[0] == "comparing estimators on 60 sales: linear, 1 of 2, fold 1 of 2 with 1 settings each"
    assert told[3] == "comparing estimators on 60 sales: ridge, 2 of 2, fold 2 of 2 with 2 settings each"
    assert told[4].endswith(" on 60 sales")
    assert len(told) == 5


def test_reading_and_cleaning_say_how_far_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (read, clean):
        monkeypatch.setattr(module, "now_and_then", lambda tell: tell)
    for name in ("a.csv", "b.csv"):
        raw_sales.write(tmp_path, f"{raw_sales.HEADER}\n{raw_sales.PLAIN}\n", name)
    told: list[str] = []
    contract = models.contract()
    raw = read.read(read.paths(tmp_path), contract, told.append)
    clean.clean(raw.sales, contract, told.append)
    assert told[:2] == ["reading a.csv, 0 MB, 1 of 2", "reading b.csv, 0 MB, 2 of 2"]
    assert told[2].startswith("reading the cells of ")
