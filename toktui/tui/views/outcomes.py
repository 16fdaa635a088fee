"""What the tokens bought: landed changes by size and week, and what was spent without one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual.binding import Binding
from textual.containers import Horizontal

from toktui.metrics.outcomes import ChangeRow, Outcomes, Unlanded, load_outcomes
from toktui.tui import format as fmt
from toktui.tui.columns import Column
from toktui.tui.view import Open, View
from toktui.tui.widgets.outcome_elsewhere import ElsewhereLines
from toktui.tui.widgets.outcome_parts import (
    OutcomeHead,
    SizeBars,
    WeekBars,
    link_word,
    spent_money,
)
from toktui.tui.widgets.paged_rows import PagedRows
from toktui.tui.widgets.table_rows import Field, TableRows

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from rich.style import Style
    from textual.app import ComposeResult

    from toktui.export.seen import SeenTable
    from toktui.tui.refresher import Reading
    from toktui.tui.theme import Palette

_ROOM_FOR_BARS: Final = 20
_NOTHING: Final = "Nothing landed yet. What you commit appears here once it is upstream."


class OutcomesView(View[Outcomes]):
    """What landed, and the sessions that landed nothing."""

    KEY, LABEL, PLACE = "outcomes", "Outcomes", 8
    BINDINGS: ClassVar[list[Any]] = [
        Binding("t", "list", "landed / nothing landed"),
    ]
    OPENS = True
    MEANINGS = (
        ("t", "changes that landed, or the sessions that cost most and landed nothing"),
        *TableRows.MEANINGS,
        ("enter", "open a change with its sessions, or a session"),
        ("each", "all that was spent, over the changes that sessions made"),
        ("exact", "a session ran the commit that landed, or what it became"),
        ("inferred", "repository, branch, author and time agree"),
        ("by hand", "yours, but no session is known that made it"),
        ("↶", "taken back within a week"),
        ("size", "the smaller of what lines and files say; no generated or vendored files"),
    )
    DEFAULT_CSS = """
    OutcomesView { layout: vertical; padding: 1 1 0 1; }
    OutcomesView #outcome-bars { height: 6; margin: 1 0 0 0; }
    OutcomesView SizeBars { width: 1fr; margin: 0 3 0 0; }
    OutcomesView WeekBars { width: 1fr; }
    OutcomesView TableRows { margin: 1 0 0 0; }
    """

    def __init__(self, *, zone: ZoneInfo, about: Any = None) -> None:
        super().__init__(zone=zone, about=about)
        self._head = OutcomeHead(id="outcome-head")
        self._sizes = SizeBars(id="outcome-sizes")
        self._weeks = WeekBars(id="outcome-weeks")
        self._bars = Horizontal(self._sizes, self._weeks, id="outcome-bars")
        self._elsewhere = ElsewhereLines(id="outcome-elsewhere")
        self._landed = True
        self._changes = TableRows[ChangeRow](
            self._change_fields(), id="landed", grow=(("subject", 90), ("repository", 24))
        )
        self._unlanded = TableRows[Unlanded](
            self._session_fields(), id="unlanded", grow=(("project", 40), ("id", 36))
        )

    def compose(self) -> ComposeResult:
        """Head, bars, one of the lists."""
        yield from (self._head, self._bars, self._elsewhere, self._changes, self._unlanded)

    @classmethod
    def load(cls, reading: Reading, about: Any) -> Outcomes:
        """One look at the store; no repository is looked at."""
        del about
        return load_outcomes(reading.db, zone=reading.zone, scope=reading.scope)

    def fill(self) -> None:
        """Gives every part its share."""
        found = self.data
        for part in (self._head, self._sizes, self._weeks):
            part.found = found
            part.redraw()
        self._head.landed = self._landed
        self._show_list()
        limited = self.scope.is_limited
        self._changes.empty = "No landed change matches the filter." if limited else _NOTHING
        self._unlanded.empty = "Every session that has a price made a landed change."
        if found is not None:
            self._changes.set_rows(found.changes, self.now_ms)
            self._unlanded.set_rows(found.unlanded, self.now_ms)
            self._elsewhere.groups = found.places.elsewhere
            self._elsewhere.redraw()

    def fit_parts(self, width: int, height: int) -> None:
        """The list keeps its room."""
        some = self.data is not None and self.data.known and self.data.sessions > 0
        self._bars.display = height >= _ROOM_FOR_BARS and some
        self._weeks.display = width >= 70
        small = height < 12
        self.styles.padding = (0 if small else 1, 1, 0, 1)

    def table(self, data: Outcomes) -> SeenTable | None:
        """The list that is seen."""
        del data
        return self._shown_list.seen(self.title)

    def cursor_row(self) -> int | None:
        """In the list that is seen."""
        return self._shown_list.cursor

    @property
    def _shown_list(self) -> TableRows[Any]:
        return self._changes if self._landed else self._unlanded

    def _show_list(self) -> None:
        """What landed, or why that is not known, or the sessions that landed nothing."""
        known = self.data is None or self.data.known
        self._changes.display = self._landed and known
        self._elsewhere.display = self._landed and not known
        self._unlanded.display = not self._landed

    def action_list(self) -> None:
        """The other list."""
        self._landed = not self._landed
        self._head.landed = self._landed
        self._head.redraw()
        self._show_list()
        self._shown_list.focus()

    def action_sort_table(self, name: str) -> None:
        """Sorts the list that is seen."""
        self._shown_list.sort_by(name)

    def action_open(self) -> None:
        """Opens what is under the cursor."""
        self._shown_list.action_choose()

    def on_paged_rows_chosen(self, message: PagedRows.Chosen) -> None:
        """Opens a change or a session."""
        is_change = isinstance(message.row, ChangeRow)
        self.post_message(Open("change" if is_change else "session", message.row.number))

    def _change_fields(self) -> list[Field[ChangeRow]]:
        return [
            Field(Column("at", "landed", 12, False, 0),
                  lambda c: fmt.moment(c.at_ms, self.now_ms, self.zone), lambda c: c.at_ms,
                  "landed_ms"),
            Field(Column("repository", "repository", 14, False, 92),
                  lambda c: fmt.project_name(c.repository), lambda c: c.repository),
            Field(Column("subject", "change", 20, False, 0), lambda c: c.subject or fmt.UNKNOWN,
                  style=_subject_style),
            Field(Column("commits", "commits", 7, True, 122), lambda c: str(c.commits),
                  lambda c: c.commits),
            Field(Column("lines", "lines", 6, True, 108),
                  lambda c: fmt.UNKNOWN if c.lines is None else fmt.tokens(c.lines),
                  lambda c: c.lines),
            Field(Column("size", "size", 4, False, 44), lambda c: c.size or fmt.UNKNOWN,
                  lambda c: c.size),
            Field(Column("sessions", "sessions", 8, True, 82),
                  lambda c: str(c.sessions) if c.sessions else fmt.UNKNOWN, lambda c: c.sessions),
            Field(Column("link", "made", 12, False, 66), link_word, style=_link_style),
            Field(Column("cost", "cost", 8, True, 0),
                  lambda c: spent_money(c.spent) if c.sessions else fmt.UNKNOWN,
                  lambda c: c.spent.nusd, "cost_nusd", lambda c, p: p.text),
        ]  # fmt: skip

    def _session_fields(self) -> list[Field[Unlanded]]:
        return [
            Field(Column("last", "last call", 12, False, 0),
                  lambda s: fmt.moment(s.last_ms, self.now_ms, self.zone), lambda s: s.last_ms,
                  "last_ms"),
            Field(Column("agent", "agent", 12, False, 64), lambda s: s.agent),
            Field(Column("project", "project", 16, False, 0),
                  lambda s: fmt.project_name(s.project), lambda s: s.project or None,
                  style=lambda _, p: p.strong),
            Field(Column("why", "why", 26, False, 100),
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


VIEW: Final = OutcomesView
