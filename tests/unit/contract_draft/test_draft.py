"""A contract drafted from one file: what is recognized, what is left out, and what is refused."""

import tomllib
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import pandas as pd
import pytest

from house_prices import contract_draft
from house_prices.contract import reader
from house_prices.contract.schema import Contract
from house_prices.contract_draft import defaults, roles
from house_prices.contract_draft.columns import Column
from house_prices.errors import ContractError, SalesError, SourceError
from house_prices.sales import clean
from house_prices.sales import read as source
from house_prices.training import estimators

AMES = Path(__file__).parents[3] / "data/ames/raw/ames.csv"

PLAIN = """Area,Rooms,City,Garden,Price
120.5,3,Ames,yes,200000
80,2,Ames,no,150000
95.5,3,Boone,yes,160000
210,6,Boone,no,420000
60,1,Ames,no,90000
75,2,Ames,yes,120000
"""

GERMAN = """Wohnfläche m²;Zimmer;Ort;Balkon;Kaufpreis
120,5;3;Köln;ja;350000
80;2;Köln;nein;250000,50
95,25;3;Bonn;ja;260000
210;6;Bonn;nein;720000
60;1;Köln;nein;190000
75;2;Köln;ja;220000
"""


def written(folder: Path, text: str, name: str = "sales.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@cache
def drafted(path: Path, target: str) -> tuple[Contract, str, dict[str, int]]:
    """The drafted contract, its text, and what it rejects of the file it was drafted from, by reason."""
    text = contract_draft.draft(path, target)
    contract = reader.from_values(tomllib.loads(text))
    cleaned = clean.clean(source.read([path], contract).sales, contract)
    assert len(cleaned.sales) > 0
    return contract, text, clean.count_by_reason(cleaned.rejects)


def read(path: Path, target: str) -> tuple[Contract, str]:
    """The drafted contract, and its text."""
    contract, text, _ = drafted(path, target)
    return contract, text


def kinds(contract: Contract) -> dict[str, str]:
    return {feature.name: feature.kind for feature in contract.features}


def rejects(path: Path, target: str) -> dict[str, int]:
    return drafted(path, target)[2]


def test_kinds_follow_from_the_cells(tmp_path: Path) -> None:
    contract, _ = read(written(tmp_path, PLAIN), "Price")
    assert kinds(contract) == {"area": "number", "rooms": "integer", "city": "category", "garden": "flag"}
    assert contract.features[2].choices == ("Ames", "Boone")
    assert contract.target.column == "Price"


def test_no_sale_of_the_file_itself_is_refused(tmp_path: Path) -> None:
    assert rejects(written(tmp_path, PLAIN), "Price") == {}


def test_bounds_leave_room_around_what_was_seen_and_say_what_it_was(tmp_path: Path) -> None:
    contract, text = read(written(tmp_path, PLAIN), "Price")
    assert (contract.features[0].minimum, contract.features[0].maximum) == (0, 300)
    assert "maximum = 300 # seen: 210" in text


def test_bounds_of_a_narrow_range_stay_near_it(tmp_path: Path) -> None:
    rows = "".join(f"{47.1 + at / 10},{-122.5 + at / 10},{1990 + at},{100 + at}\n" for at in range(8))
    contract, _ = read(written(tmp_path, "Lat,Lon,Built,Price\n" + rows), "Price")
    bounds = {feature.name: (feature.minimum, feature.maximum) for feature in contract.features}
    assert bounds == {"lat": (46.7, 48.2), "lon": (-122.9, -121.4), "built": (1986, 2001)}


def test_semicolons_and_decimal_commas_are_detected(tmp_path: Path) -> None:
    path = written(tmp_path, GERMAN)
    contract, text = read(path, "Kaufpreis")
    assert contract.decimal == ","
    assert kinds(contract)["wohnflaeche_m2"] == "number"
    assert "semicolons between columns, decimal comma" in text
    assert rejects(path, "Kaufpreis") == {}


def test_tabs_and_bars_separate_as_well(tmp_path: Path) -> None:
    for mark in "\t|":
        contract, _ = read(written(tmp_path, PLAIN.replace(",", mark)), "Price")
        assert list(kinds(contract)) == ["area", "rooms", "city", "garden"]


def test_a_byte_order_mark_and_quotes_are_no_part_of_a_header(tmp_path: Path) -> None:
    text = (
        '\ufeff"Area","Near, or far",Price\n100,"near, by foot",5\n90,far,4\n80,"near, by foot",3\n70,far,2\n'
    )
    contract, _ = read(written(tmp_path, text), "Price")
    assert [feature.column for feature in contract.features] == ["Area", "Near, or far"]
    assert contract.features[1].choices == ("far", "near, by foot")


def test_in_ames_the_parcel_is_the_key_and_year_and_month_are_the_date() -> None:
    contract, _ = read(AMES, "price")
    assert contract.keys.property == "PID"
    assert contract.keys.sold == ("Yr.Sold", "Mo.Sold")
    assert contract.split.by == "sold"
    assert contract.target.log
    assert not {"pid", "yr_sold", "mo_sold"} & set(kinds(contract))


def test_in_ames_codes_are_categories_and_yes_and_no_are_a_flag() -> None:
    contract, _ = read(AMES, "price")
    features = {feature.name: feature for feature in contract.features}
    assert features["ms_sub_class"].choices[:3] == ("20", "30", "40")
    assert features["central_air"].kind == "flag"
    assert features["sale_type"].choices[-1] == "WD"


def test_in_ames_only_sales_with_a_slip_of_the_pen_are_refused() -> None:
    refused = rejects(AMES, "price")
    assert {why.partition(": ")[2] for why in refused} == {"empty"}
    assert sum(refused.values()) <= 10


def test_a_cell_or_two_that_are_empty_make_no_feature_optional(tmp_path: Path) -> None:
    rows = "".join(f"{'' if at == 3 else 50 + at},{100 + at * at}\n" for at in range(60))
    contract, text = read(written(tmp_path, "Area,Price\n" + rows), "Price")
    assert contract.features[0].required
    assert "1 of 60 cells are empty; their sales are refused, unless required = false." in text


def test_empty_cells_make_a_feature_optional_and_their_share_is_told(tmp_path: Path) -> None:
    rows = PLAIN.partition("\n")[2] * 5
    rows = rows.replace("120.5,3,Ames", ",3,").replace("80,2,Ames", "80,,Ames")
    contract, drafted = read(written(tmp_path, PLAIN.partition("\n")[0] + "\n" + rows), "Price")
    assert [feature.required for feature in contract.features] == [False, False, False, True]
    assert (
        "# 16.7% of the cells are empty; decide: where empty means 0, write missing = 0 instead." in drafted
    )
    assert 'write missing = "none" instead and add "none" to choices' in drafted


@pytest.mark.parametrize(
    ("dates", "form"),
    [
        (("2020-01-31", "2021-07-01"), "%Y-%m-%d"),
        (("2020-01-31 10:00:00", "2021-07-01 00:00:00"), "%Y-%m-%d"),
        (("31.01.2020", "1.7.2021"), "%d/%m/%Y"),
        (("31/01/2020", "01/07/2021"), "%d/%m/%Y"),
        (("01/31/2020", "07/01/2021"), "%m/%d/%Y"),
        (("20200131", "20210701"), "%Y-%m-%d"),
        (("20140623T000000", "20150101T000000"), "%Y-%m-%d"),
        (("2014-06-23T10:00:00Z", "2015-01-01T00:00:00+02:00"), "%Y-%m-%d"),
        (("31.12.20", "1.7.21"), "%d/%m/%y"),
        (("12/31/20", "7/1/21"), "%m/%d/%y"),
        (("41813", "42005"), "excel"),
        (("1403481600", "1420070400"), "unix"),
        (("1403481600000", "1420070400000"), "unix_ms"),
        (("2014-06", "2015-01"), "%Y-%m"),
        (("Jun 2014", "January 2015"), "%Y-%m"),
        (("23 Jun 2014", "1 January 2015"), "%Y-%m-%d"),
        (("Mon Jun 23 00:00:00 EDT 2014", "Thu Jan 01 00:00:00 EST 2015"), "%Y-%m-%d"),
        (("2014.4767", "2015"), "decimal_year"),
    ],
)
def test_a_column_of_dates_orders_the_sales(tmp_path: Path, dates: tuple[str, str], form: str) -> None:
    rows = "".join(f"{dates[at % 2]},{50 + at * at},{100 + at}\n" for at in range(12))
    path = written(tmp_path, "Sale date,Area,Price\n" + rows)
    contract, _ = read(path, "Price")
    assert (contract.keys.sold, contract.keys.sold_format) == (("Sale date",), form)
    assert contract.split.by == "sold"
    assert rejects(path, "Price") == {}


def test_a_date_that_can_be_read_in_two_ways_is_for_a_person_to_decide(tmp_path: Path) -> None:
    rows = "".join(f"0{at}/02/2020,{50 + at * at},{100 + at}\n" for at in range(1, 9))
    text = contract_draft.draft(written(tmp_path, "Sold,Area,Price\n" + rows), "Price")
    assert 'sold_format = "?" # decide: %d/%m/%Y or %m/%d/%Y, for 01/02/2020' in text
    with pytest.raises(ContractError, match=r"keys\.sold_format: is still a question\. Write .%d/%m/%Y. if"):
        reader.from_values(tomllib.loads(text))
    answered = reader.from_values(tomllib.loads(text.replace('"?"', '"%m/%d/%Y"')))
    assert answered.keys.sold_format == "%m/%d/%Y"


def test_a_date_of_something_else_is_left_out_with_its_reason(tmp_path: Path) -> None:
    rows = "".join(f"2001-0{at}-02,{50 + at * at},{100 + at}\n" for at in range(1, 9))
    contract, text = read(written(tmp_path, "Built on,Area,Price\n" + rows), "Price")
    assert contract.keys.sold == ()
    assert "# 'Built on': a date, which no kind of feature holds" in " ".join(text.split())


@pytest.mark.parametrize("header", ["PID", "id", "Parcel No", "property_id", "HouseID", "MLS number"])
def test_a_named_key_that_hardly_repeats_is_the_property(tmp_path: Path, header: str) -> None:
    rows = "".join(f"{9000 + 7 * (at % 7)},{50 + at * at},{100 + at}\n" for at in range(8))
    contract, _ = read(written(tmp_path, f"{header},Area,Price\n{rows}"), "Price")
    assert contract.keys.property == header
    assert list(kinds(contract)) == ["area"]


def test_codes_that_never_repeat_are_the_property_under_any_name(tmp_path: Path) -> None:
    rows = "".join(f"R-{17 * at},{50 + at * at},{100 + at}\n" for at in range(8))
    contract, _ = read(written(tmp_path, "Aktenzeichen,Area,Price\n" + rows), "Price")
    assert contract.keys.property == "Aktenzeichen"


def test_an_address_that_hardly_repeats_is_the_property_for_want_of_a_key(tmp_path: Path) -> None:
    """Else houses of one estate that sold for one price on one day would be duplicates."""
    rows = "".join(f'"{at} Mill Lane, Sligo",{2 + at % 2},150000\n' for at in range(40))
    contract, text = read(
        written(tmp_path, f'Address,Rooms,Price\n{rows}"9 Mill Lane, Sligo",4,200000\n'), "Price"
    )
    assert contract.keys.property == "Address"
    assert rejects(tmp_path / "sales.csv", "Price") == {}
    assert "40 different values in 41 sales" in text


def test_a_street_without_numbers_is_no_property(tmp_path: Path) -> None:
    rows = "".join(f"{chr(65 + at)} Street,{50 + at * at},{100 + at}\n" for at in range(20))
    assert read(written(tmp_path, "Street,Area,Price\n" + rows), "Price")[0].keys.property is None


def test_a_property_type_is_a_category_and_no_key(tmp_path: Path) -> None:
    rows = "".join(f"{'flat' if at % 2 else 'house'},{50 + at * at},{100 + at}\n" for at in range(8))
    contract, _ = read(written(tmp_path, "Property type,Area,Price\n" + rows), "Price")
    assert contract.keys.property is None
    assert kinds(contract)["property_type"] == "category"


@pytest.mark.parametrize(("header", "first"), [('""', 1), ("Order", 0), ("id", 1)])
def test_row_numbers_are_left_out(tmp_path: Path, header: str, first: int) -> None:
    rows = "".join(f"{first + at},{50 + at * at},{100 + at}\n" for at in range(8))
    contract, text = read(written(tmp_path, f"{header},Area,Price\n{rows}"), "Price")
    assert list(kinds(contract)) == ["area"]
    assert contract.keys.property is None
    assert "Left out of the features" in text


def test_what_tells_no_two_houses_apart_is_left_out_with_the_reason(tmp_path: Path) -> None:
    rows = "".join(f"Iowa,,a nice house with view {at} of 8,{50 + at * at},{100 + at}\n" for at in range(8))
    contract, text = read(written(tmp_path, "State,Pool,Notes,Area,Price\n" + rows), "Price")
    assert list(kinds(contract)) == ["area"]
    assert "'State': every cell is 'Iowa'" in text
    assert "'Pool': every cell is empty" in text
    assert "'Notes': text with 8 different values in 8 sales" in text


def test_numbers_with_marks_between_thousands_are_numbers(tmp_path: Path) -> None:
    rows = "".join(f'"1,{100 + at}",{50 + at * at},{100 + at}\n' for at in range(8))
    contract, text = read(written(tmp_path, "Lot,Area,Price\n" + rows), "Price")
    assert kinds(contract)["lot"] == "integer"
    assert "seen: 1107" in text


def test_a_price_in_thousands_beside_decimals_with_the_same_mark_is_asked(tmp_path: Path) -> None:
    rows = "".join(f"{60 + at}.5,{100 + at}.000\n" for at in range(8))
    text = contract_draft.draft(written(tmp_path, "Area,Price\n" + rows), "Price")
    assert tomllib.loads(text)["target"]["decimal"] == "?"


def test_postcodes_are_categories_though_they_look_like_numbers(tmp_path: Path) -> None:
    rows = "".join(f"{98101 + at % 3},0{at % 4},{50 + at * at},{100 + at}\n" for at in range(12))
    contract, _ = read(written(tmp_path, "Zipcode,District,Area,Price\n" + rows), "Price")
    assert kinds(contract) == {"zipcode": "category", "district": "category", "area": "integer"}
    assert contract.features[1].choices == ("00", "01", "02", "03")


@pytest.mark.parametrize(
    ("places", "sales", "kind"), [(350, 1500, "category"), (450, 1500, None), (150, 150_000, None)]
)
def test_places_are_a_category_if_they_are_not_too_many(places: int, sales: int, kind: str | None) -> None:
    cells = pd.Series([f"Place {at % places}" for at in range(sales)], dtype="str")
    assert roles.kind(Column(header="Town", place=1, decimal=".", cells=cells)) == kind


def test_a_few_slips_leave_a_column_of_numbers_and_are_pointed_at(tmp_path: Path) -> None:
    rows = "".join(f"{'unknown' if at == 9 else 60 + at * at},{100 + at}\n" for at in range(40))
    path = written(tmp_path, "Area,Price\n" + rows)
    contract, text = read(path, "Price")
    assert kinds(contract) == {"area": "number"}
    assert "1 cells are no numbers, such as 'unknown'; their sales are refused" in text
    assert rejects(path, "Price") == {"area: not a number": 1}


def test_a_column_that_is_the_price_in_other_words_is_doubted(tmp_path: Path) -> None:
    rows = "".join(f"{50 + at * at % 7},{(100 + at) / 2},{100 + at}\n" for at in range(20))
    _, text = read(written(tmp_path, "Area,Appraisal,Price\n" + rows), "Price")
    assert "# decide: nearly the price itself, with a correlation of 1.000; is it known when" in text


def test_a_table_as_r_writes_it_becomes_a_contract(tmp_path: Path) -> None:
    text = '"","crim","chas","rad","medv"\n' + "".join(
        f'"{at}",{0.006 + at * 0.37},{at % 2},{1 + at % 5},{21.5 + at * 0.7}\n' for at in range(1, 25)
    )
    contract, _ = read(written(tmp_path, text), "medv")
    assert kinds(contract) == {"crim": "number", "chas": "flag", "rad": "integer"}
    assert contract.split.by == "hash"


def test_a_draft_trains_a_blend_and_ridge_and_keeps_no_sales_for_calibration(tmp_path: Path) -> None:
    contract, _ = read(written(tmp_path, PLAIN), "Price")
    estimators.check(contract)
    assert set(contract.training.candidates) == {"ridge", "blend"}
    assert contract.split.calibration == 0


@pytest.mark.parametrize(("sales", "leaves"), [(4999, [16]), (5000, [31, 63]), (30_000, [127])])
def test_boosting_is_given_larger_trees_the_more_sales_there_are(sales: int, leaves: list[int]) -> None:
    drafted = tomllib.loads(defaults.text(sales))["training"]["candidates"]["blend"]
    assert drafted["max_leaf_nodes"] == leaves


@pytest.mark.parametrize(("sales", "early"), [(12_499, None), (12_500, [True])])
def test_boosting_on_many_sales_may_stop_early(sales: int, early: list[bool] | None) -> None:
    drafted = tomllib.loads(defaults.text(sales))["training"]["candidates"]["blend"]
    assert drafted.get("early_stopping") == early


def test_floors_such_as_5_of_12_in_one_cell_are_told_to_be_two_columns(tmp_path: Path) -> None:
    few = "Floor,Area,Price\n" + "".join(f"{at % 3}/{8 + at % 2},{50 + at},{100 + at}\n" for at in range(12))
    many = "Floor,Area,Price\n" + "".join(f"{at % 9}/{9 + at},{50 + at},{100 + at}\n" for at in range(12))
    asked = "# decide: '0/8' is one choice of many. For a model to count, write two columns."
    assert asked in read(written(tmp_path, few), "Price")[1]
    told = "'Floor': two numbers in a cell, such as '0/9'; write two columns"
    assert told in read(written(tmp_path, many, "many.csv"), "Price")[1]


def test_a_skewed_price_above_zero_is_learned_on_its_logarithm(tmp_path: Path) -> None:
    even = "Area,Price\n" + "".join(f"{50 + at},{100 + at}\n" for at in range(9))
    skewed = "Area,Price\n" + "".join(f"{50 + at},{100 + 3**at}\n" for at in range(9))
    assert not read(written(tmp_path, even), "Price")[0].target.log
    assert read(written(tmp_path, skewed, "skewed.csv"), "Price")[0].target.log


def test_headers_become_distinct_names_whatever_stands_in_them(tmp_path: Path) -> None:
    headers = "LotArea,Lot Area,2nd floor (m²),面积,Price,class,sold,bath1,bath_1,Target"
    rows = "".join(",".join(str(at * at * each + at) for each in range(1, 11)) + "\n" for at in range(9))
    contract, _ = read(written(tmp_path, f"{headers}\n{rows}"), "Target")
    assert list(kinds(contract)) == [
        *("lot_area", "lot_area_2", "x2nd_floor_m2", "column_4", "price_2"),
        *("class", "sold_2", "bath1", "bath_1_2"),
    ]


def test_the_market_is_named_after_the_file_unless_a_name_is_given(tmp_path: Path) -> None:
    path = written(tmp_path, PLAIN, "King County 2014.csv")
    assert tomllib.loads(contract_draft.draft(path, "Price"))["name"] == "king_county_2014"
    assert tomllib.loads(contract_draft.draft(path, "Price", "seattle"))["name"] == "seattle"


def test_a_market_name_that_no_contract_takes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="name: came 'King County'"):
        contract_draft.draft(written(tmp_path, PLAIN), "Price", "King County")


def test_a_missing_target_is_answered_with_the_columns_there_are(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"no column 'price'.*Area, Rooms, City, Garden, Price"):
        contract_draft.draft(written(tmp_path, PLAIN), "price")


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (["cheap", "dear", "dear", "cheap"], "not a column of numbers: it has 'cheap', 'dear'"),
        (["5", "5", "5", "5"], "is 5 in every sale: there is nothing to learn"),
        (["", "", "", ""], "nothing but empty cells"),
        (["0", "-1", "-2", "-3"], "no price above 0"),
    ],
)
def test_a_target_that_cannot_be_learned_is_refused(tmp_path: Path, cells: list[str], message: str) -> None:
    rows = "".join(f"{50 + at * at},{cell}\n" for at, cell in enumerate(cells))
    with pytest.raises(SalesError, match=message):
        contract_draft.draft(written(tmp_path, "Area,Price\n" + rows), "Price")


def test_a_file_without_a_feature_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SalesError, match="there is no feature"):
        contract_draft.draft(written(tmp_path, "Id,Price\n1,5\n2,6\n3,8\n"), "Price")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"Area,Price\n", "a header and no sales"),
        (b"Area,Price\n,\n", "'Area' to 'Price'; line 2 is no sale but an empty line"),
        (b"Area\n1\n2\n", "is one column"),
        (b"Area,Area,Price\n1,2,3\n", "'Area' stands twice"),
        (
            b"a,2019-04-11 00:00,a,170000\n",
            "the columns, and '2019-04-11 00:00', '170000' are no names. Put names above",
        ),
    ],
)
def test_a_file_that_is_no_table_is_refused_with_the_reason(
    tmp_path: Path, content: bytes, message: str
) -> None:
    path = tmp_path / "sales.csv"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=message):
        contract_draft.draft(path, "Price")


def test_a_header_wider_than_every_sale_is_told_with_its_last_column(tmp_path: Path) -> None:
    """As where the header's line lacks its end, and runs into the first sale."""
    path = written(
        tmp_path, 'Area,Rooms,Price"80",2,yes\n' + "".join(f'"{at}",2,150000\n' for at in range(9))
    )
    with pytest.raises(
        SourceError,
        match=r"line 1, names 5 columns, from 'Area' to 'yes'; line 2 is no sale but more or fewer",
    ):
        contract_draft.draft(path, "Price")


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"nowhere\.csv cannot be read: No such file"):
        contract_draft.draft(tmp_path / "nowhere.csv", "Price")


def test_several_currencies_are_asked_and_the_others_are_refused(tmp_path: Path) -> None:
    prices = [*(f"€ {150 + at},000" for at in range(30)), *(f"£ {250 + at},000" for at in range(20))]
    path = tmp_path / "sales.csv"
    path.write_text("Area,Price\n" + "".join(f'{60 + at},"{price}"\n' for at, price in enumerate(prices)))
    text = contract_draft.draft(path, "Price")
    assert 'unit = "?" # decide: 30 are in EUR, 20 are in GBP; sales in another' in text
    with pytest.raises(ContractError, match=r"target\.unit: is still a question\. Write the one that counts"):
        reader.from_values(tomllib.loads(text))
    answered = reader.from_values(tomllib.loads(text.replace('"?"', '"EUR"')))
    cleaned = clean.clean(source.read([path], answered).sales, answered)
    assert len(cleaned.sales) == 30
    assert set(cleaned.rejects["reason"]) == {"price: in another unit than EUR"}


def test_a_dollar_sign_beside_the_name_of_a_dollar_is_no_second_currency(tmp_path: Path) -> None:
    prices = [*(f"$ {150 + at}.5" for at in range(30)), *(f"CAD {250 + at}.5" for at in range(20))]
    path = tmp_path / "sales.csv"
    path.write_text("Area,Price\n" + "".join(f"{60 + at},{price}\n" for at, price in enumerate(prices)))
    assert 'unit = "CAD"' in contract_draft.draft(path, "Price")


def test_a_currency_sign_that_several_share_is_pointed_at(tmp_path: Path) -> None:
    path = tmp_path / "sales.csv"
    path.write_text("Area,Price\n" + "".join(f"{60 + at},$ {250 + at}.5\n" for at in range(20)))
    assert 'unit = "USD" # decide: its sign may mean ARS, AUD' in contract_draft.draft(path, "Price")


def test_a_word_that_follows_every_number_is_its_unit(tmp_path: Path) -> None:
    path = tmp_path / "cars.csv"
    driven = [f'"{10 + at},000 miles driven",{100 + at}' for at in range(120)]
    path.write_text("Driven,Price\n" + "\n".join(driven))
    contract = reader.from_values(tomllib.loads(contract_draft.draft(path, "Price")))
    (feature,) = contract.features
    assert (feature.kind, feature.unit) == ("number", "miles driven")
    assert len(clean.clean(source.read([path], contract).sales, contract).sales) == 120


def test_a_few_cells_in_a_unit_among_plain_numbers_are_refused_with_the_reason(tmp_path: Path) -> None:
    path = tmp_path / "flats.csv"
    areas = [*(str(500 + at) for at in range(198)), "34 sq. meter", "51 sq m"]
    path.write_text("Area,Price\n" + "".join(f"{area},{at + 100}\n" for at, area in enumerate(areas)))
    contract = reader.from_values(tomllib.loads(contract_draft.draft(path, "Price")))
    rejects = clean.clean(source.read([path], contract).sales, contract).rejects
    assert rejects["reason"].tolist() == ["area: in a unit, and the contract names none"] * 2


def test_prices_of_zero_raise_the_share_of_rejects_that_is_allowed_and_are_told(tmp_path: Path) -> None:
    path = tmp_path / "sales.csv"
    prices = [0 if at % 3 == 0 else 1000 * 1.05**at for at in range(120)]
    path.write_text("Area,Price\n" + "".join(f"{60 + at},{price:.0f}\n" for at, price in enumerate(prices)))
    text = contract_draft.draft(path, "Price")
    assert "most_rejects = 0.4 # decide: 33% of these sales are refused" in text
    assert reader.from_values(tomllib.loads(text)).target.log


def test_prices_that_deeds_among_relatives_name_are_refused_and_told(tmp_path: Path) -> None:
    """A model of the logarithm would spend most of its effort on sales for 1 dollar."""
    prices = [1, 10, *(400_000 + 5000 * at for at in range(40))]
    path = written(tmp_path, "Area,Price\n" + "".join(f"{60 + at},{p}\n" for at, p in enumerate(prices)))
    contract, text = read(path, "Price")
    assert "minimum = 20000 # decide: 2 prices are lower, as in deeds among relatives" in text
    assert contract.target.minimum == 20_000
    assert rejects(path, "Price") == {"price: below 20000": 2}


def test_a_category_of_mostly_numbers_is_pointed_at(tmp_path: Path) -> None:
    path = tmp_path / "cars.csv"
    years = [str(2000 + at % 10) for at in range(90)] + ["sale", "Zest"] * 5
    rows = "".join(f"{60 + at},{year},{at + 100}\n" for at, year in enumerate(years))
    path.write_text("Power,Year,Price\n" + rows)
    assert "# decide: 90 of 100 cells are numbers, others 'sale', 'Zest'." in contract_draft.draft(
        path, "Price"
    )


def test_codes_under_a_header_of_a_sale_are_not_called_dates(tmp_path: Path) -> None:
    path = tmp_path / "sales.csv"
    codes = [f"R{at}x" for at in range(110)]
    rows = "".join(f"{60 + at},{codes[at % 110]},{at + 100}\n" for at in range(115))
    path.write_text("Area,Class at sale,Price\n" + rows)
    assert "'Class at sale': a date" not in contract_draft.draft(path, "Price")


@pytest.mark.parametrize("day", ["http://sales.example/8A78B2AF-863A-{}", "no other sale"])
def test_text_under_a_header_of_a_sale_is_not_called_a_date(tmp_path: Path, day: str) -> None:
    rows = "".join(f"{60 + at},{day.format(at)} {at},{at + 100}\n" for at in range(115))
    text = contract_draft.draft(written(tmp_path, "Area,Sale data,Price\n" + rows), "Price")
    assert "# 'Sale data': text with 115 different values in 115 sales" in " ".join(text.split())


def test_a_date_that_cannot_be_read_is_no_category(tmp_path: Path) -> None:
    rows = "".join(f"{60 + at},Q{1 + at % 4} 2010,{at + 100}\n" for at in range(40))
    contract, text = read(written(tmp_path, "Area,Sale date,Price\n" + rows), "Price")
    assert kinds(contract) == {"area": "integer"}
    assert "'Sale date': a date that cannot be read, such as 'Q1 2010'; write 2010-07-31" in text


def test_what_the_date_of_a_sale_tells_is_no_feature(tmp_path: Path) -> None:
    """Who asks for a price would have to repeat it, and a model would learn the years it has seen."""
    days = [date(2019, 11, 3) + timedelta(days=11 * at) for at in range(90)]
    rows = "".join(
        f"{day},{day.year},{day.month},{day.year == 2020},{day:%A},{60 + at},{1990 + at % 2},{at + 100}\n"
        for at, day in enumerate(days)
    )
    header = "Sold,YrSold,month,in2020,weekday,Area,Built,Price\n"
    contract, text = read(written(tmp_path, header + rows), "Price")
    assert list(kinds(contract)) == ["area", "built"]
    for column in ("YrSold", "month", "in2020", "weekday"):
        assert f"'{column}': the date of the sale tells it" in text


def test_a_date_that_many_sales_lack_orders_no_split(tmp_path: Path) -> None:
    path = tmp_path / "sales.csv"
    days = ["" if at % 4 == 0 else f"2024-05-{1 + at % 28:02}" for at in range(60)]
    rows = "".join(f"{60 + at},{day},{at + 100}\n" for at, day in enumerate(days))
    path.write_text("Area,Last review,Price\n" + rows)
    assert reader.from_values(tomllib.loads(contract_draft.draft(path, "Price"))).keys.sold == ()
    path.write_text("Area,Sale date,Price\n" + rows)
    named = reader.from_values(tomllib.loads(contract_draft.draft(path, "Price")))
    assert (named.keys.sold, named.split.by) == (("Sale date",), "hash")
