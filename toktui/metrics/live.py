"""What is being burned right now, in one frozen value: the Live screen and `toktui now`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from toktui.clock import MINUTE_MS, QUARTER_MS, Range, today
from toktui.metrics.active import ActiveSession, load_active
from toktui.metrics.burn import HEADLINE, WINDOWS, Burn, HotCall, Hour, burns_of, hot_calls, hour_of
from toktui.metrics.feed import FeedCall, load_feed
from toktui.metrics.filters import columns_of, conditions
from toktui.metrics.limits import Limit, load_limits
from toktui.metrics.one_state import one_state
from toktui.metrics.probable import Probable, probable_within
from toktui.metrics.scope import EVERYTHING, Scope, overlap
from toktui.metrics.state import WORKING_MS
from toktui.metrics.sums import SUM_SELECT, Sums, sums_of
from toktui.metrics.usual import Usual, load_usual

if TYPE_CHECKING:
    import sqlite3
    from zoneinfo import ZoneInfo

    from toktui.pricing.rates import RateBook

QUIET_MS: Final = max(WINDOWS) * MINUTE_MS
"""So long after the last call every rate is 0, and nothing changes by itself any more."""


class Today(msgspec.Struct, frozen=True):
    """The day of the user's zone so far, and what is usual by this time."""

    range: Range
    sums: Sums
    usual: Usual
    unpriced_models: tuple[str, ...]
    probable: Probable | None
    """Beyond the sums."""


class Live(msgspec.Struct, frozen=True):
    """One look. Times are UTC milliseconds, money is nano-dollars, unknown is None."""

    at_ms: int
    burn: tuple[Burn, ...]
    """One for each of `burn.WINDOWS`."""
    hour: Hour
    today: Today
    sessions: tuple[ActiveSession, ...]
    limits: tuple[Limit, ...]
    feed: tuple[FeedCall, ...]
    last_call_ms: int | None
    changes_ms: int
    """When another look would find something else, even if no call comes in."""

    @property
    def headline(self) -> Burn:
        """The burn that is shown large."""
        return self.burn[WINDOWS.index(HEADLINE)]

    @property
    def is_quiet(self) -> bool:
        """Whether the last call is so long ago that all rates are 0."""
        return self.last_call_ms is None or self.at_ms - self.last_call_ms >= QUIET_MS


def load_live(
    db: sqlite3.Connection,
    now_ms: int,
    zone: ZoneInfo,
    book: RateBook,
    scope: Scope = EVERYTHING,
) -> Live:
    """All of it from one state of the store, as far as it is in the scope.

    Windows of plans are of agents, so only the agents of a scope say which are shown.
    """
    with one_state(db):
        return _live(db, now_ms, zone, book, scope)


def _live(
    db: sqlite3.Connection, now_ms: int, zone: ZoneInfo, book: RateBook, scope: Scope
) -> Live:
    every = hot_calls(db, now_ms)
    calls = [call for call in every if scope.fits(call)] if scope.is_limited else every
    hour = hour_of(calls, now_ms)
    sessions = load_active(db, book, every, hour=hour, now_ms=now_ms, scope=scope)
    feed = load_feed(db, calls, now_ms, scope)
    limits = tuple(
        limit for limit in load_limits(db, now_ms) if scope.filters.has_agent(limit.agent)
    )
    day = today(now_ms, zone)
    last_call_ms = feed[0].call.at_ms if feed else None
    return Live(
        at_ms=now_ms,
        burn=burns_of(calls, now_ms),
        hour=hour,
        today=_today(db, now_ms, zone, day, scope),
        sessions=sessions,
        limits=limits,
        feed=feed,
        last_call_ms=last_call_ms,
        changes_ms=_changes_ms(
            calls, sessions, limits, day=day, last_call_ms=last_call_ms, now_ms=now_ms
        ),
    )


def _today(
    db: sqlite3.Connection, now_ms: int, zone: ZoneInfo, day: Range, scope: Scope
) -> Today:
    meant = "".join(f" and {each}" for each in conditions(db, scope.filters, columns_of("q")))
    within = overlap(day, scope.within)
    return Today(
        day,
        _sums(db, within, meant),
        load_usual(db, now_ms, zone, meant),
        _unpriced_models(db, within, meant),
        probable_within(db, within, meant),
    )


def _sums(db: sqlite3.Connection, day: Range, meant: str) -> Sums:
    return sums_of(
        db.execute(
            f"select {SUM_SELECT} from quarter q where q.quarter >= ? and q.quarter < ?{meant}",
            (day.start_ms // QUARTER_MS, day.end_ms // QUARTER_MS),
        ).fetchone()
    )


def _unpriced_models(db: sqlite3.Connection, day: Range, meant: str) -> tuple[str, ...]:
    rows = db.execute(
        "select m.text from quarter q join name m on m.id = q.model"
        " where q.quarter >= ? and q.quarter < ? and q.unpriced > 0"
        f"{meant} group by m.text order by sum(q.unpriced_tokens) desc, m.text",
        (day.start_ms // QUARTER_MS, day.end_ms // QUARTER_MS),
    )
    return tuple(row[0] for row in rows)


def _changes_ms(
    calls: list[HotCall],
    sessions: tuple[ActiveSession, ...],
    limits: tuple[Limit, ...],
    *,
    day: Range,
    last_call_ms: int | None,
    now_ms: int,
) -> int:
    """The next instant at which a window, a state, a limit or the day ends.

    The picture of the hour moves on with the clock only until the screen is quiet; from then on it
    is the hour that ended when the last rate fell to 0.
    """
    instants = [day.end_ms]
    if last_call_ms is not None and now_ms - last_call_ms < QUIET_MS:
        instants.append((now_ms // MINUTE_MS + 1) * MINUTE_MS)
        instants.append(last_call_ms + QUIET_MS)
        instants.extend(call.at_ms + minutes * MINUTE_MS for call in calls for minutes in WINDOWS)
    instants.extend(limit.resets_ms or 0 for limit in limits)
    for session in sessions:
        instants.append(session.cache_expires_ms or 0)
        instants.append((session.grew_ms or 0) + WORKING_MS)
    return min(instant for instant in instants if instant > now_ms)
