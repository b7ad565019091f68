"""`house-prices new`: start a market from a file, by answering the draft's questions."""

import shutil
import sys
import tomllib
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

import click

from house_prices.cli.alive import alive
from house_prices.cli.home import Home, pass_home
from house_prices.contract import proto, reader

if TYPE_CHECKING:
    from house_prices.contract_draft.questions import Question


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--target", help="Header of the column with the price.  [default: asked for]")
@click.option("--market", help="Name of the market.  [default: made from the file's]")
@click.option(
    "--answer",
    "given",
    multiple=True,
    metavar="SETTING=VALUE",
    help="Answer to a question of the draft, such as keys.sold_format=%d/%m/%Y; repeatable.",
)
@pass_home
def new(home: Home, file: Path, target: str | None, market: str | None, given: Sequence[str]) -> None:
    """Start a market from a file of sales, by answering what its draft asks.

    Writes data/<market>/ with the file, the contract and its .proto, once every question has its answer.
    Without a terminal, what has no answer is told, and nothing is written.
    """
    from house_prices.contract_draft import drafting, naming, questions, reading

    with alive(f"Reading {file.name}"):
        headers = list(reading.read(file).cells.columns)
    column = _target(target, headers)
    name = market or naming.name(file.stem, "market")
    folder = home.data / name
    if folder.exists():
        raise click.UsageError(f"{folder} exists. Give the market another name with --market.")
    with alive("Drafting"):
        draft = drafting.draft(file, column, name)
    text = questions.answered(draft, _answers(questions.questions(draft), _pairs(given)))
    contract = reader.from_values(tomllib.loads(text), f"data/{name}/contract.toml")
    (folder / "raw").mkdir(parents=True)
    shutil.copy(file, folder / "raw")
    (folder / "contract.toml").write_text(text, encoding="utf-8")
    described = home.protos / proto.path(contract)
    described.parent.mkdir(parents=True, exist_ok=True)
    described.write_text(proto.printed(contract), encoding="utf-8")
    click.secho(f"{name} has {len(contract.features)} features.", fg="green")
    click.echo(f"Read {folder / 'contract.toml'}, add units and descriptions, then:")
    click.echo(f"  house-prices contract check --market {name}\n  house-prices demo --market {name}")


def _target(given: str | None, headers: Sequence[str]) -> str:
    """The header that was given, if there is one, or is chosen."""
    known = ", ".join(headers)
    if given in headers:
        return str(given)
    came = "--target is missing" if given is None else f"--target: there is no column {given!r}"
    if not in_terminal():
        raise click.UsageError(f"{came}. Which column is the price? The file has: {known}.")
    likely = get_close_matches(given or "price", headers, n=1)
    click.echo(f"The file has: {known}.")
    return str(
        click.prompt(
            "Which column is the price?",
            default=likely[0] if likely else None,
            type=click.Choice(headers),
            show_choices=False,
        )
    )


def in_terminal() -> bool:
    """Whether somebody can be asked."""
    return sys.stdin.isatty()


def _pairs(given: Sequence[str]) -> dict[str, str]:
    for one in given:
        if "=" not in one:
            raise click.UsageError(f"--answer: came {one!r}, allowed: SETTING=VALUE")
    return {path: value for path, _, value in (one.partition("=") for one in given)}


def _answers(asked: "Sequence[Question]", given: Mapping[str, str]) -> dict[str, str]:
    """An answer to each question that has to have one."""
    if unknown := set(given) - {question.path for question in asked}:
        known = ", ".join(question.path for question in asked) or "nothing"
        came = ", ".join(sorted(unknown))
        raise click.UsageError(f"--answer: nobody asks for {came}; asked for is {known}.")
    answers = dict(given)
    open_ones = [question for question in asked if question.path not in given]
    if not in_terminal():
        if missing := [question for question in open_ones if question.is_required]:
            lines = [f"  --answer {question.path}=...   {question.text}" for question in missing]
            said = "The draft asks, and there is no terminal to answer in. Add:"
            raise click.UsageError("\n".join([said, *lines]))
        return answers
    for question in open_ones:
        default = None if question.is_required else ""
        answers[question.path] = click.prompt(f"{question.path}: {question.text}", default=default)
    return answers
