"""What the screen of a team shows: the board, what was sent, what would be sent. Asks no server."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal
from zoneinfo import ZoneInfo

import msgspec

from toktui.clock import DAY_MS, day_label, local_date
from toktui.errors import ToktuiError
from toktui.metrics.team_day import DaySums, load_day_sums
from toktui.team.drafts import draft_of
from toktui.team.preview import range_of
from toktui.team.state import TeamState, load_state
from toktui.team.team_file import open_team_file
from toktui.team.wire.document import digest

if TYPE_CHECKING:
    import sqlite3

    from toktui.team.membership import Sent, Waiting

Word = Literal["open", "to send", "stored", "unchanged", "held", "not taken"]
_BACK: Final = 36
"""Days that are looked at for what was never sent."""


class DayLine(msgspec.Struct, frozen=True, kw_only=True):
    """A day as it stands: `open` is today, which is sent again as it grows; `to send` was never
    sent. Costs are list costs in nano-dollars, None without a price."""

    day: str
    word: Word
    calls: int
    tokens: int
    cost_nusd: int | None
    lacks_unpriced: bool
    holds_estimates: bool
    rev: int | None = None
    sent_ms: int | None = None
    sha256: str = ""
    flags: tuple[str, ...] = ()
    partly_unread: bool = False
    """Calls may be missing, since not every log of the day could be read."""
    more_calls: int = 0
    """Calls that came since it was sent."""


class TeamLook(msgspec.Struct, frozen=True, kw_only=True):
    """Everything of one moment. `state` is None where nobody has joined; `problem` says why nothing
    can be said."""

    state: TeamState | None
    days: tuple[DayLine, ...] = ()
    """The latest first."""
    problem: str = ""


class DaySeen(msgspec.Struct, frozen=True, kw_only=True):
    """One day with its very bytes: as it was sent, and as it would be sent now if that differs."""

    day: str
    sent: Sent | None
    sent_body: bytes
    waiting: Waiting | None
    draft_body: bytes
    """Empty where it would say the same."""
    draft_rev: int
    draft_sha256: str
    problem: str = ""


def data_of(db: sqlite3.Connection) -> Path:
    """The data folder in which the open store lies."""
    return Path(db.execute("pragma database_list").fetchone()[2]).parent


def load_look(db: sqlite3.Connection, now_ms: int) -> TeamLook:
    """What there is to see."""
    try:
        state = load_state(data_of(db))
        return TeamLook(state=state, days=() if state is None else _days(db, state, now_ms))
    except ToktuiError as error:
        return TeamLook(state=None, problem=f"{error.what} {error.hint}".strip())


def _days(db: sqlite3.Connection, state: TeamState, now_ms: int) -> tuple[DayLine, ...]:
    member = state.membership
    zone = ZoneInfo(member.zone)
    today = day_label(now_ms, zone)
    first = max(member.first_day, local_date(now_ms - _BACK * DAY_MS, zone).isoformat())
    within = range_of(first, zone)._replace(end_ms=range_of(today, zone).end_ms)
    sums: defaultdict[str, DaySums] = defaultdict(DaySums)
    for quarter_ms, found in load_day_sums(db, within):
        sums[day_label(quarter_ms, zone)] += found
    sent = {one.day: one for one in state.sent}
    waiting = {one.day: one for one in state.waiting}
    lines = [
        _line(day, sums[day], sent.get(day), waiting.get(day), is_today=day == today)
        for day in {*sums, today, *sent}
    ]  # fmt: skip
    return tuple(sorted(lines, key=lambda line: line.day, reverse=True))


def _line(
    day: str, sums: DaySums, sent: Sent | None, waiting: Waiting | None, *, is_today: bool
) -> DayLine:
    if sent is None:
        word: Word = "not taken" if waiting else "open" if is_today else "to send"
        return _line_of(day, word, sums)
    if not is_today:
        word = "not taken" if waiting else sent.result
        return DayLine(
            day=day, word=word, calls=sent.calls, tokens=sent.tokens, cost_nusd=sent.cost_nusd,
            lacks_unpriced=sent.lacks_unpriced, holds_estimates=sent.holds_estimates, rev=sent.rev,
            sent_ms=sent.sent_ms, sha256=sent.sha256, flags=sent.flags,
            partly_unread=sent.partly_unread,
        )  # fmt: skip
    return msgspec.structs.replace(
        _line_of(day, "not taken" if waiting else "open", sums), rev=sent.rev, sent_ms=sent.sent_ms,
        sha256=sent.sha256, flags=sent.flags, partly_unread=sent.partly_unread,
        more_calls=max(0, sums.calls - sent.calls),
    )  # fmt: skip


def _line_of(day: str, word: Word, sums: DaySums) -> DayLine:
    return DayLine(
        day=day, word=word, calls=sums.calls, tokens=sums.tokens, cost_nusd=sums.priced_nusd,
        lacks_unpriced=sums.unpriced > 0, holds_estimates=sums.estimated > 0,
    )  # fmt: skip


def load_day(db: sqlite3.Connection, day: str, now_ms: int) -> DaySeen | None:
    """One day with its bytes; None where nobody has joined."""
    from toktui.team.landed import outcomes_of  # noqa: PLC0415  looks at all that landed

    try:
        with open_team_file(data_of(db), reads=True) as file:
            member = file.membership()
            if member is None:
                return None
            shares = "outcomes" in member.shares
            landed = outcomes_of(db, ZoneInfo(member.zone)) if shares else None
            draft = draft_of(db, file, member, day, now_ms, outcomes=landed)
            body = file.body(day) or b""
            goes = draft.is_news and day >= member.first_day
            made = draft.made.body if goes else b""
            return DaySeen(
                day=day, sent=draft.known, sent_body=body, waiting=file.waiting().get(day),
                draft_body=made, draft_rev=draft.made.document.rev, draft_sha256=digest(made),
            )  # fmt: skip
    except FileNotFoundError:
        return None
    except ToktuiError as error:
        return DaySeen(day=day, sent=None, sent_body=b"", waiting=None, draft_body=b"", draft_rev=0,
                       draft_sha256="", problem=f"{error.what} {error.hint}".strip())  # fmt: skip
