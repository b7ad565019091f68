"""The command `inference-server`. Imports no gRPC: a supervisor must not have it when it starts workers."""

import asyncio
import os
import sys
import tomllib
from pathlib import Path
from typing import Any

import click

from inference_server.observability import logging
from inference_server.processes import supervisor
from inference_server.processes.supervisor import WorkersFail
from inference_server.settings import BadSettings, Settings
from inference_server.sockets import CannotListen

PATH = click.Path(path_type=Path)
FILE = click.Path(path_type=Path, dir_okay=False)
FOLDER = click.Path(path_type=Path, file_okay=False)
SHARE = click.FloatRange(0, 1)


class Port(click.ParamType[int | None]):
    """A port, or off."""

    name = "PORT|off"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int | None:
        """None for off."""
        if value is None or value == "off":
            return None
        return int(click.IntRange(0, 65535).convert(value, param, ctx))


def _read_settings(context: click.Context, _param: click.Parameter, path: Path | None) -> Path | None:
    """Let a file's settings stand where neither a flag nor a variable does."""
    if path:
        try:
            values = tomllib.loads(path.read_text())
        except (OSError, ValueError) as error:
            raise click.BadParameter(f"{path} cannot be read: {error}") from error
        known = {param.name for param in context.command.params}
        if unknown := sorted(values.keys() - known):
            raise click.BadParameter(f"{path}: came {', '.join(unknown)}, which is no setting")
        context.default_map = values
    return path


@click.command(context_settings={"auto_envvar_prefix": "INFERENCE_SERVER", "show_default": True})
@click.option("--settings", type=FILE, is_eager=True, callback=_read_settings, help="TOML file of settings.")
@click.option("--models", type=PATH, required=True, help="Folder of the model registry.")
@click.option("--host", default=Settings.host, help="Address to listen on; 0.0.0.0 is every one.")
@click.option("--port", default=Settings.port, type=click.IntRange(0, 65535), help="0 picks a free one.")
@click.option("--metrics-port", default=Settings.metrics_port, type=Port(), help="Of Prometheus' metrics.")
@click.option("--health-port", default="off", type=Port(), help="Of health alone, without TLS.")
@click.option("--workers", default=Settings.workers, type=click.IntRange(1), help="Processes on the port.")
@click.option("--worker", type=int, hidden=True)
@click.option(
    "--poll-seconds",
    default=Settings.poll_seconds,
    type=click.FloatRange(0.01),
    help="Time between two looks for a new champion.",
)
@click.option(
    "--max-rows", default=Settings.max_rows, type=click.IntRange(1), help="Most houses in one request."
)
@click.option(
    "--max-message-bytes",
    default=Settings.max_message_bytes,
    type=click.IntRange(1),
    help="Largest message that is read.",
)
@click.option(
    "--max-in-flight",
    default=Settings.max_in_flight,
    type=click.IntRange(1),
    help="Most unanswered requests of a worker.",
)
@click.option(
    "--stream-idle-seconds",
    default=Settings.stream_idle_seconds,
    type=click.FloatRange(0.01),
    help="How long a stream may wait for its caller.",
)
@click.option(
    "--keepalive-seconds",
    default=Settings.keepalive_seconds,
    type=click.FloatRange(1),
    help="How often a silent connection is asked whether it lives.",
)
@click.option(
    "--max-connection-age-seconds",
    default=Settings.max_connection_age_seconds,
    type=click.FloatRange(0),
    help="When a connection is closed, gracefully; 0 is never.",
)
@click.option(
    "--grace-seconds",
    default=Settings.grace_seconds,
    type=click.FloatRange(0),
    help="Time for accepted requests to end after SIGTERM.",
)
@click.option("--tls-cert", type=FILE, help="PEM of the server's certificate, with those up to the root.")
@click.option("--tls-key", type=FILE, help="PEM of its key.")
@click.option("--tls-client-ca", type=FILE, help="PEM of who signs client certificates; all must have one.")
@click.option("--inference-token-file", type=FILE, help="Tokens that may ask for prices, one a line.")
@click.option("--admin-token-file", type=FILE, help="Tokens that may also load and unload versions.")
@click.option("--admin-subject", multiple=True, help="Name in a client certificate that may do so, too.")
@click.option("--prediction-log", type=FOLDER, help="Where requests and answers are kept; off without it.")
@click.option(
    "--prediction-log-sample", default=Settings.prediction_log_sample, type=SHARE, help="Share that is kept."
)
@click.option(
    "--traces",
    default=Settings.traces,
    type=click.Choice(["off", "otlp-grpc", "otlp-http"]),
    help="How spans leave; where to stands in OTEL_* variables.",
)
@click.option(
    "--log-level", default=Settings.log_level, type=click.Choice(logging.LEVELS), help="Least that is logged."
)
@click.option(
    "--log-sample", default=Settings.log_sample, type=SHARE, help="Share of sound requests that get a line."
)
def main(**options: Any) -> None:
    """Serve the champion of every market in the registry over gRPC.

    Every flag may also stand in a variable: --max-rows in INFERENCE_SERVER_MAX_ROWS; or in the file of
    --settings: max_rows. Logs are JSON lines on stderr. SIGTERM ends what was accepted and stops; SIGHUP
    reads certificates, tokens and the settings file's log_level again.
    """
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # it writes lines of its own, which are no JSON
    try:
        asyncio.run(_serve(Settings(**options)))
    except (CannotListen, BadSettings, WorkersFail) as error:
        raise click.ClickException(str(error)) from error


async def _serve(settings: Settings) -> None:
    if settings.worker is not None:
        from inference_server.processes import worker

        await worker.serve(settings, logging.to_stderr(settings.log_level, worker=settings.worker))
    elif settings.workers > 1:
        await supervisor.serve(settings, sys.argv[1:], logging.to_stderr(settings.log_level))
    else:
        from inference_server.processes import single

        await single.serve(settings, logging.to_stderr(settings.log_level))


if __name__ == "__main__":
    main()
