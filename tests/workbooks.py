"""A small .xlsx file, written by hand: a reader is a dependency, a writer is none."""

import zipfile
from collections.abc import Sequence
from html import escape
from pathlib import Path

_TYPES = """<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Override PartName="/xl/workbook.xml"
 ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>
<Override PartName="/xl/worksheets/sheet1.xml"
 ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>"""
_RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_RELATIONS = """<?xml version="1.0"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
<Relationship Id="rId1" Type="{type}" Target="{target}"/></Relationships>"""
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def write(path: Path, rows: Sequence[Sequence[object]]) -> None:
    """A workbook with one sheet of text and numbers."""
    lines = "".join(f'<row r="{at}">{_cells(row, at)}</row>' for at, row in enumerate(rows, start=1))
    sheet = f'<?xml version="1.0"?><worksheet xmlns="{_MAIN}"><sheetData>{lines}</sheetData></worksheet>'
    book = (
        f'<?xml version="1.0"?><workbook xmlns="{_MAIN}" xmlns:r="{_RELATION}">'
        '<sheets><sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets></workbook>'
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("[Content_Types].xml", _TYPES)
        start = _RELATIONS.format(type=f"{_RELATION}/officeDocument", target="xl/workbook.xml")
        archive.writestr("_rels/.rels", start)
        archive.writestr("xl/workbook.xml", book)
        inner = _RELATIONS.format(type=f"{_RELATION}/worksheet", target="worksheets/sheet1.xml")
        archive.writestr("xl/_rels/workbook.xml.rels", inner)
        archive.writestr("xl/worksheets/sheet1.xml", sheet)


def _cells(row: Sequence[object], line: int) -> str:
    return "".join(
        f'<c r="{chr(65 + at)}{line}" t="inlineStr"><is><t>{escape(cell)}</t></is></c>'
        if isinstance(cell, str)
        else f'<c r="{chr(65 + at)}{line}"><v>{cell}</v></c>'
        for at, cell in enumerate(row)
        if cell is not None
    )
