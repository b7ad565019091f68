"""A sign of life while a command works in silence."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

EVERY_SECONDS = 3.0
IN_A_PIPE_SECONDS = 15.0
"""Where nobody watches, fewer lines are enough."""


@contextmanager
def alive(work: str, progress: Callable[[], str] = lambda: "") -> Iterator[None]:
    """Say on stderr what goes on during the block: in one line that changes, or in a pipe in a few.

    Says nothing of what is done within a few seconds. `progress` tells how far it is.
    """
    over = threading.Event()
    thread = threading.Thread(target=_tell, args=(work, progress, over), daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _tell(work: str, progress: Callable[[], str], over: threading.Event) -> None:
    started, is_watched = time.monotonic(), sys.stderr.isatty()
    has_said = False
    while not over.wait(EVERY_SECONDS if is_watched else IN_A_PIPE_SECONDS):
        parts = [f"{work} ...", progress(), f"{time.monotonic() - started:.0f} s"]
        line = " ".join(filter(None, parts))
        click.echo(f"\r{line}\x1b[K" if is_watched else line, err=True, nl=not is_watched)
        has_said = is_watched
    if has_said:
        click.echo("\r\x1b[K", err=True, nl=False)
