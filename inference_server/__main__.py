"""The command `inference-server`. Imports no gRPC, which must not be loaded when workers are started."""

import asyncio
import os
import signal
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, Field, fields
from pathlib import Path
from typing import Any

import click

from inference_server import memory
from inference_server.models import child
from inference_server.settings import BadSettings, Settings
from inference_server.sockets import CannotListen


class Port(click.ParamType[int | None]):
    """A port, or off."""

    name = "PORT|off"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int | None:
        """None for off."""
        if value is None or value == "off":
            return None
        return int(click.IntRange(0, 65535).convert(value, param, ctx))


KINDS: Mapping[str, click.ParamType[Any]] = {
    "file": click.Path(path_type=Path, dir_okay=False),
    "folder": click.Path(path_type=Path, file_okay=False),
    "port": Port(),
}
PLAIN: Mapping[Any, click.ParamType[Any]] = {
    Path: click.Path(path_type=Path),
    str: click.STRING,
    int | None: click.INT,
    tuple[str, ...]: click.STRING,
}


def _read_settings(context: click.Context, _param: click.Parameter, path: Path | None) -> Path | None:
    """Use a file's settings for those that neither a flag nor a variable gives."""
    if path:
        try:
            values = tomllib.loads(path.read_text())
        except (OSError, ValueError) as error:
            raise click.BadParameter(f"{path} cannot be read: {error}") from error
        known = {param.name for param in context.command.params}
        if unknown := sorted(values.keys() - known):
            raise click.BadParameter(f"{path}: unknown settings: {', '.join(unknown)}")
        context.default_map = values
    return path


def _options() -> Iterator[click.Option]:
    """An option for each setting."""
    for setting in fields(Settings):
        extra: dict[str, Any] = {}
        if setting.name == "settings":
            extra = {"is_eager": True, "callback": _read_settings}
        elif setting.default is MISSING:
            extra = {"required": True}
        else:
            extra = {"default": _default(setting), "multiple": setting.default == ()}
        yield click.Option(
            [f"--{setting.name.replace('_', '-')}"],
            type=_type(setting),
            help=setting.metadata["help"],
            hidden=setting.metadata.get("hidden", False),
            **extra,
        )


def _default(setting: "Field[Any]") -> Any:
    is_off = setting.default is None and setting.metadata.get("kind") == "port"
    return "off" if is_off else setting.default


def _type(setting: "Field[Any]") -> click.ParamType[Any]:
    known = setting.metadata
    if "kind" in known:
        return KINDS[known["kind"]]
    if "choices" in known:
        return click.Choice(known["choices"])
    if setting.type is float:
        return click.FloatRange(known.get("least"), known.get("most"))
    if "least" in known:
        return click.IntRange(known.get("least"), known.get("most"))
    return PLAIN[setting.type]


def _command(function: Callable[..., None]) -> click.Command:
    return click.command(
        params=list(_options()),
        context_settings={"auto_envvar_prefix": "INFERENCE_SERVER", "show_default": True},
    )(function)


@_command
def main(**options: Any) -> None:
    """Serve the champion of every market in the registry over gRPC.

    Every flag may also stand in a variable: --max-rows in INFERENCE_SERVER_MAX_ROWS; or in the file of
    --settings: max_rows. Logs are JSON lines on stderr. SIGTERM ends what was accepted and stops; SIGHUP
    reads certificates, tokens and the settings file's log_level again.
    """
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # gRPC's own lines are not JSON
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # until there is something to reload
    memory.give_back()
    try:
        settings = Settings(**options)
        asyncio.run(_serve(settings))
    except (CannotListen, BadSettings) as error:
        raise click.ClickException(str(error)) from error


async def _serve(settings: Settings) -> None:
    is_supervisor = settings.worker is None and (settings.workers > 1 or settings.transport == "envoy")
    first_child = None if is_supervisor else child.start()
    from inference_server.observability import logging

    always = {} if settings.worker is None else {"worker": settings.worker}
    threshold = logging.to_stderr(settings.log_level, **always)
    if first_child is None:
        from inference_server.processes import supervisor

        try:
            await supervisor.serve(settings, sys.argv[1:], threshold)
        except supervisor.WorkersFail as error:
            raise click.ClickException(str(error)) from error
    elif settings.worker is not None:
        from inference_server.processes import worker

        await worker.serve(settings, threshold, first_child)
    else:
        from inference_server.processes import single

        await single.serve(settings, threshold, first_child)


if __name__ == "__main__":
    main()
