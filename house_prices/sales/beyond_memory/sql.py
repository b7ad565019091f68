"""Names and texts in SQL."""


def quoted(column: str) -> str:
    """A column's name."""
    return '"' + column.replace('"', '""') + '"'


def text(of: str) -> str:
    """A text."""
    return "'" + of.replace("'", "''") + "'"
