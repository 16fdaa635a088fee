"""How often one device or address may ask: a bucket that fills with time, per process."""

from __future__ import annotations

import ipaddress
import threading
from typing import Final

from toktui.server.refusal import Refused

MOST_KNOWN: Final = 20_000


class RateLimit:
    """`burst` requests at once, and `per_s` a second from then on; what is refused costs nothing.
    """

    def __init__(self, per_s: float, burst: float) -> None:
        self._per_s, self._burst = per_s, burst
        self._left: dict[str, tuple[float, int]] = {}
        self._lock = threading.Lock()

    def take(self, key: str, now_ms: int) -> None:
        """Counts a request; refuses one too many."""
        with self._lock:
            left, then = self._left.pop(key, (self._burst, now_ms))
            left = min(self._burst, left + max(0, now_ms - then) * self._per_s / 1000)
            self._left[key] = (left if left < 1 else left - 1, now_ms)
            while len(self._left) > MOST_KNOWN:
                del self._left[next(iter(self._left))]
        if left < 1:
            raise Refused("too_many")


def asker(host: str) -> str:
    """Whom a limit is for: an address, or the network that one customer of IPv6 has."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host[:64]
    if address.version == 4 or address.ipv4_mapped is not None:
        return str(address)
    return str(ipaddress.ip_network((address, 64), strict=False))
