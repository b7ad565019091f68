"""Cells of CSV files that people open in a spreadsheet, which takes text such as `=1+1` for a formula."""

import re

FORMULA = ("=", "+", "-", "@", "\t", "\r")
_NUMBER = re.compile(r"[+-]?[\d.,' ]*\d[\d.,' ]*%?([eE][+-]?\d+)?")


def text(cell: object) -> object:
    """The cell, with an apostrophe before what a spreadsheet would compute. Numbers stay as they are.

    As advised by OWASP on CSV injection, https://owasp.org/www-community/attacks/CSV_Injection
    """
    if isinstance(cell, str) and cell.startswith(FORMULA) and not _NUMBER.fullmatch(cell):
        return f"'{cell}"
    return cell
