"""A standalone cluster of Spark on this machine: a master and workers, in processes of their own."""

import os
import re
import signal
import subprocess
import time
from pathlib import Path


class Cluster:
    """Processes whose logs and whose work lie in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._processes: list[subprocess.Popen[bytes]] = []
        self.address = ""

    def __enter__(self) -> "Cluster":
        master = ["master.Master", "--port", "0"]
        self.address = self._start(*master, until=r"Starting Spark master at (spark://\S+)")
        return self

    def __exit__(self, *_: object) -> None:
        while self._processes:
            self.kill()

    def start_worker(self) -> None:
        """One with a core, and room for one executor of half a gigabyte."""
        room = ["--cores", "1", "--memory", "512m", "--work-dir", str(self._folder)]
        self._start("worker.Worker", *room, self.address, until="Successfully registered with (master)")

    def kill(self) -> None:
        """What was started last, with all its own processes, as a machine loses its power."""
        process = self._processes.pop()
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def _start(self, what: str, *options: str, until: str) -> str:
        import pyspark

        log = self._folder / f"{len(self._processes)}-{what}.log"
        program = [Path(pyspark.__path__[0], "bin", "spark-class"), f"org.apache.spark.deploy.{what}"]
        command = [*map(str, program), "--host", "127.0.0.1", "--webui-port", "0", *options]
        memory = {"SPARK_DAEMON_MEMORY": "128m"}
        with log.open("wb") as out:
            process = subprocess.Popen(
                command, stdout=out, stderr=out, env=os.environ | memory, start_new_session=True
            )
        self._processes.append(process)
        end = time.monotonic() + 120
        while not (found := re.search(until, log.read_text())):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < end, log.read_text()
            time.sleep(0.1)
        return found[1]
