"""How the C library keeps freed memory, see mallopt(3)."""

import ctypes

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
TRIM_BYTES = 2**20
MMAP_BYTES = 2**22
"""Smaller than a large message, larger than the arrays of most requests."""


def give_back() -> None:
    """Return what large messages took to the system.

    By default glibc raises these limits with the largest block that was freed, up to 64 MiB for each of its
    arenas, of which a process with many threads has many. Without glibc this does nothing.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt:
        mallopt(M_TRIM_THRESHOLD, TRIM_BYTES)
        mallopt(M_MMAP_THRESHOLD, MMAP_BYTES)
