"""The columns of the lists of outcomes: changes that landed, sessions that landed nothing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from toktui.metrics.outcome_changes import ChangeRow
from toktui.metrics.outcome_unlanded import Unlanded
from toktui.tui import format as fmt
from toktui.tui.columns import Column
from toktui.tui.widgets.outcome_parts import link_word, spent_money
from toktui.tui.widgets.table_rows import Field

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.style import Style

    from toktui.tui.theme import Palette

_MERGE: Final = re.compile(
    r"Merge (pull request (?P<number>#[0-9]+) from|branch|remote-tracking branch) "
)
CHANGES_GROW = (("subject", 80), ("repository", 24), ("subject", 120))
SESSIONS_GROW = (("project", 30), ("branch", 36), ("id", 36), ("project", 60))


def change_fields(moment: Callable[[int], str]) -> list[Field[ChangeRow]]:
    """Of a landed change; `moment` words a time."""
    return [
        Field(Column("at", "landed", 12, False, 34), lambda c: moment(c.at_ms),
              lambda c: c.at_ms, "landed_ms"),
        Field(Column("repository", "repository", 14, False, 92),
              lambda c: fmt.project_name(c.repository), lambda c: c.repository),
        Field(Column("subject", "change", 20, False, 0), change_title, lambda c: c.subject,
              style=_subject_style),
        Field(Column("commits", "commits", 8, True, 122), lambda c: str(c.commits),
              lambda c: c.commits),
        Field(Column("lines", "lines", 6, True, 108),
              lambda c: fmt.UNKNOWN if c.lines is None else fmt.tokens(c.lines),
              lambda c: c.lines),
        Field(Column("size", "size", 5, False, 44), lambda c: c.size or fmt.UNKNOWN,
              lambda c: c.size),
        Field(Column("sessions", "sessions", 9, True, 82),
              lambda c: str(c.sessions) if c.sessions else fmt.UNKNOWN, lambda c: c.sessions),
        Field(Column("made", "made", 12, False, 66), link_word, style=_link_style),
        Field(Column("cost", "cost", 8, True, 0),
              lambda c: spent_money(c.spent) if c.sessions else fmt.UNKNOWN,
              lambda c: c.spent.nusd, "cost_nusd", lambda c, p: p.text),
    ]  # fmt: skip


def change_title(change: ChangeRow) -> str:
    """Its subject; of a merge that says no more than that, what was merged."""
    merge = _MERGE.match(change.subject)
    if merge is None or not change.branch:
        return change.subject or fmt.UNKNOWN
    return f"{change.branch} {merge['number'] or ''}".rstrip()


def session_fields(moment: Callable[[int], str]) -> list[Field[Unlanded]]:
    """Of a session that landed nothing."""
    return [
        Field(Column("last", "last call", 12, False, 34), lambda s: moment(s.last_ms),
              lambda s: s.last_ms, "last_ms"),
        Field(Column("agent", "agent", 12, False, 64), lambda s: s.agent),
        Field(Column("project", "project", 16, False, 0),
              lambda s: fmt.project_name(s.project), lambda s: s.project or None,
              style=lambda _, p: p.strong),
        Field(Column("branch", "branch", 16, False, 112), lambda s: s.branch or fmt.UNKNOWN,
              lambda s: s.branch or None),
        Field(Column("why", "why", 26, False, 92),
              lambda s: s.why or "nothing landed, or not yet", style=lambda _, p: p.faint),
        Field(Column("id", "session", 8, False, 84), lambda s: s.id,
              style=lambda _, p: p.faint),
        Field(Column("cost", "cost", 8, True, 0), lambda s: spent_money(s.spent),
              lambda s: s.spent.nusd, "cost_nusd", lambda _, p: p.text),
    ]  # fmt: skip


def _subject_style(change: ChangeRow, palette: Palette) -> Style:
    return palette.strong if change.sessions else palette.dim


def _link_style(change: ChangeRow, palette: Palette) -> Style:
    return palette.warning if change.reverted_ms is not None else palette.dim
