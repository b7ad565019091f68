"""Which name a market's folder gives it."""

import re
from pathlib import Path

from house_prices.contract.reader import NAME
from house_prices.contract_draft import naming
from house_prices.errors import SourceError


def name(file: Path | None, out: Path | None) -> str | None:
    """The market of a file in data/<market>/raw/, or of a draft to be written as data/<market>/contract.toml.

    None if neither is in such a folder. Raises SourceError if the folder's name can be no market's.
    """
    folder = None
    if out is not None and out.name == "contract.toml":
        folder = out.absolute().parent
    elif file and file.absolute().parent.name == "raw":
        folder = file.absolute().parent.parent
    if folder is None:
        return None
    if not re.fullmatch(NAME, folder.name):
        raise SourceError(
            f"The folder {folder.name!r} cannot be a market's name, which is made of lower-case letters, "
            f"digits and single underscores. Rename it {naming.name(folder.name, 'market')}."
        )
    return folder.name
