"""How often one device or address may ask: a bucket that fills with time, per process."""

from __future__ import annotations

import threading
from typing import Final

from toktui.server.refusal import Refused

MOST_KNOWN: Final = 20_000


class RateLimit:
    """`burst` requests at once, and `per_s` on."""

    def __init__(self, per_s: float, burst: float) -> None:
        self._per_s, self._burst = per_s, burst
        self._left: dict[str, tuple[float, int]] = {}
        self._lock = threading.Lock()

    def take(self, key: str, now_ms: int) -> None:
        """Counts a request; refuses one too many."""
        with self._lock:
            left, then = self._left.pop(key, (self._burst, now_ms))
            left = min(self._burst, left + max(0, now_ms - then) * self._per_s / 1000)
            self._left[key] = (max(0.0, left - 1), now_ms)
            while len(self._left) > MOST_KNOWN:
                del self._left[next(iter(self._left))]
        if left < 1:
            raise Refused("too_many")
