"""One look at the plans' windows: all of them, and one with who used it and what came before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from toktui.clock import DAY_MS, MINUTE_MS, Range
from toktui.metrics.eaters import Eaten, Eater, load_eaten
from toktui.metrics.limits import Limit, load_limits
from toktui.metrics.one_state import one_state
from toktui.metrics.scope import EVERYTHING, Scope, overlap
from toktui.metrics.windows import (
    BLOCK_AGENT,
    BLOCK_NAME,
    PastWindow,
    derived_blocks,
    known_windows,
    official_windows,
)

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

_SHORT_MINUTES: Final = 24 * 60
PAST_DAYS: Final = 14
"""How far back windows of up to a day go."""
PAST_WEEKS: Final = 13
"""How far back longer ones go."""


class About(msgspec.Struct, frozen=True):
    """Which window is looked at; `end_ms` None: the present one, or else the last."""

    agent: str = ""
    name: str = ""
    end_ms: int | None = None


class LimitsLook(msgspec.Struct, frozen=True, kw_only=True):
    """The windows, which of them is chosen, who used it, and the windows before it."""

    at_ms: int
    limits: tuple[Limit, ...]
    chosen: int = 0
    """Index in `limits`."""
    window: PastWindow | None = None
    """The chosen window; None: nothing is known of when it begins."""
    eaten: Eaten | None = None
    eaters: tuple[Eater, ...] = ()
    """Those of `eaten` that the scope is about."""
    past: tuple[PastWindow, ...] = ()
    """Oldest first, the present one last."""

    @property
    def limit(self) -> Limit | None:
        """The chosen limit."""
        return self.limits[self.chosen] if self.limits else None


def load_limits_look(
    db: sqlite3.Connection, now_ms: int, about: About, scope: Scope = EVERYTHING
) -> LimitsLook:
    """Everything from one state of the store."""
    with one_state(db):
        return _look(db, now_ms, about, scope)


def _look(db: sqlite3.Connection, now_ms: int, about: About, scope: Scope) -> LimitsLook:
    limits = tuple(
        limit for limit in _all_limits(db, now_ms) if scope.filters.has_agent(limit.agent)
    )
    if not limits:
        return LimitsLook(at_ms=now_ms, limits=())
    names = [(limit.agent, limit.name) for limit in limits]
    wanted = (about.agent, about.name)
    chosen = names.index(wanted) if wanted in names else 0
    limit = limits[chosen]
    past = _past(db, limit, now_ms, scope)
    window = _window(limit, past, about.end_ms if wanted in names else None, now_ms)
    eaten = None
    if window is not None:
        within = Range(window.start_ms, window.end_ms)
        eaten = load_eaten(db, limit.agent, limit.name, within)
        window = msgspec.structs.replace(
            window, calls=eaten.calls, tokens=eaten.tokens, cost_nusd=eaten.cost_nusd,
            unpriced=eaten.unpriced, estimated=eaten.estimated,
        )  # fmt: skip
    return LimitsLook(
        at_ms=now_ms,
        limits=limits,
        chosen=chosen,
        window=window,
        eaten=eaten,
        eaters=_meant(eaten, limit.agent, scope),
        past=past,
    )


def _all_limits(db: sqlite3.Connection, now_ms: int) -> Sequence[Limit]:
    """The present windows, and as unknown those of which something was said once."""
    present = load_limits(db, now_ms)
    have = {(limit.agent, limit.name) for limit in present}
    if (BLOCK_AGENT, BLOCK_NAME) not in have and derived_blocks(
        db, BLOCK_AGENT, Range(now_ms - PAST_DAYS * DAY_MS, now_ms)
    ):
        have.add((BLOCK_AGENT, BLOCK_NAME))
        rest = Limit(BLOCK_AGENT, BLOCK_NAME, None, None, "derived", now_ms, 300)
        present = (*present, rest)
    rows = [
        Limit(agent, name, None, None, "official", seen_ms, minutes)
        for agent, name, minutes, seen_ms in known_windows(db)
        if (agent, name) not in have and now_ms - seen_ms < 7 * PAST_WEEKS * DAY_MS
    ]
    return sorted(
        (*present, *rows), key=lambda one: (one.agent, one.window_minutes or 0, one.name)
    )


def _past(
    db: sqlite3.Connection, limit: Limit, now_ms: int, scope: Scope
) -> tuple[PastWindow, ...]:
    short = (limit.window_minutes or 0) <= _SHORT_MINUTES
    days = PAST_DAYS if short else 7 * PAST_WEEKS
    within = overlap(Range(now_ms - days * DAY_MS, now_ms + 1), scope.within)
    if within.start_ms >= within.end_ms:
        return ()
    official = official_windows(db, limit.agent, limit.name, within)
    if (limit.agent, limit.name) != (BLOCK_AGENT, BLOCK_NAME):
        return official
    blocks = [
        block
        for block in derived_blocks(db, limit.agent, within)
        if not any(o.start_ms < block.end_ms and block.start_ms < o.end_ms for o in official)
    ]
    return tuple(sorted((*official, *blocks), key=lambda window: window.end_ms))


def _window(
    limit: Limit, past: tuple[PastWindow, ...], end_ms: int | None, now_ms: int
) -> PastWindow | None:
    """The window that is looked at: that of an end, the present one, or the last."""
    asked = next((window for window in past if window.end_ms == end_ms), None)
    if asked is not None:
        return asked
    if limit.resets_ms is not None and limit.window_minutes:
        same = next((w for w in past if abs(w.end_ms - limit.resets_ms) <= 10 * MINUTE_MS), None)
        return same or PastWindow(
            start_ms=limit.resets_ms - limit.window_minutes * MINUTE_MS,
            end_ms=limit.resets_ms,
            used_percent=limit.used_percent,
            seen_ms=min(limit.as_of_ms, now_ms),
        )
    return past[-1] if past else None


def _meant(eaten: Eaten | None, agent: str, scope: Scope) -> tuple[Eater, ...]:
    if eaten is None:
        return ()
    filters = msgspec.structs.replace(scope.filters, branches=())
    return tuple(
        one
        for one in eaten.eaters
        if filters.fits(
            agent=agent, model=one.model, priced_as=None, project=one.project, branch=""
        )
    )
