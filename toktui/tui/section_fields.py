"""The sections of a model and of a project: their parts, sub-agents, sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from toktui.metrics.parts import CONVERSATION, MOST_SESSIONS, Kind, Part, SessionPart
from toktui.tui import format as fmt
from toktui.tui.columns import Column
from toktui.tui.lines import Line
from toktui.tui.sections import Section
from toktui.tui.view import Open
from toktui.tui.widgets.cut_fields import cut_fields, last_field
from toktui.tui.widgets.table_rows import Field

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from zoneinfo import ZoneInfo

    from rich.style import Style

    from toktui.metrics.parts import Key
    from toktui.tui.theme import Palette

NO_BRANCH: Final = "no branch"
NO_CALL: Final = "No call matches the filter."
_NEEDS: Final = {
    "calls": 44, "tokens": 54, "hit": 38, "saved": 66, "trend": 96, "share": 74, "cost": 0,
}  # fmt: skip


def parts_section(
    key: Key,
    label: str,
    parts: Sequence[Part],
    zone: ZoneInfo,
    now_ms: int,
    color: Callable[[Part, Palette], Style],
) -> Section:
    """What has each value of a key."""
    sums = cut_fields(_NEEDS, color)
    fields: list[Field[Part]] = [
        Field(Column("name", "name", 18, False, 0), _part_name, lambda p: p.name or None, key,
              lambda _, p: p.strong, order=_part_name),
        last_field(80, lambda: now_ms, zone),
        *(sums[name] for name in ("calls", "tokens", "hit", "saved", "trend", "share", "cost")),
    ]  # fmt: skip
    return Section(
        key, label, fields, [part for part in parts if part.key == key], NO_CALL,
        grow=(("name", 60), ("trend", 60)), name_of=lambda part: part.name,
        leads=_project_of if key == "project" else None,
    )  # fmt: skip


def _part_name(part: Part) -> str:
    match part.key:
        case "project":
            return fmt.project_name(part.name)
        case "model":
            return fmt.model_name(part.name)
        case "branch":
            return part.name or NO_BRANCH
        case _:
            return part.name


def _project_of(part: Part) -> Open:
    return Open("project", (part.name, (part.name,)))


def kinds_section(kinds: Sequence[Kind] | None) -> Section:
    """Conversations and the agents inside of them, by type."""
    sorry = "Too many sub-agents to name each: narrow the time, as in  / since:7d"
    fields: list[Field[Kind]] = [
        Field(Column("name", "name", 18, False, 0), lambda k: k.name,
              style=lambda k, p: p.dim if k.name == CONVERSATION else p.strong),
        Field(Column("calls", "calls", 6, True, 44), lambda k: fmt.tokens(k.calls),
              lambda k: k.calls),
        Field(Column("tokens", "tokens", 6, True, 54),
              lambda k: fmt.tokens(k.tokens, estimated=k.estimated > 0), lambda k: k.tokens),
        Field(Column("share", "share", 6, True, 74), lambda k: fmt.percent(_kind_share(k)),
              _kind_share, "cost_share"),
        Field(Column("cost", "cost", 8, True, 0),
              lambda k: fmt.money(_kind_cost(k), lacks=k.unpriced > 0, estimated=k.estimated > 0),
              _kind_cost, "cost_nusd",
              lambda k, p: p.faint if _kind_cost(k) is None else p.text),
    ]  # fmt: skip
    return Section(
        "kind", "sub-agents", fields, kinds or (), sorry if kinds is None else NO_CALL,
        grow=(("name", 60),), name_of=lambda kind: kind.name,
        note="the conversations themselves, and their sub-agents by type",
    )  # fmt: skip


def _kind_cost(kind: Kind) -> int | None:
    return None if kind.unpriced == kind.calls else kind.nusd


def _kind_share(kind: Kind) -> float | None:
    return None if _kind_cost(kind) is None else kind.cost_share


def sessions_section(
    sessions: Sequence[SessionPart], zone: ZoneInfo, now_ms: int, note: str
) -> Section:
    """The latest sessions; each leads to its calls, and these to why."""
    if len(sessions) >= MOST_SESSIONS:
        note = f"the latest {MOST_SESSIONS}; {note}"
    fields: list[Field[SessionPart]] = [
        Field(Column("last", "last call", 12, False, 0),
              lambda s: fmt.last_call(s.last_ms, now_ms, zone), lambda s: s.last_ms, "last_ms",
              falls=True),
        Field(Column("name", "session", 8, False, 0), lambda s: s.id, lambda s: s.id, "session",
              drawn=_session_id),
        Field(Column("agent", "agent", 12, False, 56), lambda s: s.agent),
        Field(Column("project", "project", 14, False, 90), _project_name,
              lambda s: s.project or None, order=_project_name),
        Field(Column("calls", "calls", 6, True, 64), lambda s: fmt.tokens(s.calls),
              lambda s: s.calls),
        Field(Column("tokens", "tokens", 6, True, 44),
              lambda s: fmt.tokens(s.tokens, estimated=s.estimated > 0), lambda s: s.tokens),
        Field(Column("cost", "cost", 8, True, 0),
              lambda s: fmt.money(s.nusd, lacks=s.unpriced > 0, estimated=s.estimated > 0),
              lambda s: s.nusd, "cost_nusd",
              lambda s, p: p.faint if s.nusd is None else p.text),
    ]  # fmt: skip
    return Section(
        "session", "sessions", fields, sessions, "No session matches the filter.",
        sorted_by="last", grow=(("name", 36), ("project", 40)), note=note,
        name_of=lambda session: session.number,
        leads=lambda session: Open("session", session.number),
    )  # fmt: skip


def _session_id(session: SessionPart, width: int, palette: Palette) -> Line:
    return Line().cell(fmt.beginning(session.id, width), width, palette.strong)


def _project_name(session: SessionPart) -> str:
    return fmt.project_name(session.project)
