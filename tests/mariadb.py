"""A MariaDB server of its own for tests, with Debian's binaries, on a free port of this machine."""

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pymysql
import pytest

from house_prices.cli.processes import free_port

PASSWORD = "open sesame"  # noqa: S105  # of a server that lives for a test


@contextmanager
def running() -> Iterator[tuple[str, pymysql.Connection]]:  # type: ignore[type-arg]
    """The URL for a reader of the database `sales`, without the password, and its owner's connection."""
    if not shutil.which("mariadbd"):
        pytest.skip("MariaDB is not installed: apt-get install mariadb-server")
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="mariadb-") as name:
        folder = Path(name)
        shutil.chown(folder, "mysql")
        options = ["--no-defaults", f"--datadir={folder}/data", "--user=mysql"]
        made = ["mariadb-install-db", *options, "--auth-root-authentication-method=normal", "--skip-test-db"]
        subprocess.run(made, check=True, stdout=subprocess.DEVNULL)
        options += [f"--port={port}", "--bind-address=127.0.0.1", f"--socket={folder}/socket"]
        with (folder / "log").open("w") as log:
            server = subprocess.Popen(["mariadbd", *options], stderr=log)
        try:
            owner = _connected(port)
            with owner.cursor() as cursor:
                cursor.execute("CREATE DATABASE sales CHARACTER SET utf8mb4")
                cursor.execute("CREATE USER reader@'%%' IDENTIFIED BY %s", (PASSWORD,))
                cursor.execute("GRANT SELECT ON sales.* TO reader@'%'")
            owner.select_db("sales")
            yield f"mysql://reader@127.0.0.1:{port}/sales", owner
        finally:
            server.terminate()
            server.wait()


def _connected(port: int) -> pymysql.Connection:  # type: ignore[type-arg]
    end = time.monotonic() + 60
    while True:
        try:
            return pymysql.connect(host="127.0.0.1", port=port, user="root", autocommit=True)
        except pymysql.err.OperationalError:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)
