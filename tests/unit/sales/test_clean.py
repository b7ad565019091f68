"""Cleaning: which sales are kept, with which values, and why the others are refused."""

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from house_prices.contract.schema import Contract
from house_prices.errors import SalesError
from house_prices.sales import clean, halfmil
from house_prices.sales.columns import CELL, COLUMN, FILE, LINE, REASON, REFERENCE, TEXT, UNREAD
from tests import models
from tests.raw_sales import HEADER, HUTS, PLAIN, cleaned, raw, reasons


def sale(**cells: str) -> str:
    """A line like PLAIN, with some cells changed."""
    pairs = zip(HEADER.lower().split(","), PLAIN.split(","), strict=True)
    return ",".join(f'"{cells.get(name, cell)}"' for name, cell in pairs)


def squares() -> Contract:
    """A market of one number and a price."""
    area = {"name": "area", "column": "Area", "number": 1, "kind": "number"}
    return models.contract(features=[area], cleaning={"outliers": "iqr"})


def test_a_sale_within_the_contract_is_kept_with_its_types() -> None:
    sales, rejects = cleaned(raw(PLAIN), HUTS)
    assert sales.to_dict("records") == [
        {"area": 100.0, "rooms": 3.0, "garden": 1.0, "age": 20.0, "roof": "flat", "view": "sea",
         "style": "old", "price": 150000.0}
    ]  # fmt: skip
    assert len(rejects) == 0


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"area": ""}, "area: empty"),
        ({"area": "0.5"}, "area: below 1"),
        ({"area": "1000.5"}, "area: above 1000"),
        ({"area": "inf"}, "area: not finite"),
        ({"rooms": "2.5"}, "rooms: not a whole number"),
        ({"rooms": "-1"}, "rooms: below 0"),
        ({"rooms": "2001"}, "rooms: above 2000"),
        ({"age": "inf"}, "age: not finite"),
        ({"age": "-inf"}, "age: not finite"),
        ({"age": "1e39"}, "age: not finite"),
        ({"roof": ""}, "roof: empty"),
        ({"roof": "  "}, "roof: empty"),
        ({"price": ""}, "price: empty"),
        ({"price": "0"}, "price: not above 0"),
        ({"price": "-5"}, "price: not above 0"),
        ({"price": "inf"}, "price: not finite"),
    ],
)
def test_a_sale_that_breaks_a_rule_is_refused_with_its_reason(cells: dict[str, str], reason: str) -> None:
    sales, rejects = cleaned(raw(PLAIN, sale(**cells)), HUTS)
    assert reasons(rejects) == [reason]
    assert len(sales) == 1


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"area": "big"}, "area: not a number"),
        ({"area": "1,5"}, "area: not a number"),
        ({"rooms": "2024-05-01"}, "rooms: not a number"),
        ({"garden": "2"}, "garden: not true or false"),
        ({"garden": "perhaps"}, "garden: not true or false"),
        ({"age": "old"}, "age: not a number"),
        ({"roof": "straw"}, "roof: not one of its choices"),
        ({"roof": "Flat"}, "roof: not one of its choices"),
        ({"view": "hill"}, "view: not one of its choices"),
        ({"style": "odd"}, "style: not one of its choices"),
        ({"price": "cheap"}, "price: not a number"),
    ],
)
def test_a_cell_that_cannot_be_read_is_the_reason(cells: dict[str, str], reason: str) -> None:
    sales, rejects = cleaned(raw(PLAIN, sale(**cells)), HUTS)
    assert reasons(rejects) == [reason]
    assert len(sales) == 1


def test_the_first_broken_rule_in_the_contracts_order_is_the_reason() -> None:
    _, rejects = cleaned(raw(PLAIN, sale(rooms="-1", area="0", price="0")), HUTS)
    assert reasons(rejects) == ["area: below 1"]


def test_an_empty_cell_is_what_the_contract_says_it_means() -> None:
    sales, rejects = cleaned(raw(PLAIN, sale(area="50", garden="", age="", view="", style="")), HUTS)
    found = sales[sales["area"] == 50].iloc[0]
    assert found["garden"] == 0.0
    assert found["view"] == "none"
    assert pd.isna(found["age"])
    assert pd.isna(found["style"])
    assert len(rejects) == 0


@pytest.mark.parametrize("empty", ["", "NA", "N/A", "NaN", "NULL", '""', "-", "unknown"])
def test_an_empty_cell_has_several_spellings_and_those_of_the_contract(empty: str) -> None:
    huts = models.contract(empty=["Unknown"])
    sales, rejects = cleaned(raw(f"50,3,1,{empty},flat,{empty},old,1", of=huts), huts)
    assert sales["age"].isna().all()
    assert list(sales["view"]) == ["none"]
    assert len(rejects) == 0


def test_a_column_that_is_wholly_empty_has_the_same_meanings() -> None:
    sales, rejects = cleaned(raw(sale(garden="", age="", view="", style="")), HUTS)
    assert (sales["garden"][0], sales["view"][0]) == (0.0, "none")
    assert sales[["age", "style"]].isna().all(axis=None)
    assert len(rejects) == 0


def test_a_number_left_out_may_stand_for_a_number() -> None:
    age = {"name": "age", "column": "Age", "number": 4, "kind": "integer", "missing": 7}
    sales, _ = cleaned(raw(PLAIN, sale(age="")), models.contract(features=[age]))
    assert list(sales["age"]) == [7.0, 20.0]


@pytest.mark.parametrize("yes", ["1", "1.0", "true", "TRUE", "True", "yes", "Y", " yes "])
def test_a_flag_is_true_in_many_spellings(yes: str) -> None:
    sales, rejects = cleaned(raw(sale(garden=yes), sale(garden="", area="2")), HUTS)
    assert list(sales["garden"]) == [0.0, 1.0]
    assert len(rejects) == 0


@pytest.mark.parametrize("no", ["0", "0.0", "false", "FALSE", "no", "N", " no"])
def test_a_flag_is_false_in_many_spellings(no: str) -> None:
    sales, rejects = cleaned(raw(sale(garden=no), sale(garden="yes", area="200")), HUTS)
    assert list(sales["garden"]) == [0.0, 1.0]
    assert len(rejects) == 0


def test_blanks_around_a_cell_are_no_part_of_it() -> None:
    sales, rejects = cleaned(raw(sale(area=" 50 ", roof=" flat", view="sea  ", price=" 9000")), HUTS)
    assert len(rejects) == 0
    assert (sales["area"][0], sales["roof"][0], sales["view"][0]) == (50.0, "flat", "sea")


@pytest.mark.parametrize("number", ["50", "50.0", "+50", "5e1", "50.", "5.0E+1"])
def test_numbers_beside_text_are_read_as_numbers(number: str) -> None:
    sales, rejects = cleaned(raw(sale(area=number), sale(area="big")), HUTS)
    assert list(sales["area"]) == [50.0]
    assert reasons(rejects) == ["area: not a number"]


def test_numbers_too_large_beside_text_are_not_finite() -> None:
    _, rejects = cleaned(raw(PLAIN, sale(age="1e999"), sale(age="old"), sale(price="1e999")), HUTS)
    assert reasons(rejects) == ["age: not finite", "age: not a number", "price: not finite"]


def test_decimal_commas_beside_text_are_read_as_the_contract_says() -> None:
    huts = models.contract(decimal=",")
    header = "Area;Rooms;Garden;Age;Roof;View;Style;Price"
    lines = ("50,5;3;1;;flat;;;1000,5", "big;3;1;;flat;;;dear")
    sales, rejects = cleaned(raw(*lines, header=header, of=huts), huts)
    assert (sales["area"][0], sales["price"][0]) == (50.5, 1000.5)
    assert reasons(rejects) == ["area: not a number"]


def test_a_reject_keeps_its_raw_cells_and_its_place() -> None:
    _, rejects = cleaned(raw(PLAIN, PLAIN.replace("sea", "hill"), sale(area="big")), HUTS)
    assert list(rejects["View"]) == ["hill", "sea"]
    assert list(rejects["Area"].astype(str)) == ["100", "big"]
    assert list(rejects[LINE]) == [3, 4]
    assert list(rejects[COLUMN]) == ["View", "Area"]
    assert list(rejects[CELL]) == ["hill", "big"]
    assert list(rejects[FILE].astype(str)) == ["sales.csv", "sales.csv"]


def test_the_same_sale_written_again_is_refused_and_the_first_kept() -> None:
    sales, rejects = cleaned(raw(PLAIN, sale(area="50"), PLAIN, " " + PLAIN), HUTS)
    assert sorted(sales["area"]) == [50.0, 100.0]
    assert list(rejects[LINE]) == [4, 5]
    assert reasons(rejects) == ["a duplicate", "a duplicate"]


def test_sales_that_differ_in_what_is_empty_are_no_duplicates() -> None:
    sales, rejects = cleaned(raw(PLAIN, sale(age=""), sale(style=""), sale(age="")), HUTS)
    assert len(sales) == 3
    assert list(rejects[LINE]) == [5]


def test_duplicates_are_kept_where_the_contract_keeps_them() -> None:
    sales, rejects = cleaned(raw(PLAIN, PLAIN), models.contract(cleaning={"duplicates": "keep"}))
    assert (len(sales), len(rejects)) == (2, 0)


def test_rejects_are_counted_by_reason_the_commonest_first() -> None:
    _, rejects = cleaned(raw(PLAIN, PLAIN, sale(roof=""), sale(roof="", area="2"), sale(area="0")), HUTS)
    assert list(clean.count_by_reason(rejects).items()) == [
        ("roof: empty", 2),
        ("a duplicate", 1),
        ("area: below 1", 1),
    ]


def test_where_every_sale_is_refused_the_commonest_reasons_are_told() -> None:
    sales, rejects = cleaned(raw(sale(area="0"), sale(area="0"), sale(price="")), HUTS)
    with pytest.raises(SalesError) as caught:
        clean.check_kept(len(sales), clean.count_by_reason(rejects), HUTS, where="rejects.csv")
    assert str(caught.value) == (
        "Cleaning refused every sale: area: below 1 (2); price: empty (1). "
        "See rejects.csv, then correct the file or the contract."
    )


def test_a_single_sale_is_cleaned_like_any_other() -> None:
    huts = models.contract(cleaning={"outliers": "iqr"})
    sales, rejects = cleaned(raw(PLAIN), huts)
    assert (len(sales), len(rejects)) == (1, 0)


def test_a_price_that_never_changes_is_kept() -> None:
    huts = models.contract(cleaning={"outliers": "iqr"})
    sales, _ = cleaned(raw(*(sale(area=str(area)) for area in range(1, 30))), huts)
    assert set(sales["price"]) == {150000.0}


def test_an_outlier_lies_beyond_one_and_a_half_interquartile_ranges() -> None:
    lines = [f"{area},100" for area in range(1, 12)]  # with one more above, quartiles 3.75 and 9.25
    huts = squares()
    kept, none = cleaned(raw(*lines, "17,100", header="Area,Price", of=huts), huts)
    sales, rejects = cleaned(raw(*lines, "18,100", header="Area,Price", of=huts), huts)
    assert (len(kept), len(none)) == (12, 0)
    assert reasons(rejects) == ["area: an outlier, beyond 1.5 interquartile ranges"]
    assert list(rejects["Area"].astype(str)) == ["18"]
    assert len(sales) == 11


def test_outliers_are_removed_column_by_column_as_the_seed_did() -> None:
    houses = halfmil.generate(2000, seed=1)[["Area", "Garage", "Baths", "Prices"]]
    houses.loc[:60, "Area"] = range(300, 361)
    houses.loc[40:90, "Baths"] = range(6, 57)
    houses.loc[80:120, "Prices"] = range(90_000, 131_000, 1000)
    contract = models.contract(
        target={"column": "Prices"},
        features=[
            {"name": name.lower(), "column": name, "number": at, "kind": "integer"}
            for at, name in enumerate(("Area", "Garage", "Baths"), start=1)
        ],
        cleaning={"outliers": "iqr"},
    )
    sales, _ = cleaned(
        houses.assign(**{FILE: "a.csv", LINE: range(1, 2001), UNREAD: None, TEXT: None}), contract
    )
    theirs = the_seeds_treatment(houses).sort_values(list(houses.columns), ignore_index=True)
    assert (sales.to_numpy() == theirs.to_numpy()).all()
    assert len(sales) < len(houses) - 50


def the_seeds_treatment(houses: pd.DataFrame) -> pd.DataFrame:
    """Drop nulls, then outliers column by column, then duplicates."""
    houses = houses.dropna()
    for column in houses.columns:
        low, high = houses[column].quantile(0.25), houses[column].quantile(0.75)
        reach = 1.5 * (high - low)
        houses = houses[houses[column].between(low - reach, high + reach)]
    return houses.drop_duplicates()


def test_the_order_of_the_rows_does_not_matter() -> None:
    huts = models.contract(cleaning={"outliers": "iqr"})
    prices = (*range(100, 130), 9999)
    rows = raw(PLAIN, PLAIN, sale(roof=""), *(sale(price=str(price)) for price in prices))
    shuffled = rows.sample(frac=1, random_state=3, ignore_index=True)
    for first, second in zip(cleaned(rows, huts), cleaned(shuffled, huts), strict=True):
        pd.testing.assert_frame_equal(first, second, check_dtype=False, check_categorical=False)


def test_sales_have_the_propertys_key_and_the_day_where_the_contract_names_them() -> None:
    huts = models.contract(keys={"property": "Id", "sold": ["Year", "Month"]})
    header = "Id,Year,Month,Area,Rooms,Garden,Age,Roof,View,Style,Price"
    sales, _ = cleaned(raw(f"007,2010,7,{PLAIN}", header=header, of=huts), huts)
    assert (sales["property"][0], sales["sold"][0]) == ("007", 20100700.0)


@pytest.mark.parametrize(
    ("day", "form"), [("2010-07-31", "%Y-%m-%d"), ("31/07/2010", "%d/%m/%Y"), ("20100731", "%Y%m%d")]
)
def test_one_column_of_dates_is_read_as_the_contract_writes_them(day: str, form: str) -> None:
    huts = models.contract(keys={"sold": ["Day"], "sold_format": form})
    header = "Day,Area,Rooms,Garden,Age,Roof,View,Style,Price"
    sales, _ = cleaned(raw(f"{day},{PLAIN}", header=header, of=huts), huts)
    assert sales["sold"][0] == 20100731.0


@pytest.mark.parametrize("needs_it", [{"split": {"by": "sold"}}, {"time": {"months": 12}}])
def test_a_sale_without_a_date_is_refused_where_the_contract_needs_one(needs_it: dict[str, object]) -> None:
    huts = models.contract(keys={"sold": ["Day"]}, **needs_it)
    header = "Day,Area,Rooms,Garden,Age,Roof,View,Style,Price"
    lines = (f"2010-07-31,{PLAIN}", f",{PLAIN}", f"yesterday,{PLAIN}")
    sales, rejects = cleaned(raw(*lines, header=header, of=huts), huts)
    assert reasons(rejects) == ["sold: empty", "sold: not a date"]
    assert len(sales) == 1


TEXTS = st.sampled_from(
    ["", "0", "1", "3", "-2", "1e9", "x", "flat", "gable", "sea", "old", "yes", " 7 ", "2.5"]
)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(lines=st.lists(st.lists(TEXTS, min_size=8, max_size=8).filter(any), min_size=1, max_size=12))
def test_every_sale_that_is_read_is_either_kept_or_refused(lines: list[list[str]]) -> None:
    read = raw(PLAIN, *(",".join(line) for line in lines))
    sales, rejects = cleaned(read, models.contract(cleaning={"outliers": "iqr"}))
    assert len(sales) + len(rejects) == len(read)
    assert rejects[REASON].notna().all()
    assert not rejects.duplicated([FILE, LINE]).any()


def test_the_column_that_callers_name_houses_by_is_kept_beside_the_features() -> None:
    contract = models.contract(monitoring={"reference": "Listing"})
    frame = raw(PLAIN).assign(Listing=" L-7 ")
    assert clean.clean(frame, contract).sales[REFERENCE].tolist() == ["L-7"]
