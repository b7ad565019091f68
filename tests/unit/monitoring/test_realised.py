"""Sales that come in later, and what was predicted for them."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from house_prices.contract.schema import Contract
from house_prices.monitoring import in_life, moving, realised, references
from house_prices.registry import Outcome
from house_prices.sales.columns import PROPERTY, REFERENCE, SOLD
from tests import models, served

KEYS = {"property": "Parcel", "sold": ["Sold"]}
CONTRACT = models.contract(
    keys=KEYS, monitoring={"match_days": 200, "rows": 10}, slices={"columns": ["roof"]}
)


def sales(*rows: tuple[Any, ...], column: str = PROPERTY) -> pd.DataFrame:
    """Clean sales: name, day and price; None for an unknown name."""
    names, days, prices = zip(*rows, strict=True)
    frame = pd.DataFrame(dict.fromkeys(("area", "rooms", "garden", "age"), 1.0), index=range(len(rows)))
    frame = frame.assign(roof="flat", view="sea", style=None, price=np.array(prices, dtype=float))
    return frame.assign(**{column: pd.Series(names, dtype="str"), SOLD: np.array(days, dtype=float)})


def predicted(folder: Path, *rows: tuple[str, str, float, int]) -> Path:
    """Served predictions: reference, day, price and version."""
    lines = [
        served.line(
            [{"area": 1.0}], [price], time=f"{day}T12:00:00+00:00", version=version, references=[name]
        )
        for name, day, price, version in rows
    ]
    served.write(folder / "log", *lines)
    moving.move(folder / "log", folder / "served")
    return folder / "served"


def pairs(joined: pd.DataFrame) -> list[tuple[float, float, int]]:
    """Actual and predicted prices, and the version."""
    return list(joined[["price", "predicted", "version"]].itertuples(index=False, name=None))


def test_a_sale_belongs_to_the_last_prediction_of_each_version_before_it(tmp_path: Path) -> None:
    folder = predicted(
        tmp_path,
        ("a", "2026-01-10", 90.0, 1),
        ("a", "2026-02-10", 95.0, 1),
        ("a", "2026-02-20", 97.0, 2),
        ("a", "2026-03-02", 99.0, 2),
        ("b", "2026-02-20", 500.0, 2),
    )
    joined = realised.join(sales(("a", 20260301, 100.0), (None, 20260301, 1.0)), folder, CONTRACT)
    assert pairs(joined) == [(100.0, 95.0, 1), (100.0, 97.0, 2)]


@pytest.mark.parametrize("key", [None, b"a secret"])
def test_of_sales_beyond_memory_those_that_were_priced_are_joined_alike(
    tmp_path: Path, key: bytes | None
) -> None:
    name = references.as_logged("a", key)
    folder = predicted(tmp_path, (name, "2026-01-10", 90.0, 1), (name, "2026-03-15", 120.0, 1))
    rows = [("a", 20260201, 100.0), ("b", 20260301, 1.0), (None, 20260301, 2.0), ("a", 20260401, 130.0)]
    frames = [sales(*rows[:2]), sales(*rows[2:])]
    priced = realised.priced(frames, folder, key)
    assert priced["price"].to_list() == [100.0, 130.0]
    expected = realised.join(sales(*rows), folder, CONTRACT, key)
    assert pairs(realised.join(priced, folder, CONTRACT, key)) == pairs(expected) != []


def test_a_prediction_on_the_day_of_the_sale_counts_and_one_too_long_before_does_not(tmp_path: Path) -> None:
    folder = predicted(tmp_path, ("a", "2026-03-01", 90.0, 1), ("b", "2025-08-01", 90.0, 1))
    joined = realised.join(sales(("a", 20260301, 100.0), ("b", 20260301, 100.0)), folder, CONTRACT)
    assert pairs(joined) == [(100.0, 90.0, 1)]


def test_a_property_that_sells_again_has_only_the_predictions_since_its_last_sale(tmp_path: Path) -> None:
    folder = predicted(tmp_path, ("a", "2026-01-01", 90.0, 1), ("a", "2026-03-15", 120.0, 1))
    twice = sales(("a", 20260201, 100.0), ("a", 20260401, 130.0), ("a", 20260501, 140.0))
    assert pairs(realised.join(twice, folder, CONTRACT)) == [(100.0, 90.0, 1), (130.0, 120.0, 1)]


def test_a_sale_that_comes_in_late_takes_the_predictions_before_it_from_the_one_that_was_there(
    tmp_path: Path,
) -> None:
    folder = predicted(tmp_path, ("a", "2026-01-10", 90.0, 1))
    there, late = ("a", 20260401, 130.0), ("a", 20260201, 100.0)
    assert pairs(realised.join(sales(there), folder, CONTRACT)) == [(130.0, 90.0, 1)]
    assert pairs(realised.join(sales(there, late), folder, CONTRACT)) == [(100.0, 90.0, 1)]


def test_a_sale_that_is_written_twice_counts_once_and_a_month_lasts_until_its_end(tmp_path: Path) -> None:
    folder = predicted(tmp_path, ("a", "2026-02-28", 90.0, 1))
    written_twice = sales(("a", 20260200, 100.0), ("a", 20260200, 100.0))
    assert pairs(realised.join(written_twice, folder, CONTRACT)) == [(100.0, 90.0, 1)]


def test_sales_are_found_by_the_column_that_the_contract_names_too(tmp_path: Path) -> None:
    contract = models.contract(monitoring={"reference": "Listing"})
    folder = predicted(tmp_path, ("L1", "2026-02-28", 90.0, 1))
    undated = sales(("L1", 20260301, 100.0), column=REFERENCE).drop(columns=SOLD)
    assert pairs(realised.join(undated, folder, contract)) == [(100.0, 90.0, 1)]
    assert not realised.can_join(contract)
    assert "monitoring.reference" in realised.can_join(models.contract())


def test_hashed_references_are_found_with_the_servers_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "key").write_text("secret\n")
    monkeypatch.setenv(references.KEY_FILE, str(tmp_path / "key"))
    key = references.key()
    assert key == b"secret"
    folder = predicted(tmp_path, (references.as_logged("a", key), "2026-02-28", 90.0, 1))
    one = sales(("a", 20260301, 100.0))
    assert pairs(realised.join(one, folder, CONTRACT, key)) == [(100.0, 90.0, 1)]
    assert realised.join(one, folder, CONTRACT).empty


def test_nothing_served_and_nothing_sold_join_to_nothing(tmp_path: Path) -> None:
    joined = realised.join(sales(("a", 20260301, 100.0)), tmp_path, CONTRACT)
    assert joined.empty
    assert in_life.by_version(joined, CONTRACT, {}) == {}


def realised_with(error: float, *, count: int = 200, share: float = 0.1) -> pd.DataFrame:
    """Sales whose prices were all predicted wrong by about this share."""
    noise = np.random.default_rng(0).uniform(0.5, 1.5, count)
    frame = sales(*((str(number), 20260115 + 100 * (number % 2), 100.0) for number in range(count)))
    price = 100.0 * (1 + error * noise)
    return frame.assign(
        version=1,
        predicted=price,
        lower=price * (1 - share),
        upper=price * (1 + share),
        day=pd.to_datetime(frame[SOLD].astype(int).astype(str)),
    )


def found(joined: pd.DataFrame, contract: Contract = CONTRACT, mdape: float = 0.1) -> dict[str, Outcome]:
    life = in_life.by_version(joined, contract, {1: {"mdape": mdape}})[1]
    return {name: finding.outcome for name, finding in in_life.findings(joined, life, contract)}


def test_what_came_true_stands_beside_what_the_gate_had_measured() -> None:
    life = in_life.by_version(realised_with(0.05), CONTRACT, {1: {"mdape": 0.04}})[1]
    assert (life.sales, life.since, life.until, life.promised) == (200, "2026-01", "2026-02", {"mdape": 0.04})
    assert life.metrics["mdape"] == pytest.approx(0.05, rel=0.1)
    assert life.coverage == 1.0
    assert {month: of["sales"] for month, of in life.months.items()} == {"2026-01": 100, "2026-02": 100}
    assert life.slices["roof = flat"]["rows"] == 200
    assert in_life.from_json(life.to_json()) == life


@pytest.mark.parametrize(
    ("error", "outcome"), [(0.1, Outcome.PASS), (0.13, Outcome.NEEDS_REVIEW), (0.2, Outcome.FAIL)]
)
def test_the_error_warns_and_fails_by_the_contracts_limits(error: float, outcome: Outcome) -> None:
    assert found(realised_with(error))["live_error"] is outcome


@pytest.mark.parametrize(
    ("lost", "outcome"), [(20, Outcome.PASS), (44, Outcome.NEEDS_REVIEW), (80, Outcome.FAIL)]
)
def test_lost_coverage_warns_and_fails_by_the_contracts_limits(lost: int, outcome: Outcome) -> None:
    joined = realised_with(0.01)
    joined.loc[joined.index[:lost], ["lower", "upper"]] = [1.0, 2.0]
    assert found(joined)["live_coverage"] is outcome


def test_a_few_sales_say_nothing_and_neither_does_a_version_that_was_not_judged() -> None:
    assert set(found(realised_with(0.9, count=9)).values()) == {Outcome.NOT_APPLIED}
    assert found(realised_with(0.9), mdape=0.0)["live_error"] is Outcome.NOT_APPLIED


def test_bad_luck_within_what_chance_allows_is_no_warning() -> None:
    joined = realised_with(0.01, count=20)
    joined.loc[joined.index[:4], ["lower", "upper"]] = [1.0, 2.0]
    assert found(joined)["live_coverage"] is Outcome.PASS
