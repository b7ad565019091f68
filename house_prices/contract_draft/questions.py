"""What a draft asks, and the draft with the answers in it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import tomlkit

from house_prices.contract.toml_table import QUESTION

UNIT = "target.unit"
"""Asked for, too, although a contract may leave it empty."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """One decision that only a person can make."""

    path: str
    """Where the answer goes, such as keys.sold_format or features.area.unit."""
    text: str
    is_required: bool


def questions(draft: str) -> list[Question]:
    """The questions of a draft, in the order of its lines."""
    return [
        Question(path=path, text=_asked(table[key]), is_required=table[key] == QUESTION)
        for path, table, key in _places(tomlkit.parse(draft))
    ]


def answered(draft: str, answers: Mapping[str, str]) -> str:
    """The draft with these answers by path. Questions without one stay."""
    document = tomlkit.parse(draft)
    for path, table, key in list(_places(document)):
        if path in answers:
            table[key] = answers[path]
    return tomlkit.dumps(document)


def _places(value: Any, path: str = "") -> Iterator[tuple[str, Any, str]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            place = f"{path}.{key}".removeprefix(".")
            if item == QUESTION or (place == UNIT and item == ""):
                yield place, value, key
            yield from _places(item, place)
    elif isinstance(value, list):
        for item in value:
            if isinstance(item, Mapping):
                yield from _places(item, f"{path}.{item.get('name', '')}")


def _asked(item: Any) -> str:
    """The comment behind a question, without its mark."""
    comment = str(item.trivia.comment).lstrip("# ")
    return comment.removeprefix("decide: ") or "what is it?"
