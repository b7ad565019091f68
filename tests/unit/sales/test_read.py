"""Reading raw files: what is understood, and the sentence for what is not."""

import hashlib
from pathlib import Path

import pytest

from house_prices.errors import SourceError
from house_prices.sales import read
from house_prices.sales.columns import FILE, LINE, TEXT, UNREAD
from tests import models
from tests.raw_sales import HEADER, HUTS, PLAIN, write

TWO = f"{HEADER}\n{PLAIN}\n80,2,0,,gable,,new,90000\n"


def refusal(path: Path) -> str:
    with pytest.raises(SourceError) as caught:
        read.read([path], HUTS)
    return str(caught.value)


def test_a_file_is_read_with_the_place_of_each_sale(tmp_path: Path) -> None:
    raw = read.read([write(tmp_path, TWO)], HUTS)
    assert list(raw.sales["Area"]) == ["100", "80"]
    assert list(raw.sales[FILE]) == ["sales.csv", "sales.csv"]
    assert list(raw.sales[LINE]) == [2, 3]
    assert raw.files[0].rows == 2


def test_a_missing_column_is_named_beside_those_that_stand_there(tmp_path: Path) -> None:
    said = refusal(write(tmp_path, "Area,Rooms,Garden,Age,Roof,View,Cost\n1,1,1,1,flat,sea,1\n"))
    assert said == (
        "sales.csv, line 1: 2 of the contract's columns are missing: Style, Price. "
        "The file has: Area, Rooms, Garden, Age, Roof, View, Cost."
    )


def test_an_extra_column_is_told_and_ignored(tmp_path: Path) -> None:
    raw = read.read([write(tmp_path, f"Agent,{HEADER},Note\nSmith,{PLAIN},nice\n")], HUTS)
    assert raw.files[0].ignored == ("Agent", "Note")
    assert "Agent" not in raw.sales.columns


def test_a_first_column_without_a_name_is_an_index_that_is_ignored(tmp_path: Path) -> None:
    raw = read.read([write(tmp_path, f",{HEADER}\n0,{PLAIN}\n")], HUTS)
    assert raw.files[0].ignored == ("",)
    assert list(raw.sales["Area"]) == ["100"]


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"]
)
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_text_is_read_in_every_usual_encoding_and_with_every_line_end(
    tmp_path: Path, encoding: str, newline: str
) -> None:
    path = tmp_path / "sales.csv"
    path.write_bytes(f"{HEADER}\n100,3,1,20,ça,sea,old,150000\n".replace("\n", newline).encode(encoding))
    raw = read.read([path], HUTS)
    assert list(raw.sales["Roof"]) == ["ça"]
    assert list(raw.sales[LINE]) == [2]


def test_a_byte_that_windows_leaves_undefined_stops_nothing(tmp_path: Path) -> None:
    path = tmp_path / "cut.csv"
    path.write_bytes(TWO.encode() + b"90,2,0,,g\x81,,new,90000\n")
    assert list(read.read([path], HUTS).sales[LINE]) == [2, 3, 4]


def test_a_file_that_is_no_text_says_so(tmp_path: Path) -> None:
    path = tmp_path / "sales.csv"
    path.write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")
    assert "sales.csv is no text: it has zero bytes." in refusal(path)


@pytest.mark.parametrize(
    ("text", "line", "kept"),
    [
        (f"{TWO}90,2,0,,flat,sea,old,100000,more\n", 4, "90,2,0,,flat,sea,old,100000,more"),
        (f"{TWO}\n\n90,2\n", 6, "90,2"),
        (f"{TWO}90,2\n".replace("\n", "\r\n"), 4, "90,2"),
        (f'{TWO}90,"2\n3"\n', 4, "90,2\n3"),
        (f'{TWO}90,"2\n', 4, '90,"2'),
    ],
)
def test_a_row_that_does_not_fit_the_header_is_kept_unread_with_its_line(
    tmp_path: Path, text: str, line: int, kept: str
) -> None:
    sales = read.read([write(tmp_path, text)], HUTS).sales
    assert list(sales[LINE]) == [2, 3, line]
    assert list(sales[UNREAD].dropna()) == ["more or fewer cells than the header"]
    assert list(sales[TEXT].dropna()) == [kept]


def test_a_quote_left_open_takes_no_other_sale_with_it(tmp_path: Path) -> None:
    sales = read.read([write(tmp_path, f'{TWO}90,"2,0,,flat,sea\n{PLAIN}\n{PLAIN}\n')], HUTS).sales
    assert list(sales[UNREAD].isna()) == [True, True, False, True, True]


def test_a_line_that_was_quoted_whole_is_read_as_what_it_holds(tmp_path: Path) -> None:
    """Tools that take a line with quotes for one cell quote it again."""
    raw = read.read([write(tmp_path, f'{TWO}"70,1,0,,""flat, low"",,new,60000"\n')], HUTS).sales
    assert raw[UNREAD].isna().all()
    assert list(raw.iloc[-1][["Area", "Roof", "Price"]]) == ["70", "flat, low", "60000"]


def test_empty_cells_beyond_the_header_are_nothing(tmp_path: Path) -> None:
    sales = read.read([write(tmp_path, f"{HEADER}\n{PLAIN},,\n{PLAIN}\n")], HUTS).sales
    assert sales[UNREAD].isna().all()


def test_a_line_of_totals_and_an_empty_one_are_no_sales(tmp_path: Path) -> None:
    sales = read.read([write(tmp_path, f"{TWO},,,,,,,\nTotal:,5,,,,,,240000\n")], HUTS).sales
    assert list(sales[UNREAD].dropna()) == ["an empty line", "a line of totals"]


def test_lines_above_the_header_are_told(tmp_path: Path) -> None:
    raw = read.read([write(tmp_path, f"Sales of 2024,,,,,,,\n,,,,,,,\n{TWO}")], HUTS)
    assert raw.files[0].above == ("Sales of 2024,,,,,,,",)
    assert list(raw.sales[LINE]) == [4, 5]


def test_a_line_for_excel_tells_the_separator(tmp_path: Path) -> None:
    raw = read.read([write(tmp_path, "sep=;\n" + TWO.replace(",", ";"))], HUTS)
    assert list(raw.sales["Area"]) == ["100", "80"]


def test_headers_differ_from_the_contracts_in_blanks_line_breaks_and_case(tmp_path: Path) -> None:
    header = HEADER.replace("Area", '" AREA\n"').replace("Rooms", "rooms ")
    raw = read.read([write(tmp_path, f"{header}\n{PLAIN}\n")], HUTS)
    assert list(raw.sales["Area"]) == ["100"]
    assert list(raw.sales[LINE]) == [3]


def test_lines_above_the_header_may_be_blank(tmp_path: Path) -> None:
    raw = read.read([write(tmp_path, f"\n\n{TWO}")], HUTS)
    assert list(raw.sales["Area"]) == ["100", "80"]
    assert "line 3, column 1: the header 'Area'" in refusal(write(tmp_path, f"\n\n{HEADER},Area\n"))


def test_a_header_that_stands_twice_is_named(tmp_path: Path) -> None:
    said = refusal(write(tmp_path, f"{HEADER},Area\n{PLAIN},1\n"))
    assert said == "sales.csv, line 1, column 1: the header 'Area' stands twice."


def test_a_column_without_a_name_is_ignored(tmp_path: Path) -> None:
    raw = read.read([write(tmp_path, f"{HEADER},\n{PLAIN},1\n")], HUTS)
    assert raw.files[0].ignored == ("",)


@pytest.mark.parametrize("text", ["", "\ufeff", "\n"])
def test_an_empty_file_says_so(tmp_path: Path, text: str) -> None:
    assert refusal(write(tmp_path, text)) == (
        "sales.csv is empty. Remove it, or put a header and sales into it."
    )


def test_a_header_without_sales_says_so(tmp_path: Path) -> None:
    said = refusal(write(tmp_path, HEADER + "\n"))
    assert said == "sales.csv has a header and no sales. Remove it, or add sales to it."


def test_no_file_at_all_says_where_to_put_one() -> None:
    with pytest.raises(
        SourceError, match=r"huts has no raw file\. Put a CSV, Parquet or Excel file into data/huts/raw/\."
    ):
        read.read([], HUTS)


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_is_found(tmp_path: Path, separator: str) -> None:
    raw = read.read([write(tmp_path, TWO.replace(",", separator))], HUTS)
    assert list(raw.sales["Price"]) == ["150000", "90000"]


def test_a_decimal_comma_is_read_where_the_contract_says_so(tmp_path: Path) -> None:
    text = f"{HEADER.replace(',', ';')}\n100,5;3;1;;flat;sea;old;150000,25\n"
    raw = read.read([write(tmp_path, text)], models.contract(decimal=","))
    assert list(raw.sales["Area"]) == ["100,5"]
    assert list(raw.sales["Price"]) == ["150000,25"]


def test_a_byte_order_mark_is_no_part_of_the_first_header(tmp_path: Path) -> None:
    raw = read.read([write(tmp_path, "\ufeff" + TWO)], HUTS)
    assert list(raw.sales["Area"]) == ["100", "80"]
    assert raw.files[0].ignored == ()


def test_a_newline_inside_quotes_belongs_to_its_value(tmp_path: Path) -> None:
    raw = read.read([write(tmp_path, f'{HEADER},Note\n{PLAIN},"two\nlines"\n{PLAIN},one\n')], HUTS)
    assert list(raw.sales["Area"]) == ["100", "100"]


def test_files_are_read_in_the_order_of_their_names_each_with_its_checksum(tmp_path: Path) -> None:
    write(tmp_path, f"{HEADER}\n{PLAIN}\n", "2025.csv")
    write(tmp_path, TWO.replace(",", ";"), "2024.CSV")
    write(tmp_path, "not sales", "notes.md")
    raw = read.read(read.paths(tmp_path), HUTS)
    assert [file.name for file in raw.files] == ["2024.CSV", "2025.csv"]
    assert list(raw.sales[FILE]) == ["2024.CSV", "2024.CSV", "2025.csv"]
    assert list(raw.sales[LINE]) == [2, 3, 2]
    assert raw.files[1].sha256 == hashlib.sha256(f"{HEADER}\n{PLAIN}\n".encode()).hexdigest()


def test_checksums_change_with_a_files_contents_alone(tmp_path: Path) -> None:
    before = read.checksums([write(tmp_path, TWO)])
    assert read.checksums([write(tmp_path, TWO)]) == before
    assert read.checksums([write(tmp_path, TWO + PLAIN)]) != before


def test_files_of_which_one_has_text_where_the_other_has_numbers_are_read_together(tmp_path: Path) -> None:
    first = write(tmp_path, f"{HEADER}\n{PLAIN}\n", "a.csv")
    second = write(tmp_path, f"{HEADER}\nbig,2,0,,gable,,new,90000\n", "b.csv")
    raw = read.read([first, second], HUTS)
    assert list(raw.sales["Area"].astype(str)) == ["100", "big"]


def test_leading_zeros_and_long_digits_of_a_propertys_key_are_kept(tmp_path: Path) -> None:
    huts = models.contract(keys={"property": "Id"})
    raw = read.read([write(tmp_path, f"Id,{HEADER}\n007,{PLAIN}\n12345678901234567890,{PLAIN}\n")], huts)
    assert list(raw.sales["Id"]) == ["007", "12345678901234567890"]
