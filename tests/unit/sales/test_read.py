"""Reading raw files: what is understood, and the sentence for what is not."""

import hashlib
from pathlib import Path

import pytest

from house_prices.errors import SourceError
from house_prices.sales import read
from house_prices.sales.columns import FILE, ROW
from tests import models
from tests.raw_sales import HEADER, HUTS, PLAIN, write

TWO = f"{HEADER}\n{PLAIN}\n80,2,0,,gable,,new,90000\n"


def refusal(path: Path) -> str:
    with pytest.raises(SourceError) as caught:
        read.read([path], HUTS)
    return str(caught.value)


def test_a_file_is_read_with_the_place_of_each_sale(tmp_path: Path) -> None:
    raw = read.read([write(tmp_path, TWO)], HUTS)
    assert list(raw.sales["Area"]) == [100, 80]
    assert list(raw.sales[FILE]) == ["sales.csv", "sales.csv"]
    assert list(raw.sales[ROW]) == [1, 2]
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
    assert list(raw.sales["Area"]) == [100]


def test_bytes_that_are_not_utf_8_are_named_by_line_and_column(tmp_path: Path) -> None:
    path = tmp_path / "latin.csv"
    path.write_bytes(f"{HEADER}\n{PLAIN}\n80,2,0,,".encode() + "ça".encode("latin-1") + b",,,90000\n")
    assert refusal(path) == (
        "latin.csv, line 3, column 9: the byte 0xe7 is not UTF-8. Save the file as UTF-8."
    )


def test_a_character_cut_off_at_the_end_of_a_file_is_not_utf_8(tmp_path: Path) -> None:
    path = tmp_path / "cut.csv"
    path.write_bytes(TWO.encode() + "ç".encode()[:1])
    assert "cut.csv, line 4, column 1: the byte 0xc3" in refusal(path)


def test_a_ragged_row_is_named_by_its_line(tmp_path: Path) -> None:
    said = refusal(write(tmp_path, f"{TWO}90,2,0,,flat,sea,old,100000,more\n"))
    assert said == (
        "sales.csv, line 4: 9 columns, where the header has 8. A separator inside a value needs quotes. "
        "The line: 90,2,0,,flat,sea,old,100000,more"
    )


def test_a_ragged_row_is_named_by_its_line_after_blank_lines_too(tmp_path: Path) -> None:
    assert refusal(write(tmp_path, f"{TWO}\n\n90,2\n")).startswith("sales.csv, line 6: 2 columns")


def test_a_ragged_row_in_windows_lines_is_found(tmp_path: Path) -> None:
    text = f"{TWO}90,2\n".replace("\n", "\r\n")
    assert refusal(write(tmp_path, text)).startswith("sales.csv, line 4: 2 columns")


def test_a_ragged_row_with_a_newline_inside_quotes_is_named_by_its_first_line(tmp_path: Path) -> None:
    assert refusal(write(tmp_path, f'{TWO}90,"2\n3"\n')).startswith("sales.csv, line 4: 2 columns")


def test_lines_above_the_header_may_be_blank(tmp_path: Path) -> None:
    raw = read.read([write(tmp_path, f"\n\n{TWO}")], HUTS)
    assert list(raw.sales["Area"]) == [100, 80]
    assert "line 3, column 1: the header 'Area'" in refusal(write(tmp_path, f"\n\n{HEADER},Area\n"))


def test_a_header_that_stands_twice_is_named(tmp_path: Path) -> None:
    said = refusal(write(tmp_path, f"{HEADER},Area\n{PLAIN},1\n"))
    assert said == "sales.csv, line 1, column 1: the header 'Area' stands twice."


def test_an_empty_header_is_named_by_its_column(tmp_path: Path) -> None:
    said = refusal(write(tmp_path, f"{HEADER},\n{PLAIN},1\n"))
    assert said == "sales.csv, line 1, column 9: the header is empty. Name the column."


@pytest.mark.parametrize("text", ["", "\ufeff", "\n"])
def test_an_empty_file_says_so(tmp_path: Path, text: str) -> None:
    assert refusal(write(tmp_path, text)) == (
        "sales.csv is empty. Remove it, or put a header and sales into it."
    )


def test_a_header_without_sales_says_so(tmp_path: Path) -> None:
    said = refusal(write(tmp_path, HEADER + "\n"))
    assert said == "sales.csv has a header and no sales. Remove it, or add sales to it."


def test_no_file_at_all_says_where_to_put_one() -> None:
    with pytest.raises(SourceError, match=r"huts has no raw file\. Put a CSV into data/huts/raw/\."):
        read.read([], HUTS)


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_is_found(tmp_path: Path, separator: str) -> None:
    raw = read.read([write(tmp_path, TWO.replace(",", separator))], HUTS)
    assert list(raw.sales["Price"]) == [150000, 90000]


def test_a_decimal_comma_is_read_where_the_contract_says_so(tmp_path: Path) -> None:
    text = f"{HEADER.replace(',', ';')}\n100,5;3;1;;flat;sea;old;150000,25\n"
    raw = read.read([write(tmp_path, text)], models.contract(decimal=","))
    assert list(raw.sales["Area"]) == [100.5]
    assert list(raw.sales["Price"]) == [150000.25]


def test_a_byte_order_mark_is_no_part_of_the_first_header(tmp_path: Path) -> None:
    raw = read.read([write(tmp_path, "\ufeff" + TWO)], HUTS)
    assert list(raw.sales["Area"]) == [100, 80]
    assert raw.files[0].ignored == ()


def test_a_newline_inside_quotes_belongs_to_its_value(tmp_path: Path) -> None:
    raw = read.read([write(tmp_path, f'{HEADER},Note\n{PLAIN},"two\nlines"\n{PLAIN},one\n')], HUTS)
    assert list(raw.sales["Area"]) == [100, 100]


def test_files_are_read_in_the_order_of_their_names_each_with_its_checksum(tmp_path: Path) -> None:
    write(tmp_path, f"{HEADER}\n{PLAIN}\n", "2025.csv")
    write(tmp_path, TWO.replace(",", ";"), "2024.CSV")
    write(tmp_path, "not sales", "notes.md")
    raw = read.read(read.paths(tmp_path), HUTS)
    assert [file.name for file in raw.files] == ["2024.CSV", "2025.csv"]
    assert list(raw.sales[FILE]) == ["2024.CSV", "2024.CSV", "2025.csv"]
    assert list(raw.sales[ROW]) == [1, 2, 1]
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


@pytest.mark.parametrize("empty", ["", "NA", "N/A", "NaN", "NULL", '""'])
def test_an_empty_cell_has_several_spellings(tmp_path: Path, empty: str) -> None:
    raw = read.read([write(tmp_path, f"{HEADER}\n100,3,1,{empty},flat,{empty},old,1\n{PLAIN}\n")], HUTS)
    assert list(raw.sales["Age"].isna()) == [True, False]
    assert list(raw.sales["View"].isna()) == [True, False]


def test_leading_zeros_and_long_digits_of_a_propertys_key_are_kept(tmp_path: Path) -> None:
    huts = models.contract(keys={"property": "Id"})
    raw = read.read([write(tmp_path, f"Id,{HEADER}\n007,{PLAIN}\n12345678901234567890,{PLAIN}\n")], huts)
    assert list(raw.sales["Id"]) == ["007", "12345678901234567890"]
