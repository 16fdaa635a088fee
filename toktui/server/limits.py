"""How often one device or address may ask: a bucket that fills with time, per process."""

from __future__ import annotations

import ipaddress
import threading
from contextlib import suppress
from typing import Final

from toktui.server.refusal import Refused

MOST_KNOWN: Final = 20_000


class RateLimit:
    """`burst` requests at once, one at least, and `per_s` a second from then on; what is refused
    costs nothing."""

    def __init__(self, per_s: float, burst: float) -> None:
        self._per_s, self._burst = per_s, max(1.0, burst)
        self._left: dict[str, tuple[float, int]] = {}
        self._lock = threading.Lock()

    def take(self, key: str, now_ms: int) -> None:
        """Counts a request; refuses one too many."""
        with self._lock:
            left = self._left_at(key, now_ms)
            self._left.pop(key, None)
            self._left[key] = (left if left < 1 else left - 1, now_ms)
            while len(self._left) > MOST_KNOWN:
                del self._left[next(iter(self._left))]
        if left < 1:
            raise Refused("too_many")

    def is_used_up(self, key: str, now_ms: int) -> bool:
        """Whether one more would be refused; counts nothing."""
        with self._lock:
            return self._left_at(key, now_ms) < 1

    def _left_at(self, key: str, now_ms: int) -> float:
        left, then = self._left.get(key, (self._burst, now_ms))
        return min(self._burst, left + max(0, now_ms - then) * self._per_s / 1000)


class Strangers:
    """Who names a device or a sign-in costs a look into the database; if there is no such thing, he
    may do so only so often: from one address, and all of them together.

    Only being wrong counts, and whom this process has seen is never refused: so nobody is kept out
    by what others send, but for who comes for the first time from where somebody is wrong all the
    time; his toktui comes again.
    """

    def __init__(self, rate: float) -> None:
        self._per_address = RateLimit(per_s=rate, burst=60 * rate)
        self._together = RateLimit(per_s=20 * rate, burst=1200 * rate)
        self._seen: dict[str, None] = {}
        self._lock = threading.Lock()

    def meet(self, address: str, name: str, now_ms: int) -> None:
        """Refuses to look for a name, where too many from there were wrong."""
        if name in self._seen:
            return
        if self._per_address.is_used_up(address, now_ms) or self._together.is_used_up("", now_ms):
            raise Refused("too_many")

    def was_right(self, name: str) -> None:
        """The name is that of a device or a sign-in."""
        with self._lock:
            self._seen.pop(name, None)
            self._seen[name] = None
            while len(self._seen) > MOST_KNOWN:
                del self._seen[next(iter(self._seen))]

    def was_wrong(self, address: str, now_ms: int, *, ended: str = "") -> None:
        """There is no such device or sign-in, or he is not it. `ended`: a sign-in that there may
        have been, and is not any more."""
        with self._lock:
            self._seen.pop(ended, None)
        for limit, key in ((self._per_address, address), (self._together, "")):
            with suppress(Refused):
                limit.take(key, now_ms)


def asker(host: str) -> str:
    """Whom a limit is for: an address, or the network that one customer of IPv6 has."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host[:64]
    if address.version == 4 or address.ipv4_mapped is not None:
        return str(address)
    return str(ipaddress.ip_network((address, 64), strict=False))
