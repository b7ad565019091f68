"""A contract is read whole or refused with every fault at once."""

import copy
import json
import os
import tomllib
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from house_prices.contract import reader
from house_prices.contract.schema import EXACT_IN_FLOAT32, RESERVED, Contract, Feature
from house_prices.errors import ContractError
from house_prices.sales import columns
from tests import models

TEXT = """
name = "town"
title = "A town"

[target]
column = "Price"
unit = "EUR"
log = true

[[features]]
name = "area"
column = "Area"
number = 1
kind = "number"
unit = "m2"
minimum = 1
maximum = 1000

[[features]]
name = "rooms"
column = "Rooms"
number = 2
kind = "integer"
minimum = 0
missing = 0

[[features]]
name = "garden"
column = "Garden"
number = 3
kind = "flag"
required = false

[[features]]
name = "heating"
column = "Heating"
number = 4
kind = "category"
choices = ["none", "gas", "oil"]
missing = "none"

[keys]
property = "Parcel"
sold = ["Year", "Month"]

[split]
by = "sold"

[training.candidates.ridge]
alpha = [1, 10]

[gate.floors]
r2 = 0.7

[slices]
columns = ["heating", "rooms"]

[example]
area = 100
garden = true
"""


PATHS = (
    *("name", "target", "target.log", "features", "features.0", "features.1.minimum", "features.3.choices"),
    *("keys", "keys.sold", "split.holdout", "training", "training.candidates.ridge", "gate.floors.r2"),
    *("slices.columns", "example", "example.rooms", "features.1.missing", "something.else"),
)


def town() -> dict[str, Any]:
    return tomllib.loads(TEXT)


def changed(path: str, value: object) -> dict[str, Any]:
    """The town's contract with another value at a path such as features.1.kind."""
    values = town()
    at: Any = values
    *parents, last = [int(part) if part.isdecimal() else part for part in path.split(".")]
    for part in parents:
        at = at.setdefault(part, {}) if isinstance(part, str) else at[part]
    at[last] = value
    return values


def faults(values: object) -> tuple[str, ...]:
    with pytest.raises(ContractError) as caught:
        reader.from_values(values)  # type: ignore[arg-type]  # whatever a file may hold
    return caught.value.faults


def feature(**changes: object) -> Feature:
    plain: dict[str, Any] = {"name": "area", "column": "Area", "number": 1, "kind": "number", "unit": ""}
    rest = {
        "minimum": None,
        "maximum": None,
        "choices": (),
        "missing": None,
        "required": True,
        "description": "",
    }
    return Feature(**(plain | rest | changes))


def test_a_contract_with_five_faults_lists_five() -> None:
    values = changed("title", 7)
    values["features"][0]["kind"] = "decimal"
    values["features"][1]["number"] = 0
    values["split"]["holdout"] = 2
    values["colour"] = "red"
    assert faults(values) == (
        "title: came 7, allowed: text",
        "features[0].kind: came 'decimal', allowed: one of number, integer, flag, category",
        "features[1].number: came 0, allowed: a whole number from 1 to 18999",
        "split.holdout: came 2, allowed: a number from 0.01 to 0.9",
        "colour: an unknown key, allowed: api_version, cleaning, decimal, empty, engine, example, features, "
        "gate, keys, monitoring, name, quality, slices, source, split, target, time, title, training",
    )


def test_a_kind_that_is_misspelt_is_one_fault_and_not_three() -> None:
    found = faults(changed("features.3.kind", "categroy"))
    assert found == ("features[3].kind: came 'categroy', allowed: one of number, integer, flag, category",)


def test_the_message_counts_the_faults_and_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "town" / "contract.toml"
    path.parent.mkdir()
    path.write_text(TEXT.replace('unit = "EUR"', "unit = 5").replace("log = true", "log = 1"))
    with pytest.raises(ContractError) as caught:
        reader.read(path)
    first, *rest = str(caught.value).splitlines()
    assert first == f"{path}: 2 faults"
    assert rest == ["  target.unit: came 5, allowed: text", "  target.log: came 1, allowed: true or false"]


def test_values_that_went_through_json_give_the_same_contract() -> None:
    contract = reader.from_values(town())
    again = reader.from_values(json.loads(json.dumps(contract.values)))
    assert again == contract
    assert again.digest == contract.digest


def test_the_digest_knows_values_and_not_their_order() -> None:
    contract = reader.from_values(town())
    turned = reader.from_values(dict(reversed(town().items())))
    dearer = reader.from_values(changed("features.0.maximum", 2000))
    assert turned.digest == contract.digest
    assert dearer.digest != contract.digest


def test_what_is_not_said_has_a_default() -> None:
    contract = reader.from_values(town())
    assert (contract.api_version, contract.decimal, contract.target.name) == (1, ".", "price")
    assert [each.required for each in contract.features] == [True, False, False, False]
    assert (contract.split.holdout, contract.cleaning.outliers, contract.training.folds) == (0.2, "none", 5)


def test_columns_are_what_a_raw_file_must_have_each_once() -> None:
    contract = reader.from_values(town())
    assert contract.columns == ("Area", "Rooms", "Garden", "Heating", "Price", "Parcel", "Year", "Month")
    assert [each.name for each in contract.numbers] == ["area", "rooms", "garden"]
    assert [each.name for each in contract.categories] == ["heating"]


@pytest.mark.parametrize(
    ("path", "value", "fault"),
    [
        ("name", "Town 1", "name: came 'Town 1', allowed: text matching"),
        ("api_version", 0, "api_version: came 0"),
        ("decimal", ";", "decimal: came ';', allowed: one of ., ,"),
        ("features", [], "features: came [], allowed: a list of at least one table"),
        ("features.0.minimum", 2000, "features[0].minimum: came 2000.0, allowed: at most the maximum, 1000"),
        ("features.0.choices", ["a"], "features[0].choices: came ['a'], allowed: nothing"),
        ("features.1.maximum", 2**24 + 1, "features[1].maximum: came 16777217.0, allowed: at most 16777216"),
        ("features.1.missing", -1, "features[1].missing: came -1.0, allowed: a whole number from 0"),
        ("features.1.missing", 0.5, "features[1].missing: came 0.5, allowed: a whole number from 0"),
        ("features.1.missing", float("inf"), "features[1].missing: came inf"),
        ("features.1.required", True, "features[1].required: came True, allowed: false, for `missing` says"),
        ("features.2.maximum", 1, "features[2].minimum: came 1.0, allowed: no bounds, for a flag has none"),
        ("features.2.missing", "no", "features[2].missing: came 'no', allowed: true or false"),
        ("features.3.choices", [], "features[3].choices: came [], allowed: a list of every value"),
        (
            "features.3.choices",
            ["gas", "gas"],
            "features[3].choices: came ['gas', 'gas'], allowed: a list of distinct",
        ),
        ("features.3.choices", ["none", ""], "features[3].choices: came '', allowed: names"),
        ("features.3.missing", "coal", "features[3].missing: came 'coal', allowed: one of none, gas, oil"),
        ("features.1.name", "area", "features: name area stands twice"),
        ("features.1.name", "price", "features: name price stands twice"),
        ("features.1.name", "sold", "features[1].name: came 'sold', allowed: another name"),
        ("features.1.name", "are_a", "features: name are_a stands twice but for underscores"),
        ("features.1.column", "Area", "features: column Area stands twice"),
        ("features.1.column", "Price", "features: column Price stands twice"),
        ("features.1.number", 1, "features: number 1 stands twice"),
        (
            "keys.sold",
            ["a", "b", "c", "d"],
            "keys.sold: came ['a', 'b', 'c', 'd'], allowed: one column of dates",
        ),
        ("keys.sold", [], "split.by: came 'sold', allowed: 'hash', for keys.sold names no date"),
        (
            "keys.property",
            "Area",
            "keys: came 'Area', allowed: a column that is neither a feature nor the target",
        ),
        (
            "keys.sold",
            ["Price"],
            "keys: came 'Price', allowed: a column that is neither a feature nor the target",
        ),
        (
            "keys.sold_format",
            "%Y-%m-%m",
            "keys.sold_format: came '%Y-%m-%m', allowed: %Y, %m and %d, each once",
        ),
        ("split.calibration", 0.8, "split.calibration: came 0.8, allowed: a share that leaves a tenth"),
        ("training.candidates", {}, "training.candidates: came {}, allowed: a table for each estimator"),
        (
            "training.candidates.ridge.alpha",
            [],
            "training.candidates.ridge.alpha: came [], allowed: a list of",
        ),
        ("training.candidates.ridge.alpha", [float("nan")], "training.candidates.ridge.alpha: came [nan]"),
        ("gate.floors.beauty", 1, "gate.floors.beauty: came 'beauty', allowed: one of r2, mse"),
        ("slices.columns", ["area"], "slices.columns: came 'area', allowed: an integer, flag or category"),
        ("slices.columns", ["view"], "slices.columns: came 'view', allowed: an integer, flag or category"),
        ("example.view", 1, "example.view: is no feature, allowed: area, rooms, garden, heating"),
        ("example.area", 0, "example.area: came 0.0, allowed: a number from 1 to 1000 m2"),
        ("example.rooms", 10**400, "example.rooms: came"),
        ("example", {"garden": True}, "example.area: is missing, allowed: a number from 1 to 1000 m2"),
        (
            "monitoring",
            {"error_warn": 0.5, "error_fail": 0.2},
            "monitoring.error_fail: came 0.2, allowed: at least error_warn, 0.5",
        ),
        (
            "monitoring",
            {"reference": "Price"},
            "keys: came 'Price', allowed: a column that is neither a feature nor the target",
        ),
    ],
)
def test_a_contradiction_is_found_and_says_what_is_allowed(path: str, value: object, fault: str) -> None:
    assert any(found.startswith(fault) for found in faults(changed(path, value)))


@settings(deadline=None)
@given(
    path=st.sampled_from(PATHS),
    value=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.dates(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=5,
    ),
)
def test_whatever_stands_in_a_contract_is_read_or_refused(path: str, value: object) -> None:
    values = changed(path, value)
    with suppress(ContractError):
        contract = reader.from_values(values)
        assert reader.from_values(copy.deepcopy(values)).digest == contract.digest


@settings(deadline=None)
@given(st.floats())
def test_bounds_are_inclusive_and_nothing_endless_is_a_number(value: float) -> None:
    accepted = feature(minimum=-5, maximum=1e9).accepts(value)
    assert accepted == (-5 <= value <= 1e9)
    assert not feature().accepts(float("inf"))
    assert not feature(kind="integer").accepts(float("-inf"))


def test_each_kind_accepts_its_own_type_only() -> None:
    assert feature(kind="integer").accepts(3.0)
    assert not feature(kind="integer").accepts(3.5)
    assert not feature(kind="number").accepts(True)
    assert [feature(kind="flag").accepts(value) for value in (True, 0, 1.0, 2, "yes")] == [True] * 3 + [
        False
    ] * 2
    assert [feature(kind="category", choices=("gas",)).accepts(value) for value in ("gas", "oil", 1)] == [
        *(True, False, False)
    ]


def test_names_that_the_steps_add_to_sales_are_reserved() -> None:
    added = {columns.PROPERTY, columns.SOLD, columns.PART, columns.GROUP, columns.REASON}
    assert set(RESERVED) == added


def test_integers_stop_where_float32_stops_being_exact() -> None:
    reader.from_values(changed("features.1.maximum", EXACT_IN_FLOAT32))
    assert faults(changed("features.1.maximum", EXACT_IN_FLOAT32 + 1))


def test_the_folder_has_the_name_of_the_market(tmp_path: Path) -> None:
    path = tmp_path / "city" / "contract.toml"
    path.parent.mkdir()
    path.write_text(TEXT)
    with pytest.raises(ContractError, match="came 'town', allowed: the name of the folder, 'city'"):
        reader.read(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"name =", "is not TOML"), (b"name = '\xff'", "is not TOML"), (None, "cannot be read")],
)
def test_a_file_that_is_no_toml_is_refused(tmp_path: Path, content: bytes | None, message: str) -> None:
    path = tmp_path / "contract.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ContractError, match=message):
        reader.read(path)


def test_every_market_of_the_project_can_be_read() -> None:
    contracts, broken = reader.read_each(Path(__file__).parents[3] / "data")
    assert not broken
    assert {"ames", "halfmil"} <= set(contracts)
    assert all(isinstance(contract, Contract) for contract in contracts.values())


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ({"url": "postgresql://me:hush@db/sales", "query": "SELECT 1"}, "source.url: .*without a password"),
        ({"url": "postgresql://db/s?password=hush", "query": "SELECT 1"}, "source.url: .*without a password"),
        ({"url": "https://a.example/s.csv?X-Amz-Signature=hush"}, "source.url: .*without a password"),
        ({"rejects": "s3://me:hush@bucket/rejects"}, "source.rejects: .*without a password"),
        ({"url": "ftp://place/sales.csv"}, "source.url: came 'ftp://place/sales.csv', allowed: a folder"),
        ({"url": "sqlite:///sales.db"}, "source.query: came '', allowed: SQL"),
        ({"url": "s3://bucket/", "query": "SELECT 1"}, "source.query: .*only postgresql, mysql, sqlite"),
    ],
)
def test_a_source_that_cannot_be_read_is_told(source: dict[str, str], told: str) -> None:
    with pytest.raises(ContractError, match=told) as error:
        reader.from_values({**tomllib.loads(TEXT), "source": source})
    assert "hush" not in str(error.value)


def test_categories_alone_are_enough() -> None:
    roof = next(feature for feature in models.HUTS["features"] if feature["name"] == "roof")  # type: ignore[attr-defined]
    alone = models.contract(features=[roof], slices={}, example={})
    assert (len(alone.numbers), len(alone.categories)) == (0, 1)


@pytest.mark.parametrize(
    "text",
    [
        "a = " + "[" * 5000,
        "a = " + "{b = " * 5000,
        TEXT.replace("maximum = 1000", f"maximum = 1{'0' * 400}"),
        TEXT.replace("maximum = 1000", "maximum = 1e999"),
        TEXT.replace("minimum = 0", f"minimum = -1{'0' * 400}"),
        TEXT.replace("alpha = [1, 10]", f"alpha = [1{'0' * 5000}]"),
        TEXT.replace("number = 2", f"number = 1{'0' * 400}"),
        TEXT.replace("r2 = 0.7", f"r2 = 1{'0' * 400}"),
    ],
)
def test_a_contract_out_of_all_bounds_is_refused_with_a_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "town" / "contract.toml"
    path.parent.mkdir()
    path.write_text(text)
    with pytest.raises(ContractError):
        reader.read(path)


def test_a_contract_that_is_no_regular_file_is_not_waited_for(tmp_path: Path) -> None:
    for made in ("pipe", "folder", "gone"):
        path = tmp_path / made / "contract.toml"
        path.parent.mkdir()
        {"pipe": os.mkfifo, "folder": os.mkdir, "gone": lambda path: None}[made](path)
        with pytest.raises(ContractError, match=r"is no regular file|cannot be read"):
            reader.read(path)
