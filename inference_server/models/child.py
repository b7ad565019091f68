"""Starts the process that tries a model, see preflight.py and trial.py. Imports neither models nor gRPC.

A server starts the first one before it imports what it needs itself, so that both import at the same time.
"""

import contextlib
import os
import select
import signal
import sys
import time


class Process:
    """A process that waits for what to load, and ends once it has answered, or with its input."""

    def __init__(self, pid: int, questions: int, answers: int) -> None:
        """It reads from one pipe and writes to the other, whose ends here these are, by file descriptor."""
        self._pid = pid
        self._pipes = (questions, answers)
        self._has_ended = False

    def ask(self, question: bytes, timeout_s: float) -> tuple[int, bytes]:
        """Its exit code and answer, for which it blocks. Raises TimeoutError."""
        until, answer = time.monotonic() + timeout_s, b""
        questions, answers = self._pipes
        with open(questions, "wb") as pipe, contextlib.suppress(BrokenPipeError):
            pipe.write(question)
        with open(answers, "rb", buffering=0) as pipe:
            while select.select([pipe], [], [], max(until - time.monotonic(), 0))[0]:
                if not (came := pipe.read(2**16)):
                    return self._end(), answer
                answer += came
        self.kill()
        self._end()
        raise TimeoutError

    def _end(self) -> int:
        _, status = os.waitpid(self._pid, 0)
        self._has_ended = True
        return os.waitstatus_to_exitcode(status)

    def kill(self) -> None:
        """End it at once if it still runs."""
        if not self._has_ended:
            with contextlib.suppress(ProcessLookupError):  # it may end meanwhile
                os.kill(self._pid, signal.SIGKILL)


def start() -> Process:
    """Start one."""
    (its_input, questions), (answers, its_output) = os.pipe(), os.pipe()
    command = [sys.executable, "-m", "inference_server.models.trial"]
    actions = [
        (os.POSIX_SPAWN_DUP2, its_input, 0),
        (os.POSIX_SPAWN_DUP2, its_output, 1),
        (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
    ]
    pid = os.posix_spawn(command[0], command, os.environ, file_actions=actions)
    os.close(its_input)
    os.close(its_output)
    return Process(pid, questions, answers)
