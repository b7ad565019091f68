"""A PostgreSQL server of its own for tests, with Debian's binaries, on a free port of this machine."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from house_prices.cli.processes import free_port

PASSWORD = "open sesame"  # noqa: S105  # of a server that lives for a test


def binaries() -> Path:
    """Debian's folder of them; skips the test where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not found:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    return found[-1]


@contextmanager
def running() -> Iterator[str]:
    """The URL of a server, without the password."""
    # not below pytest's folder, which every start of pytest closes to others than root
    with tempfile.TemporaryDirectory(prefix="postgres-") as folder:
        yield from _running(Path(folder))


def _running(folder: Path) -> Iterator[str]:
    port = free_port()
    password = folder / "password"
    password.write_text(PASSWORD)
    data = folder / "data"
    as_owner: list[str] = []
    if os.geteuid() == 0:  # PostgreSQL refuses to be root
        as_owner = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        for path in (folder, password):
            shutil.chown(path, "postgres")

    def run(command: str, *options: str) -> None:
        made = subprocess.run(
            [*as_owner, binaries() / command, *options], capture_output=True, text=True, check=False, cwd="/"
        )
        assert made.returncode == 0, made.stdout + made.stderr

    run("initdb", "-D", str(data), "-U", "sales", f"--pwfile={password}", "-A", "scram-sha-256", "--no-sync")
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
    run("pg_ctl", "-D", str(data), "-o", options, "-l", str(folder / "log"), "-w", "start")
    try:
        yield f"postgresql://sales@127.0.0.1:{port}/postgres"
    finally:
        run("pg_ctl", "-D", str(data), "-m", "immediate", "stop")
