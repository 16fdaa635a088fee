"""The filter that holds on all screens: what was typed, what it means, what is wrong with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toktui.clock import local_date
from toktui.metrics.scope import EVERYTHING, Scope, read_scope

if TYPE_CHECKING:
    import datetime
    from collections.abc import Callable
    from zoneinfo import ZoneInfo


class Scoping:
    """Keeps the scope of the last line that meant something; days are those of today."""

    def __init__(self, *, zone: ZoneInfo, now_ms: Callable[[], int]) -> None:
        self._zone = zone
        self._now_ms = now_ms
        self._scope = EVERYTHING
        self._day: datetime.date | None = None
        self.problem = ""
        """What is wrong with what is typed; the scope is then the one before."""

    @property
    def scope(self) -> Scope:
        """What the screens are about, today."""
        if self._day is not None and self._day != local_date(self._now_ms(), self._zone):
            self.read(self._scope.text)
        return self._scope

    def read(self, text: str) -> bool:
        """Takes what is typed; whether the scope is another one now."""
        now_ms = self._now_ms()
        found = read_scope(text, now_ms=now_ms, zone=self._zone)
        self.problem = found.problem
        if found.scope is None:
            return False
        self._day = local_date(now_ms, self._zone) if found.scope.is_limited else None
        before, self._scope = self._scope, found.scope
        return before != found.scope
