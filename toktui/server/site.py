"""What all requests of a process share: database, settings, limits, and pages made before."""

from __future__ import annotations

import hashlib
import threading
from typing import TYPE_CHECKING, Final, NamedTuple

from toktui.server.limits import RateLimit
from toktui.server.requests import KnownKeys

if TYPE_CHECKING:
    from collections.abc import Callable

    from toktui.server.database import Database
    from toktui.server.settings import Settings

FRESH_MS: Final = 2_000
"""How long a page is shown that another process may have made stale."""
MOST_KEPT: Final = 64 * 1024 * 1024
"""Bytes of pages that are kept."""


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
        self.keys = KnownKeys()
        self._generation = 0
        self._kept: dict[str, _Kept] = {}
        self._kept_bytes = 0
        self._lock = threading.Lock()

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
        """A page made before, else a new one. What is written meanwhile makes it old at once."""
        with self._lock:
            generation = self._generation
            page = self.known(key)
        if page is not None:
            return page
        now_ms = self.settings.now_ms()
        body = make()
        page = Page(body, f'"{hashlib.sha256(body).hexdigest()[:20]}"')
        with self._lock:
            self._kept_bytes += len(body)
            if self._kept_bytes > MOST_KEPT:
                self._kept.clear()
                self._kept_bytes = len(body)
            self._kept[key] = _Kept(generation, now_ms, page)
        return page
