"""Starts the process that tries a model, see preflight.py. Imports neither models nor gRPC.

A server starts the first one before it imports what it needs itself, so that both import at the same time.
"""

import sys
from subprocess import DEVNULL, PIPE, Popen
from typing import TypeAlias

Process: TypeAlias = Popen[bytes]


def start() -> Process:
    """A process that waits for a line with what to load, and ends with its input."""
    command = (sys.executable, "-m", "inference_server.models.preflight")
    return Popen(command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL)
