"""Files of every format that is read, as sheets."""

import io
import zipfile
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path, PurePath

import pyarrow as pa

from house_prices.errors import SourceError
from house_prices.sales import delimited, encoding, files, typed_formats
from house_prices.sales.sheet import Sheet

Wanted = Sequence[str] | None


def sheets(path: Path, wanted: Wanted, decimal: str = ".", numbers: Collection[str] = ()) -> Iterator[Sheet]:
    """The tables of a file, with the wanted columns or all. Raises SourceError if one cannot be read.

    Columns in `numbers` come as numbers, not as text, if they are long and all their cells are plain ones.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SourceError(f"{path.name} cannot be read: {error.strerror}.") from error
    yield from _of_bytes(path.name, data, wanted, decimal, numbers)


def _of_bytes(
    name: str, data: bytes, wanted: Wanted, decimal: str, numbers: Collection[str]
) -> Iterator[Sheet]:
    """By what the bytes begin with, not by the name: people rename files."""
    if data.startswith(b"PAR1"):
        yield typed_formats.parquet(name, data, wanted)
    elif data.startswith((b"\xd0\xcf\x11\xe0", b"PK\x03\x04")):
        yield from _of_zip(name, data, wanted, decimal, numbers)
    else:
        unpacked = _unpacked(name, data)
        if unpacked is None:
            yield delimited.read(name, encoding.as_utf8(data, name), wanted, numbers)
        else:
            yield from _of_bytes(name, unpacked, wanted, decimal, numbers)


def _of_zip(
    name: str, data: bytes, wanted: Wanted, decimal: str, numbers: Collection[str]
) -> Iterator[Sheet]:
    """An archive of files, or a workbook, which is an archive too."""
    if not data.startswith(b"PK"):
        yield typed_formats.workbook(name, data, wanted, decimal)
        return
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        names = archive.namelist()
        if {"[Content_Types].xml", "mimetype"} & set(names):
            yield typed_formats.workbook(name, data, wanted, decimal)
            return
        inside = [each for each in names if not _left(each)]
        if not inside:
            raise SourceError(
                f"{name} holds no CSV, Parquet or Excel file, only: {', '.join(names) or 'nothing'}."
            )
        for each in inside:
            yield from _of_bytes(f"{name}/{each}", archive.read(each), wanted, decimal, numbers)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:  # the latter two: a password
        raise SourceError(f"{name} cannot be unpacked: {error}.") from error


def _left(member: str) -> bool:
    path = PurePath(member)
    return (
        member.endswith("/") or "__MACOSX" in path.parts or bool(files.why_left(Path("/nowhere", path.name)))
    )


CODECS: dict[bytes, str] = {
    b"\x1f\x8b": "gzip",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"BZh": "bz2",
    b"\xfd7zXZ": "xz",
}


def _unpacked(name: str, data: bytes) -> bytes | None:
    """The bytes that were compressed; None if these are not."""
    codec = next((codec for mark, codec in CODECS.items() if data.startswith(mark)), "")
    if not codec:
        return None
    try:
        if codec == "xz":
            import lzma

            return lzma.decompress(data)
        with pa.CompressedInputStream(pa.BufferReader(data), codec) as stream:
            return bytes(stream.read())
    except (OSError, EOFError, pa.ArrowInvalid, ValueError) as error:
        raise SourceError(f"{name} cannot be unpacked as {codec}: {error}. Is it whole?") from error
