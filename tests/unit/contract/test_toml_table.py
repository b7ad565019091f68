"""A table is read key by key; each fault is kept and reading goes on."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from house_prices.contract.toml_table import Table


def table(**values: object) -> tuple[Table, list[str]]:
    faults: list[str] = []
    return Table(values, "house", faults), faults


def test_a_good_table_has_no_faults() -> None:
    read, faults = table(name="hut", area=12.5, rooms=2, garden=True, tags=["old", "dry"])
    assert read.text("name") == "hut"
    assert (read.number("area"), read.whole("rooms", low=1, high=9)) == (12.5, 2)
    assert read.truth("garden")
    assert read.texts("tags") == ("old", "dry")
    read.close()
    assert faults == []


def test_every_fault_is_kept_and_a_harmless_value_of_the_type_is_given() -> None:
    read, faults = table(name=1, area="wide", rooms=2.5, garden="yes", tags=[1])
    assert (read.text("name"), read.number("area"), read.whole("rooms", low=1, high=9)) == ("", 0.0, 1)
    assert (read.truth("garden"), read.texts("tags")) == (False, ())
    assert faults == [
        "house.name: came 1, allowed: text",
        "house.area: came 'wide', allowed: a number",
        "house.rooms: came 2.5, allowed: a whole number from 1 to 9",
        "house.garden: came 'yes', allowed: true or false",
        "house.tags: came [1], allowed: a list of distinct texts",
    ]


def test_a_missing_key_is_a_fault_once_unless_it_has_a_default() -> None:
    read, faults = table()
    assert read.text("name", "hut") == "hut"
    assert read.optional_number("area") is None
    read.text("street")
    assert faults == ["house.street: is missing, allowed: text"]


def test_a_key_that_nobody_takes_is_a_fault_that_names_the_known_ones() -> None:
    read, faults = table(name="hut", nmae="hut")
    read.text("name")
    read.close()
    assert faults == ["house.nmae: an unknown key, allowed: name"]


def test_true_is_no_number() -> None:
    read, faults = table(area=True, rooms=False)
    read.number("area")
    read.whole("rooms", low=0, high=9)
    assert len(faults) == 2


def test_text_may_have_to_be_one_of_a_few_or_match_as_a_whole() -> None:
    read, faults = table(by="moon", name="hut 1")
    assert read.text("by", one_of=("hash", "sold")) == "hash"
    read.text("name", pattern="[a-z]+")
    assert faults == [
        "house.by: came 'moon', allowed: one of hash, sold",
        "house.name: came 'hut 1', allowed: text matching [a-z]+",
    ]


def test_faults_in_tables_below_tell_the_whole_way() -> None:
    read, faults = table(rooms=[{"area": 5}, {"area": "big"}, 7])
    for room in read.tables("rooms"):
        room.number("area", 0)
    assert faults == [
        "house.rooms[2]: came 7, allowed: a table",
        "house.rooms[1].area: came 'big', allowed: a number",
    ]


def test_a_lone_text_is_a_list_of_one() -> None:
    read, faults = table(sold="date")
    assert (read.texts("sold"), faults) == (("date",), [])


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 10**400, [], {}, [float("-inf")]])
def test_nothing_endless_is_a_value(value: object) -> None:
    read, faults = table(value=value)
    read.scalar("value")
    read.scalars("value")
    read.number("value")
    assert len(faults) == 3


@settings(deadline=None)
@given(st.dictionaries(st.text(max_size=4), st.none() | st.booleans() | st.floats() | st.text(max_size=4)))
def test_no_value_stops_the_reading(values: dict[str, Any]) -> None:
    read = Table(values, "", [])
    for key in (*read.keys(), "absent"):
        read.text(key)
        read.number(key)
        read.whole(key, low=0, high=1)
        read.truth(key)
        read.texts(key)
        read.scalar(key)
        read.scalars(key)
        read.table(key).close()
        read.tables(key)
    read.close()
