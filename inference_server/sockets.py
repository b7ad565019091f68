"""Check that a port is free; reserve one for several processes; limit connections. Without gRPC."""

import contextlib
import resource
import socket
from collections.abc import Iterator

MOST_CONNECTIONS = 10_000
OTHER_FILES = 256
"""That a process may need to have open besides connections."""


class CannotListen(Exception):
    """The address cannot be used."""

    def __init__(self, address: str, setting: str) -> None:
        name = f"INFERENCE_SERVER_{setting.strip('-').replace('-', '_').upper()}"
        super().__init__(
            f"cannot listen on {address}: another process has it, or the host has no such address. "
            f"Choose others with --host and {setting} (INFERENCE_SERVER_HOST, {name})."
        )


@contextlib.contextmanager
def held(host: str, port: int, setting: str) -> Iterator[int]:
    """Reserve a port for sockets that share it, and give its number. 0 picks a free one.

    The port is shared only after a check that it is free: else a second server would silently take half of
    the first one's calls.
    """
    try:
        family, kind, _, _, address = socket.getaddrinfo(
            host.strip("[]"), port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind) as alone:
            alone.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            alone.bind(address)
            address = (address[0], alone.getsockname()[1], *address[2:])
        shared = socket.socket(family, kind)
        shared.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        shared.bind(address)
    except OSError as error:
        raise CannotListen(f"{host}:{port}", setting) from error
    with shared:
        yield int(address[1])


def most_connections() -> int:
    """How many connections a process takes, so that files are left for the rest of its work.

    The system's own limit is raised as far as it lets itself be raised.
    """
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_CONNECTIONS + OTHER_FILES
    allowed = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, most))
    return max(allowed - OTHER_FILES, allowed // 2)
