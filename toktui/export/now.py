"""One look at now, as the document of the contract and as a few lines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from toktui.clock import iso
from toktui.export.figures import UNKNOWN, count_of, dollars, percent, probably, short, span
from toktui.export.limits import LimitSeen, as_seen, limit_line
from toktui.export.table import Column, Table, as_text
from toktui.metrics.report import Totals
from toktui.text import clean, width

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    from toktui.metrics.active import ActiveSession
    from toktui.metrics.burn import Burn
    from toktui.metrics.live import Live

_HEAD_CELLS: Final = 8


class BurnRate(msgspec.Struct, frozen=True):
    """Per minute and hour of wall time; money is null if no call of the window is priced."""

    tokens_per_min: float
    output_tokens_per_min: float
    nusd_per_hour: int | None
    usd_per_hour: float | None


class NextTurn(msgspec.Struct, frozen=True):
    """What reading the context again costs."""

    warm_nusd: int | None
    cold_nusd: int | None


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """An active session; unknown is null."""

    id: str
    parent: str | None
    agent: str
    project: str | None
    model: str | None
    state: str
    last_call_at: str
    context_tokens: int | None
    context_window: int | None
    burn: Mapping[str, BurnRate]
    cost_nusd: int | None
    cache_hit_rate: float | None
    cache_expires_at: str | None
    next_turn: NextTurn


class NowDocument(msgspec.Struct, frozen=True, kw_only=True):
    """`toktui.now/1`."""

    schema: Literal["toktui.now/1"] = "toktui.now/1"
    at: str
    burn: Mapping[str, BurnRate]
    today: Totals
    sessions: tuple[Session, ...]
    limits: tuple[LimitSeen, ...]


def as_document(live: Live, today: Totals) -> NowDocument:
    """`today` are the totals of a report on the day."""
    return NowDocument(
        at=iso(live.at_ms),
        burn=_rates(live.burn),
        today=today,
        sessions=tuple(map(_session, live.sessions)),
        limits=tuple(map(as_seen, live.limits)),
    )


def _rates(burns: tuple[Burn, ...]) -> dict[str, BurnRate]:
    return {str(burn.minutes): _rate(burn) for burn in burns}


def _rate(burn: Burn) -> BurnRate:
    per_hour = burn.nusd_per_hour
    return BurnRate(
        round(burn.tokens_per_min, 3),
        round(burn.output_tokens_per_min, 3),
        per_hour,
        None if per_hour is None else per_hour / 1e9,
    )


def _session(session: ActiveSession) -> Session:
    turn = session.next_turn
    rate = session.sums.cache_hit_rate
    return Session(
        id=session.id,
        parent=session.parent,
        agent=session.agent,
        project=session.project or None,
        model=session.model or None,
        state=session.state,
        last_call_at=iso(session.last_call_ms),
        context_tokens=session.context_tokens,
        context_window=session.context_window,
        burn=_rates(session.burn),
        cost_nusd=session.sums.cost_nusd,
        cache_hit_rate=None if rate is None else round(rate, 4),
        cache_expires_at=_time(session.cache_expires_ms),
        next_turn=NextTurn(turn and turn.warm_nusd, turn and turn.cold_nusd),
    )


def _time(at_ms: int | None) -> str | None:
    return None if at_ms is None else iso(at_ms)


def as_text_now(
    live: Live, today: Totals, *, zone: ZoneInfo, cells: int, colored: bool
) -> str:
    """Burn rates, today, limits, and one line for each active session."""
    lines = [_filled("Burn", _burns(live), cells), _filled("Today", _today(today), cells)]
    lines += [limit_line(limit, live.at_ms, zone) for limit in live.limits]
    if live.sessions:
        lines += ["", _sessions_table(live, cells=cells, colored=colored)]
    else:
        lines.append("No session is active.")
    return "\n".join(lines)


def _filled(head: str, parts: Sequence[str], cells: int) -> str:
    """The parts behind their head, on as few lines as hold them."""
    lines = [f"{head:<{_HEAD_CELLS}}{parts[0]}"]
    for part in parts[1:]:
        longer = f"{lines[-1]}  ·  {part}"
        if width(longer) <= cells:
            lines[-1] = longer
        else:
            lines.append(f"{'':<{_HEAD_CELLS}}{part}")
    return "\n".join(lines)


def _burns(live: Live) -> list[str]:
    return [
        f"{dollars(burn.nusd_per_hour, lacking=burn.unpriced > 0)}/h"
        f" {short(burn.tokens_per_min)} tokens/min ({burn.minutes} min)"
        for burn in live.burn
    ]


def _today(today: Totals) -> list[str]:
    cost = dollars(today.cost_nusd if today.calls else 0, lacking=today.unpriced_calls > 0)
    if more := probably(today.probable):
        cost += f" (probably {more})"
    return [
        f"{cost} list cost",
        f"{short(today.tokens.total)} tokens",
        count_of(today.calls, "call"),
        f"cache hit {percent(today.cache_hit_rate)}",
    ]


def _sessions_table(live: Live, *, cells: int, colored: bool) -> str:
    columns = (
        Column("State", "text"), Column("Agent", "text", spare=4), Column("Project", "path"),
        Column("Model", "text", spare=2), Column("Context"), Column("Burn $/h"), Column("Cost"),
        Column("Hit", spare=3), Column("Cache left"), Column("Next warm", spare=1),
        Column("Next cold"),
    )  # fmt: skip
    rows = [_session_row(session, live.at_ms) for session in live.sessions]
    return as_text(Table(columns, rows), cells=cells, colored=colored)


def _session_row(session: ActiveSession, now_ms: int) -> list[str]:
    tokens, window, turn = session.context_tokens, session.context_window, session.next_turn
    context = UNKNOWN if tokens is None else short(tokens)
    if tokens is not None and window:
        context += f" {tokens / window:.0%}".replace("%", " %")
    headline = session.burn[1]
    expires = session.cache_expires_ms
    left = UNKNOWN if expires is None else "cold"
    if expires is not None and expires > now_ms:
        left = span((expires - now_ms) / 1000)
    return [
        session.state,
        session.agent,
        clean(session.project, 200) or UNKNOWN,
        clean(session.priced_as or session.model) or UNKNOWN,
        context,
        dollars(headline.nusd_per_hour, lacking=headline.unpriced > 0),
        dollars(session.sums.cost_nusd, lacking=session.sums.unpriced > 0),
        percent(session.sums.cache_hit_rate),
        left,
        dollars(turn.warm_nusd if turn else None),
        dollars(turn.cold_nusd if turn else None),
    ]
