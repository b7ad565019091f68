"""Long work that says what it does and how far it is, through whatever tells it: a log, or a terminal."""

import time
from collections.abc import Callable

Tell = Callable[[str], object]
"""Takes one line about the work."""
EVERY_S = 5.0


def silent(_: str) -> None:
    """Tell nobody."""


def now_and_then(tell: Tell, every_s: float = EVERY_S, clock: Callable[[], float] = time.monotonic) -> Tell:
    """Pass a line on if none has been for `every_s` seconds: short work says nothing, long work a little."""
    last = clock()

    def told(line: str) -> None:
        nonlocal last
        if clock() - last >= every_s:
            tell(line)
            last = clock()

    return told
