"""Wrong passwords of late, by the address that they came from."""

import ipaddress
import time

MOST = 10
WITHIN_SECONDS = 60.0
_MOST_ADDRESSES = 10_000


class Attempts:
    """At most MOST wrong passwords within WITHIN_SECONDS from one address, or one IPv6 /64 network."""

    def __init__(self) -> None:
        self._wrong: dict[str, list[float]] = {}

    def are_too_many(self, address: str) -> bool:
        """Whether the address has to wait."""
        return len(self._of_late(_network(address))) >= MOST

    def was_wrong(self, address: str) -> None:
        """Count one."""
        network = _network(address)
        times = [*self._of_late(network), time.monotonic()]
        self._wrong.pop(network, None)
        self._wrong[network] = times
        if len(self._wrong) > _MOST_ADDRESSES:
            del self._wrong[next(iter(self._wrong))]

    def _of_late(self, network: str) -> list[float]:
        since = time.monotonic() - WITHIN_SECONDS
        return [at for at in self._wrong.get(network, []) if at > since]


def _network(address: str) -> str:
    try:
        of = ipaddress.ip_address(address)
    except ValueError:
        return ""
    return str(ipaddress.ip_network((of, 64), strict=False)) if of.version == 6 else str(of)
