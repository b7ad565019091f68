"""Bytes of a text file as UTF-8, whatever they were written in."""

import codecs
import re
import string

import charset_normalizer

from house_prices.errors import SourceError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_LOOK = 4096
_SAMPLE = 1 << 14
_LETTERS = frozenset(string.ascii_letters.encode())
_FOREIGN = 0.5
"""Share of bytes beyond ASCII among the letters, which no Western language reaches."""


def as_utf8(data: bytes, file: str) -> bytes:
    """The same text in UTF-8, without a byte order mark, each line ended by a newline.

    Takes UTF-8, UTF-16 and UTF-32 with a mark, UTF-16 without, and else Windows' Western encoding, of which
    ISO 8859-1 is a part. Raises SourceError for bytes that are no text.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _lines(_decoded(data[len(mark) :], encoding, file))
    if guessed := _without_mark(data[:_LOOK]):
        return _lines(_decoded(data, guessed, file))
    if b"\0" in data[:_LOOK]:
        raise SourceError(f"{file} is no text: it has zero bytes. Give a CSV, Parquet or Excel file.")
    try:
        data.decode()
    except UnicodeDecodeError:
        return _lines(_decoded(data, _foreign(data, file) or "cp1252", file))
    return _newlines(data)


def _foreign(data: bytes, file: str) -> str:
    """The encoding of text with few Latin letters, as far as its bytes tell; empty if it has many."""
    sample = data[:_SAMPLE]
    beyond = sum(byte > 127 for byte in sample)
    letters = beyond + sum(byte in _LETTERS for byte in sample)
    if beyond < _FOREIGN * letters:
        return ""
    best = charset_normalizer.from_bytes(sample, cp_exclusion=["utf_16", "utf_32"], threshold=0.5).best()
    if best is None:
        raise SourceError(f"{file}: nothing tells in which encoding it was written. Save the file as UTF-8.")
    return best.encoding


def _without_mark(start: bytes) -> str:
    """UTF-16 of mostly Latin text has a zero in every other byte."""
    pairs = max(len(start) // 2, 1)
    if len(start) >= 4 and start[1::2].count(0) > 0.7 * pairs:
        return "utf-16-le"
    return "utf-16-be" if len(start) >= 4 and start[::2].count(0) > 0.7 * pairs else ""


def _decoded(data: bytes, encoding: str, file: str) -> bytes:
    if encoding == "utf-8":
        try:
            data.decode()
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            raise SourceError(
                f"{file}, line {line}: the byte 0x{data[error.start]:02x} is not UTF-8, which the file's "
                "byte order mark promises. Save the file as UTF-8."
            ) from error
        return data
    # Windows leaves five bytes of its encoding undefined; as ISO 8859-1 they are control characters.
    return data.decode(encoding, errors="replace" if encoding != "cp1252" else "_latin1").encode()


def _latin1(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)  # noqa: S101  # registered for decoding alone
    return error.object[error.start : error.end].decode("latin-1"), error.end


codecs.register_error("_latin1", _latin1)


def _lines(data: bytes) -> bytes:
    return _newlines(data.removeprefix(codecs.BOM_UTF8))


def _newlines(data: bytes) -> bytes:
    """Lines that end as Windows or old Macs end them end in a newline alone."""
    return re.sub(rb"\r\n?", b"\n", data) if b"\r" in data else data
