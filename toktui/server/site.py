"""What all requests of a process share: database, settings, limits, and pages made before."""

from __future__ import annotations

import hashlib
import threading
from typing import TYPE_CHECKING, Final, NamedTuple

from toktui.server.limits import RateLimit, Strangers
from toktui.server.requests import KnownKeys

if TYPE_CHECKING:
    from collections.abc import Callable

    from toktui.server.database import Database
    from toktui.server.settings import Settings

FRESH_MS: Final = 2_000
"""How long a page is shown that another process may have made stale."""
READY_MS: Final = 1_000
MOST_KEPT: Final = 64 * 1024 * 1024
"""Bytes of pages that are kept."""
MAKERS: Final = 64
"""Locks that pages share, by their key: one for each would stay behind for every stranger."""


class Page(NamedTuple):
    """A page, and the tag by which a browser says that it has it already."""

    body: bytes
    etag: str


class _Kept(NamedTuple):
    generation: int
    made_ms: int
    page: Page


class Site:
    """One per process."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self.database = database
        self.settings = settings
        self.per_device = RateLimit(per_s=5 * settings.rate, burst=120 * settings.rate)
        self.per_address = RateLimit(per_s=settings.rate, burst=60 * settings.rate)
        self.acts = RateLimit(per_s=settings.rate / 120, burst=200 * settings.rate)
        self.strangers = Strangers(settings.rate)
        self.keys = KnownKeys()
        self._ready: tuple[bool, int] | None = None
        self._generation = 0
        self._kept: dict[str, _Kept] = {}
        self._kept_bytes = 0
        self._making = tuple(threading.Lock() for _ in range(MAKERS))
        self._lock = threading.Lock()

    def is_ready(self) -> bool:
        """Whether the database answers, or did within the last second: anybody may ask."""
        now_ms, found = self.settings.now_ms(), self._ready
        if found is None or not 0 <= now_ms - found[1] < READY_MS:
            self._ready = found = self.database.is_ready(), now_ms
        return found[0]

    def changed(self) -> None:
        """Something was written: pages made before show it no more."""
        with self._lock:
            self._generation += 1
            self._kept.clear()
            self._kept_bytes = 0

    def known(self, key: str) -> Page | None:
        """A page made before, if nothing was written since and it is not two seconds old."""
        found = self._kept.get(key)
        if found is None or found.generation != self._generation:
            return None
        return found.page if 0 <= self.settings.now_ms() - found.made_ms < FRESH_MS else None

    def kept(self, key: str, make: Callable[[], bytes]) -> Page:
        """A page made before, else a new one. What is written meanwhile makes it old at once.

        Of many who ask for the same page at once one makes it, and the others wait for that.
        """
        asked_ms = self.settings.now_ms()
        with self._lock:
            page = self.known(key)
        if page is not None:
            return page
        with self._making[hash(key) % MAKERS]:
            with self._lock:
                generation, found = self._generation, self._kept.get(key)
            if found is not None and found.generation == generation and found.made_ms >= asked_ms:
                return found.page
            now_ms = self.settings.now_ms()
            body = make()
            page = Page(body, f'"{hashlib.sha256(body).hexdigest()[:20]}"')
            with self._lock:
                self._keep(key, _Kept(generation, now_ms, page))
        return page

    def _keep(self, key: str, made: _Kept) -> None:
        before = self._kept.pop(key, None)
        self._kept_bytes += len(made.page.body) - (len(before.page.body) if before else 0)
        if self._kept_bytes > MOST_KEPT:
            self._kept.clear()
            self._kept_bytes = len(made.page.body)
        self._kept[key] = made
