"""A server that speaks S3, SeaweedFS from its wheel, for tests."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import s3fs

from house_prices.cli.processes import free_port, listening

KEY, SECRET = "test-key", "test-secret"


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """The URL of a server that wants KEY and SECRET."""
    folder.mkdir()
    identity = {
        "name": "sales",
        "credentials": [{"accessKey": KEY, "secretKey": SECRET}],
        "actions": ["Admin", "Read", "Write", "List"],
    }
    anyone = {"name": "anonymous", "actions": ["Read:public", "List:public"]}
    (folder / "s3.json").write_text(json.dumps({"identities": [identity, anyone]}))
    ports = {name: free_port() for name in ("master", "volume", "filer", "s3")}
    options = [f"-{name}.port={port}" for name, port in ports.items()]
    options += [f"-{name}.port.grpc={free_port()}" for name in ports]
    options += ["-s3.port.iceberg=0", "-s3.port.lance=0", "-master.telemetry=false"]  # else ports of its own
    command = [
        Path(sys.executable).with_name("weed"), "server", f"-dir={folder}", "-ip=127.0.0.1",
        "-ip.bind=127.0.0.1", "-s3", f"-s3.config={folder / 's3.json'}",
        "-master.volumeSizeLimitMB=64", *options,
    ]  # fmt: skip
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        url = f"http://127.0.0.1:{ports['s3']}"
        _wait(url, ports["s3"], server)
        yield url
    finally:
        server.kill()
        server.wait()


def client(url: str) -> s3fs.S3FileSystem:
    """As its owner."""
    return s3fs.S3FileSystem(key=KEY, secret=SECRET, endpoint_url=url, skip_instance_cache=True)


def _wait(url: str, port: int, server: "subprocess.Popen[bytes]") -> None:
    """Until a bucket can be made and written to."""
    end = time.monotonic() + 180
    while not listening(port):
        assert server.poll() is None
        assert time.monotonic() < end
        time.sleep(0.2)
    while True:
        try:
            storage = client(url)
            for bucket in ("sales", "public"):
                if not storage.exists(bucket):
                    storage.mkdir(bucket)
                storage.pipe(f"{bucket}/.ready", b"yes")
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.3)
        else:
            return
