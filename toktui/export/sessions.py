"""Sessions as a document and as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec
from msgspec import UNSET, UnsetType

from toktui.clock import day_label, iso
from toktui.export.figures import (
    UNKNOWN,
    count,
    count_of,
    dollars,
    lacks_output,
    percent,
    probably,
    short,
)
from toktui.export.table import Column, Table, as_text
from toktui.metrics.estimated import Estimated
from toktui.metrics.probable import Probable
from toktui.text import clean

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from toktui.metrics.sessions import Sessions, SessionTotals


class SessionRow(msgspec.Struct, frozen=True, kw_only=True):
    """One session; unknown is null."""

    id: str
    parent: str | None
    agent: str
    project: str | None
    models: tuple[str, ...]
    first_call_at: str
    last_call_at: str
    calls: int
    tokens: dict[str, int]
    fees: dict[str, int]
    cost_nusd: int | None
    cost_usd: float | None
    cache_hit_rate: float | None
    exactness: dict[str, int]
    unpriced_calls: int
    probable: Probable | UnsetType = UNSET
    """Beyond all of the above; missing if no call has an estimate."""
    estimated: Estimated | UnsetType = UNSET
    """The range of what is estimated in all of the above; missing if nothing is."""


class SessionsDocument(msgspec.Struct, frozen=True, kw_only=True):
    """`toktui.sessions/1`."""

    schema: Literal["toktui.sessions/1"] = "toktui.sessions/1"
    generated_at: str
    timezone: str
    sessions: tuple[SessionRow, ...]
    found: int
    """How many match; more than are listed where a limit was asked for."""


def as_document(sessions: Sessions, *, now_ms: int, zone: str) -> SessionsDocument:
    """All of them, the latest first."""
    return SessionsDocument(
        generated_at=iso(now_ms - now_ms % 1000),
        timezone=zone,
        sessions=tuple(map(_row, sessions.sessions)),
        found=sessions.found,
    )


def _row(session: SessionTotals) -> SessionRow:
    s = session.sums
    rate, cost = s.cache_hit_rate, s.cost_nusd
    return SessionRow(
        id=session.id,
        parent=session.parent,
        agent=session.agent,
        project=session.project or None,
        models=session.models,
        first_call_at=iso(session.first_ms),
        last_call_at=iso(session.last_ms),
        calls=s.calls,
        tokens={
            "input": s.input, "cache_read": s.cache_read, "cache_write_5m": s.cache_write_5m,
            "cache_write_1h": s.cache_write_1h, "output": s.output, "total": s.tokens,
            "reasoning": s.reasoning,
        },
        fees={"web_search": s.web_search},
        cost_nusd=cost,
        cost_usd=None if cost is None else cost / 1e9,
        cache_hit_rate=None if rate is None else round(rate, 4),
        exactness={
            "exact": s.exact, "placeholder": s.placeholder, "estimated": s.estimated,
            "residual": s.residual,
        },
        unpriced_calls=s.unpriced,
        probable=session.probable or UNSET,
        estimated=session.estimated or UNSET,
    )  # fmt: skip


def as_table(sessions: Sessions, *, zone: ZoneInfo, cells: int, colored: bool) -> str:
    """One line for each, and how many there are."""
    if not sessions.sessions:
        return "No sessions match."
    columns = (
        Column("Last day", "word"), Column("Session", "text"), Column("Agent", "text", spare=2),
        Column("Project", "path"), Column("Model", "text", spare=1), Column("Calls", spare=3),
        Column("Tokens"), Column("Hit"), Column("List cost"),
    )  # fmt: skip
    rows = [_cells(session, zone) for session in sessions.sessions]
    if any(session.probable for session in sessions.sessions):
        columns = (*columns, Column("Probably", spare=4))
        for row, session in zip(rows, sessions.sessions, strict=True):
            row.append(probably(session.probable))
    table = Table(columns, rows)
    lines = [as_text(table, cells=cells, colored=colored)]
    if sessions.found > len(sessions.sessions):
        lines.append(
            f"The last {len(sessions.sessions)} of {count_of(sessions.found, 'session')};"
            " --limit N shows more, --json has all."
        )
    if any(session.sums.unpriced for session in sessions.sessions):
        lines.append(f"≥ lacks calls without a known price; {UNKNOWN} has none.")
    if lacking := sum(session.sums.placeholder for session in sessions.sessions):
        lines.append(f"{lacks_output(lacking)}.")
    return "\n".join(lines)


def _cells(session: SessionTotals, zone: ZoneInfo) -> list[str]:
    s = session.sums
    about = "~" if s.estimated else ""
    models = clean(session.models[0]) if session.models else UNKNOWN
    if len(session.models) > 1:
        models += f" +{len(session.models) - 1}"
    cost = dollars(s.told_nusd, lacking=s.unpriced > 0)
    return [
        day_label(session.last_ms, zone),
        ("└ " if session.parent else "") + clean(session.id),
        session.agent,
        clean(session.project, 200) or UNKNOWN,
        models or UNKNOWN,
        count(s.calls),
        about + short(s.told_tokens),
        percent(s.cache_hit_rate),
        cost if cost == UNKNOWN else about + cost,
    ]
