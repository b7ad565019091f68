"""Writes docs/reference/ from the code: `python docs/make_reference.py`; `--check` tells what differs."""

import ast
import inspect
import itertools
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import click
from google.rpc import code_pb2

from house_prices.cli.main import main as house_prices
from house_prices.contract import proto, reader, schema
from inference_server import errors
from inference_server.__main__ import main as inference_server
from inference_server.observability import metric_names
from inference_server.settings import Settings

DOCS = Path(__file__).parent
MADE = "<!-- Made from the code by `make reference`; do not edit. -->"
TABLES = (
    "Target",
    "Feature",
    "Keys",
    "Split",
    "Time",
    "Cleaning",
    "Engine",
    "Training",
    "Gate",
    "Monitoring",
)
EXIT_CODES = {
    0: "done",
    1: "it failed, or what it checked has faults; the message says why",
    2: "the command line is wrong: an unknown option, market or file",
}


def pages() -> dict[str, str]:
    """Each page by its name."""
    return {
        "server.md": _page("Settings of the server", _settings()),
        "server-metrics.md": _page("Metrics of the server", _metrics()),
        "errors.md": _page("Errors of the server", _errors()),
        "contract.md": _page("Settings of a contract", _contract()),
        "cli.md": _page("Commands", _commands()),
        "api.md": _page("The typed API", _api()),
    }


def _page(title: str, lines: Iterator[str]) -> str:
    return "\n".join([MADE, "", f"# {title}", "", *lines]).rstrip("\n") + "\n"


def _row(*cells: object) -> str:
    told = (" ".join(str(cell).replace("|", "\\|").split()) for cell in cells)
    return f"| {' | '.join(told)} |"


def _table(*headers: str) -> Iterator[str]:
    yield _row(*headers)
    yield _row(*["---"] * len(headers))


def _docstrings(of: type) -> dict[str, str]:
    """The docstring under each field of a class."""
    body = ast.parse(textwrap.dedent(inspect.getsource(of))).body[0].body  # type: ignore[attr-defined]
    return {
        field.target.id: " ".join(told.value.value.split())  # type: ignore[attr-defined]
        for field, told in itertools.pairwise(body)
        if isinstance(field, ast.AnnAssign)
        and isinstance(told, ast.Expr)
        and isinstance(told.value, ast.Constant)
    }


def _settings() -> Iterator[str]:
    yield "Each is a flag, a variable (`INFERENCE_SERVER_MAX_ROWS` for `--max-rows`) or a line in the file of"
    yield "`--settings` (`max_rows = 100`), in that order of precedence."
    yield ""
    more = _docstrings(Settings)
    yield from _table("setting", "default", "meaning")
    for option in inference_server.params:
        if isinstance(option, click.Option) and not option.hidden and option.name:
            default = "" if option.default is None or callable(option.default) else option.default
            shown = "" if "UNSET" in str(default) or isinstance(default, tuple | list) else default
            meaning = " ".join(filter(None, [option.help, more.get(option.name, "")]))
            yield _row(f"`{option.opts[0]}`", shown, meaning)


def _metrics() -> Iterator[str]:
    yield from _table("metric", "kind", "labels", "meaning")
    for metric in metric_names.ALL:
        yield _row(f"`{metric.name}`", metric.kind.name.lower(), ", ".join(metric.labels), metric.help)


def _errors() -> Iterator[str]:
    yield "Any other error is a bug: INTERNAL, with a fixed sentence; the log has the details."
    yield ""
    yield from _table("error", "gRPC status", "meaning")
    for error, code in errors.CODES.items():
        yield _row(f"`{error.__name__}`", code_pb2.Code.Name(code), (error.__doc__ or "").splitlines()[0])


def _contract() -> Iterator[str]:
    yield "A market's `contract.toml`, table by table. One without a default is required or left out."
    for name in TABLES:
        of = getattr(schema, name)
        yield from ("", f"## {name}", "", (of.__doc__ or "").strip(), "")
        yield from _table("setting", "default", "bounds", "meaning")
        more = _docstrings(of)
        for key, field in of.__dataclass_fields__.items():
            told = field.metadata
            bounds = f"{told['low']:g} to {told['high']:g}" if "low" in told else ""
            yield _row(f"`{key}`", told.get("default", ""), bounds, more.get(key, ""))


def _commands() -> Iterator[str]:
    yield from _table("exit code", "meaning")
    for code, meaning in EXIT_CODES.items():
        yield _row(code, meaning)
    yield from _command(house_prices, "house-prices")


def _command(command: click.Command, path: str) -> Iterator[str]:
    if command.hidden:
        return
    if isinstance(command, click.Group):
        for name, one in sorted(command.commands.items()):
            yield from _command(one, f"{path} {name}")
        return
    arguments = [one.make_metavar(click.Context(command)) for one in command.params if _is_argument(one)]
    yield from ("", f"## {' '.join([path, *arguments])}", "", inspect.cleandoc(command.help or ""), "")
    options = [one for one in command.params if isinstance(one, click.Option) and not one.hidden]
    if options:
        yield from _table("option", "meaning")
    for option in options:
        yield _row(", ".join(f"`{name}`" for name in option.opts), option.help or "")


def _is_argument(parameter: click.Parameter) -> bool:
    return isinstance(parameter, click.Argument)


def _api() -> Iterator[str]:
    contract = reader.read(DOCS.parent / "data" / "halfmil" / "contract.toml")
    yield "Each market's is made from its contract; `house-prices protos` prints it. HalfMil's:"
    yield from ("", "```proto", proto.printed(contract).rstrip("\n"), "```")


def main() -> int:
    """Write the pages, or tell which differ."""
    folder, is_check = DOCS / "reference", "--check" in sys.argv
    folder.mkdir(exist_ok=True)
    made = pages()
    stale = [name for name, text in made.items() if not _is(folder / name, text)]
    if not is_check:
        for name, text in made.items():
            (folder / name).write_text(text, encoding="utf-8")
        return 0
    for name in stale:
        click.echo(f"docs/reference/{name} differs from the code. Run `make reference`.", err=True)
    return 1 if stale else 0


def _is(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == text


if __name__ == "__main__":
    sys.exit(main())
