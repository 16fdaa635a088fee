"""The sessions that somebody may be sitting at: working, warm, or idle for less than an hour."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING, Final

import msgspec

from toktui.facts import decode_status
from toktui.metrics.burn import (
    CALL_JOINS,
    CALL_SELECT,
    ESTIMATED,
    RESIDUAL,
    Burn,
    HotCall,
    Hour,
    burns_of,
    call_of,
    spark_of,
)
from toktui.metrics.scope import EVERYTHING, Scope
from toktui.metrics.sessions_in import sessions_in
from toktui.metrics.state import WORKING_MS, State
from toktui.metrics.sub_agents import SubAgent, sub_agents_of
from toktui.metrics.sums import SUM_SELECT, Sums, sums_of
from toktui.model import TIERS
from toktui.pricing.price import next_turn

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

    from toktui.facts import Status
    from toktui.pricing.rates import RateBook

LISTED_MS: Final = 3_600_000
"""An idle session leaves the list so long after its last call."""
_LONGEST_LIFE_MS: Final = 24 * 3_600_000
_MOST: Final = 200


class NextTurn(msgspec.Struct, frozen=True, gc=False):
    """What reading the context again costs, without output, in nano-dollars."""

    warm_nusd: int
    cold_nusd: int


class ActiveSession(msgspec.Struct, frozen=True, kw_only=True):
    """One session as it is now. Sums are those of its whole life, sub-agents inside it included."""

    number: int
    id: str
    parent: str | None
    agent: str
    project: str
    model: str
    priced_as: str | None
    state: State
    last_call_ms: int
    context_tokens: int | None
    context_window: int | None
    burn: tuple[Burn, ...]
    sums: Sums
    cache_expires_ms: int | None
    """End of the life of its prompt cache, also if past; None: not documented, or never written."""
    next_turn: NextTurn | None
    grew_ms: int | None
    """When its log last grew."""
    spark: tuple[int, ...]
    sub_agents: tuple[SubAgent, ...]

    def is_warm(self, now_ms: int) -> bool:
        """Whether its prompt cache is alive."""
        return self.cache_expires_ms is not None and now_ms < self.cache_expires_ms


class _Listed(msgspec.Struct, frozen=True):
    number: int
    key: str
    parent: str
    agent: int
    project: str
    last_ms: int


def load_active(
    db: sqlite3.Connection,
    book: RateBook,
    calls: Sequence[HotCall],
    *,
    hour: Hour,
    now_ms: int,
    scope: Scope = EVERYTHING,
) -> tuple[ActiveSession, ...]:
    """Active sessions with a call in the scope, those that burn most first.

    `calls` are all hot ones. A session's burn is that of its calls in the scope; its sums are those
    of its whole life.
    """
    listed = _listed(db, now_ms)
    grew = _growth(db, listed)
    if scope.is_limited:
        meant = sessions_in(db, scope, [session.number for session in listed])
        listed = [session for session in listed if session.number in meant]
    lives = _longest_lives(db, book, listed)
    listed = [
        session
        for session in listed
        if now_ms - session.last_ms < max(LISTED_MS, lives.get(session.number, 0))
        or now_ms - grew.get(session.number, 0) < WORKING_MS
    ]
    if not listed:
        return ()
    said = _said(db, listed)
    sums = _sums(db, [session.number for session in listed])
    by_session: defaultdict[int, list[HotCall]] = defaultdict(list)
    for call in calls:
        by_session[call.session].append(call)
    found = (
        _session(
            db,
            book,
            session,
            by_session[session.number],
            sums=sums.get(session.number, Sums()),
            grew_ms=grew.get(session.number),
            said=said.get(session.number),
            hour=hour,
            now_ms=now_ms,
            scope=scope,
        )
        for session in listed
    )
    kept = [
        session
        for session in found
        if session is not None
        and (session.state != "idle" or now_ms - session.last_call_ms < LISTED_MS)
    ]
    return tuple(sorted(kept, key=_order))


_RANK: Final[dict[State, int]] = {"working": 0, "warm": 1, "idle": 2}


def _order(session: ActiveSession) -> tuple[int, int, int, int]:
    """Working ones before warm before idle; then by cost of their burn, newest first."""
    burn = session.burn[1]
    return (_RANK[session.state], -(burn.cost_nusd or 0), -burn.tokens, -session.last_call_ms)


def _listed(db: sqlite3.Connection, now_ms: int) -> list[_Listed]:
    """The sessions of the last day; a clock that goes wrong does not hide one."""
    rows = db.execute(
        "select s.id, s.key, s.parent, s.agent, p.text, s.last_ms"
        " from session s indexed by session_last join name p on p.id = s.project"
        " where s.last_ms > ? order by s.last_ms desc limit ?",
        (now_ms - _LONGEST_LIFE_MS, _MOST),
    )
    return [_Listed(*row) for row in rows]


def _growth(db: sqlite3.Connection, listed: Iterable[_Listed]) -> dict[int, int]:
    """When a log of each session last grew; one with half a line at its end: when it was read.

    `listed` has those of the latest calls first: of the sessions of one database the first is the
    one for which it grew, and of the others it is known that it did with their last call.
    """
    numbers = json.dumps([session.number for session in listed])
    rows = db.execute(
        "select s.id, s.last_ms, l.id, iif(l.mtime_ns, l.mtime_ns / 1000000, l.read_ms)"
        " from json_each(?) j join session s on s.id = j.value join source o on o.session = s.key"
        " join log l on l.id = o.log and l.agent = s.agent order by j.key",
        (numbers,),
    )
    found: dict[int, int] = {}
    told: dict[int, int] = {}
    for number, last_ms, log, grew in rows:
        if grew:
            own = told.setdefault(log, number) == number
            found[number] = max(found.get(number, 0), grew if own else min(grew, last_ms))
    return found


def _longest_lives(
    db: sqlite3.Connection, book: RateBook, listed: Iterable[_Listed]
) -> dict[int, int]:
    """How long the cache of each session can live at most, by the models that it called: most
    sessions of a day are long over, and their calls need not be looked at."""
    rows = db.execute(
        "select t.session, m.text from json_each(?) j join session_total t on t.session = j.value"
        " join name m on m.id = t.model group by t.session, t.model",
        (json.dumps([session.number for session in listed]),),
    )
    longest: dict[int, int] = {}
    for number, model in rows:
        lives = book.lifetimes(model)
        longest[number] = max(longest.get(number, 0), lives.short_ms or 0, lives.long_ms or 0)
    return longest


def _said(db: sqlite3.Connection, listed: Iterable[_Listed]) -> dict[int, Status]:
    """What agents themselves show of the sessions, where one has told us, as it was last."""
    rows = db.execute(
        "select s.id, f.body, max(f.at_ms) from json_each(?) j join session s on s.id = j.value"
        " join fact f on f.kind = 'status' and f.subject = s.key"
        " join log l on l.id = f.log and l.agent = s.agent group by s.id",
        (json.dumps([session.number for session in listed]),),
    )
    return {number: decode_status(body) for number, body, _ in rows}


def _sums(db: sqlite3.Connection, numbers: Sequence[int]) -> dict[int, Sums]:
    rows = db.execute(
        f"select t.session, {SUM_SELECT} from json_each(?) j"
        " join session_total t on t.session = j.value group by t.session",
        (json.dumps(numbers),),
    )
    return {row[0]: sums_of(row[1:]) for row in rows}


def _session(
    db: sqlite3.Connection,
    book: RateBook,
    listed: _Listed,
    calls: Sequence[HotCall],
    *,
    sums: Sums,
    grew_ms: int | None,
    said: Status | None,
    hour: Hour,
    now_ms: int,
    scope: Scope,
) -> ActiveSession | None:
    last = _last_call(db, listed.number, calls, now_ms)
    if last is None:
        return None
    meant = [call for call in calls if scope.fits(call)] if scope.is_limited else calls
    lifetime = "long" if sums.cache_write_1h else "short" if sums.cache_write_5m else None
    lives = book.lifetimes(last.model)
    life = {"long": lives.long_ms, "short": lives.short_ms, None: None}[lifetime]
    expires = None if life is None else last.at_ms + life
    newest = max(last.at_ms, calls[-1].at_ms if calls else 0)
    # What was estimated from text lacks most of what was sent, a sum has several prompts in it.
    context = None if last.exactness == ESTIMATED or last.is_sum else last.prompt
    turn = None
    if context is not None:
        turn = next_turn(
            book,
            model=last.model,
            at_ms=now_ms,
            context=context,
            lifetime=lifetime,
            tier=TIERS[last.tier],
            geo=last.geo or None,
        )
    return ActiveSession(
        number=listed.number,
        id=listed.key,
        parent=listed.parent or None,
        agent=last.agent,
        project=listed.project or last.project,
        model=last.model,
        priced_as=last.priced_as or None,
        state=_state(grew_ms, expires, now_ms),
        last_call_ms=newest,
        context_tokens=context,
        context_window=last.window or (said and said.context_window) or book.window(last.model),
        burn=burns_of(meant, now_ms),
        sums=sums,
        cache_expires_ms=expires,
        next_turn=None if turn is None else NextTurn(turn.warm_nusd, turn.cold_nusd),
        grew_ms=grew_ms,
        spark=spark_of(meant, hour),
        sub_agents=sub_agents_of(db, book, listed.number, listed.key, meant, now_ms=now_ms),
    )


def _state(grew_ms: int | None, expires_ms: int | None, now_ms: int) -> State:
    if grew_ms is not None and now_ms - grew_ms < WORKING_MS:
        return "working"
    return "warm" if expires_ms is not None and now_ms < expires_ms else "idle"


def _last_call(
    db: sqlite3.Connection, session: int, calls: Sequence[HotCall], now_ms: int
) -> HotCall | None:
    """The last call of the conversation itself; of a sub-agent if there is no other.

    One that is only estimated comes after all that were counted.
    """
    own = next((c for c in reversed(calls) if not c.agent_id and c.exactness != ESTIMATED), None)
    if own is not None:
        return own
    row = db.execute(
        f"{CALL_SELECT} from call c join session s on s.id = c.session{CALL_JOINS}"
        " where c.session = ? and c.at_ms <= ? and c.exactness <> ?"
        " order by c.exactness = ?, c.agent_id <> 0, c.at_ms desc limit 1",
        (session, now_ms, RESIDUAL, ESTIMATED),
    ).fetchone()
    return None if row is None else call_of(row)
