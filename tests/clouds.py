"""Servers that speak Azure's and Google's object storage, for tests: Azurite and gcp-storage-emulator."""

import base64
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import DEVNULL

import adlfs
import gcsfs
import pytest
from fsspec.spec import AbstractFileSystem

from house_prices.cli.processes import free_port, listening
from tests import servers

_HERE = Path(__file__).parents[1] / ".clouds"
_AZURITE = _HERE / "node_modules/.bin/azurite-blob"
_GOOGLE = _HERE / "bin/gcp-storage-emulator"
ACCOUNT, KEY = "tester", base64.b64encode(b"a key of tests").decode()


@dataclass(frozen=True, kw_only=True)
class Cloud:
    """A storage with a bucket, or container, `sales`."""

    scheme: str
    environment: dict[str, str]
    """What says where it is, and who asks."""
    files: AbstractFileSystem


@contextmanager
def azure(folder: Path) -> Iterator[Cloud]:
    """Azure Blob Storage, with conditional writes."""
    port = free_port()
    command = [_AZURITE, "--location", folder, "--blobPort", str(port), "--skipApiVersionCheck", "--silent"]
    told = ";".join(
        (
            "DefaultEndpointsProtocol=http",
            f"AccountName={ACCOUNT}",
            f"AccountKey={KEY}",
            f"BlobEndpoint=http://127.0.0.1:{port}/{ACCOUNT}",
        )
    )
    with _running(_AZURITE, command, port, {"AZURITE_ACCOUNTS": f"{ACCOUNT}:{KEY}"}):
        files = adlfs.AzureBlobFileSystem(connection_string=told, skip_instance_cache=True)
        files.mkdir("sales")
        yield Cloud(scheme="az", environment={"AZURE_STORAGE_CONNECTION_STRING": told}, files=files)


@contextmanager
def google(_folder: Path) -> Iterator[Cloud]:
    """Google Cloud Storage, without conditional writes, which this server passes over."""
    port = free_port()
    command = [
        _GOOGLE,
        "start",
        "--host=127.0.0.1",
        f"--port={port}",
        "--in-memory",
        "--default-bucket=sales",
    ]
    with _running(_GOOGLE, command, port, {}):
        address = f"http://127.0.0.1:{port}"
        files = gcsfs.GCSFileSystem(endpoint_url=address, token="anon", skip_instance_cache=True)  # noqa: S106
        yield Cloud(
            scheme="gs", environment={"STORAGE_EMULATOR_HOST": address, "NO_GCE_CHECK": "true"}, files=files
        )


@contextmanager
def _running(program: Path, command: list[str | Path], port: int, settings: dict[str, str]) -> Iterator[None]:
    if not program.exists():
        pytest.skip(f"{program.name} is not installed: .ci/run says how")
    with subprocess.Popen(command, env={**os.environ, **settings}, stdout=DEVNULL, stderr=DEVNULL) as server:
        try:
            servers.eventually(lambda: server.poll() is not None or listening(port))
            yield
        finally:
            server.kill()
