"""Starts the process that tries a model, see preflight.py. Imports neither models nor gRPC.

A server starts the first one before it imports what it needs itself, so that both import at the same time.
"""

import asyncio
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process


async def start() -> Process:
    """A process that waits for a line with what to load, and ends with its input."""
    command = (sys.executable, "-m", "inference_server.models.preflight")
    return await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL)
