"""What a caller must be allowed to do."""

from enum import IntEnum


class Role(IntEnum):
    """Each role may do what those before it may."""

    NONE = 0
    """Anybody who reaches the port: probes."""
    INFERENCE = 1
    """Prices, metadata, reflection."""
    ADMIN = 2
    """Loading and unloading versions."""
