"""What all requests of a process share: database, settings, limits, and pages made before."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from toktui.server.limits import RateLimit

if TYPE_CHECKING:
    from collections.abc import Callable

    from toktui.server.database import Database
    from toktui.server.settings import Settings

FRESH_MS: Final = 2_000
"""How long a page is shown that another process may have made stale."""
MOST_PAGES: Final = 2_000


class Site:
    """One per process."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self.database = database
        self.settings = settings
        self.per_device = RateLimit(per_s=5, burst=120)
        self.per_address = RateLimit(per_s=1, burst=60)
        self._generation = 0
        self._kept: dict[str, tuple[int, int, bytes]] = {}
        self._lock = threading.Lock()

    def changed(self) -> None:
        """Something was written: pages made before show it no more."""
        with self._lock:
            self._generation += 1
            self._kept.clear()

    def kept(self, key: str, make: Callable[[], bytes]) -> bytes:
        """A page, made anew if something was written or it is older than two seconds."""
        now_ms = self.settings.now_ms()
        with self._lock:
            generation = self._generation
            known = self._kept.get(key)
        if known is not None and known[0] == generation and 0 <= now_ms - known[1] < FRESH_MS:
            return known[2]
        made = make()
        with self._lock:
            if len(self._kept) >= MOST_PAGES:
                self._kept.clear()
            self._kept[key] = (generation, now_ms, made)
        return made
