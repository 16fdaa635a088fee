"""What the tokens bought: landed changes by size and week, and what was spent without one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual.binding import Binding
from textual.containers import Horizontal

from toktui.metrics.outcome_changes import CHANGE_SORTS, ChangeRow
from toktui.metrics.outcome_lists import OutcomesPage, OutcomesQuestion, load_page
from toktui.metrics.outcome_unlanded import UNLANDED_SORTS, Unlanded
from toktui.tui import format as fmt
from toktui.tui.paged_view import PagedView
from toktui.tui.view import Open
from toktui.tui.widgets.header import LOW_VIEW
from toktui.tui.widgets.outcome_elsewhere import ElsewhereLines
from toktui.tui.widgets.outcome_fields import (
    CHANGES_GROW,
    SESSIONS_GROW,
    change_fields,
    session_fields,
)
from toktui.tui.widgets.outcome_parts import MoneyBars, OutcomeHead, SizeBars, WeekBars
from toktui.tui.widgets.table_rows import TableRows
from toktui.tui.widgets.window_rows import WindowRows

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from textual.app import ComposeResult

    from toktui.export.seen import SeenTable
    from toktui.tui.refresher import Reading
    from toktui.tui.widgets.paged_rows import PagedRows

_ROOM_FOR_BARS: Final = 20
_ROOM_FOR_WEEKS: Final = 44
"""Lines from which on there are more weeks."""
_NOTHING: Final = "Nothing landed yet. What you commit appears here once it is upstream."


class OutcomesView(PagedView[OutcomesPage]):
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
        ("usual", "of a week: the median of the twelve weeks before"),
        ("each", "all that was spent, over the changes that sessions made"),
        ("exact", "a session ran the commit that landed, or what it became"),
        ("inferred", "repository, branch, author and time agree"),
        ("by hand", "yours, but no session is known that made it"),
        ("↶", "taken back within a week"),
        ("size", "the smaller of what lines and files say; no generated or vendored files"),
        ("other addresses", "commits by your name; `toktui outcomes` says under which addresses"),
        ("not read", "folders with a repository that could not be read: more may have landed"),
    )
    DEFAULT_CSS = """
    OutcomesView { layout: vertical; padding: 1 1 0 1; }
    OutcomesView #outcome-bars { height: 6; margin: 1 0 0 0; }
    OutcomesView SizeBars { width: 1fr; margin: 0 3 0 0; }
    OutcomesView WeekBars { width: 1fr; }
    OutcomesView MoneyBars { width: 1fr; margin: 0 0 0 3; }
    OutcomesView TableRows { margin: 1 0 0 0; }
    """

    def __init__(self, *, zone: ZoneInfo, about: Any = None) -> None:
        super().__init__(zone=zone, about=about or OutcomesQuestion())
        self._head = OutcomeHead(id="outcome-head")
        self._sizes = SizeBars(id="outcome-sizes")
        self._weeks = WeekBars(id="outcome-weeks")
        self._money = MoneyBars(id="outcome-money")
        self._bars = Horizontal(self._sizes, self._weeks, self._money, id="outcome-bars")
        self._elsewhere = ElsewhereLines(id="outcome-elsewhere")
        self._changes = WindowRows[ChangeRow](
            change_fields(self._moment), id="landed", sorts=CHANGE_SORTS, grow=CHANGES_GROW
        )
        self._unlanded = WindowRows[Unlanded](
            session_fields(self._moment), id="unlanded", sorts=UNLANDED_SORTS, grow=SESSIONS_GROW
        )

    def compose(self) -> ComposeResult:
        """Head, bars, one of the lists."""
        yield from (self._head, self._bars, self._elsewhere, self._changes, self._unlanded)

    @classmethod
    def load(cls, reading: Reading, about: OutcomesQuestion) -> OutcomesPage:
        """One look at the store; no repository is looked at."""
        return load_page(reading.db, about, zone=reading.zone, scope=reading.scope)

    def fill(self) -> None:
        """Gives every part its share."""
        page, question = self.data, self.about
        self._head.landed = question.shown == "landed"
        for part in (self._head, self._sizes, self._weeks, self._money):
            part.found = page and page.outcomes
            part.redraw()
        limited = self.scope.is_limited
        self._changes.empty = "No landed change matches the filter." if limited else _NOTHING
        self._unlanded.empty = "Every session that has a price made a landed change."
        self._changes.sorted_by = question.change_sort
        self._changes.descending = question.change_descending
        self._unlanded.sorted_by = question.session_sort
        self._unlanded.descending = question.session_descending
        if page is not None:
            rows = self._changes if page.question.shown == "landed" else self._unlanded
            rows.take(page.rows, first=page.first, found=page.found, now_ms=self.now_ms)
            self._elsewhere.groups = page.outcomes.places.elsewhere
            self._elsewhere.redraw()
        self._show_list()

    def fit_parts(self, width: int, height: int) -> None:
        """The list keeps its room."""
        found = self.data and self.data.outcomes
        some = found is not None and found.known and found.sessions > 0
        self._bars.display = height >= _ROOM_FOR_BARS and some
        self._bars.styles.height = 6 if height < _ROOM_FOR_WEEKS else 9
        self._weeks.display = width >= 70
        self._money.display = width >= 150
        small = height < 12
        low = height < LOW_VIEW
        self._head.styles.height = 1 if low else 2
        for rows in (self._changes, self._unlanded):
            rows.styles.margin = (0 if low else 1, 0, 0, 0)
        self.styles.padding = (0 if small else 1, 1, 0, 1)

    def table(self, data: OutcomesPage) -> SeenTable | None:
        """The list that is seen, or the window of it that is at hand."""
        return self._list_of(data.question).seen(self.title, data.rows)

    def cursor_row(self) -> int | None:
        """In the list that is seen."""
        rows = self._list_of(self.about)
        return rows.cursor - rows.first

    def action_list(self) -> None:
        """The other list."""
        other = "nothing" if self.about.shown == "landed" else "landed"
        self.ask_for(shown=other, first=0)
        rows = self._list_of(self.about)
        rows.start_over()
        rows.take((), first=0, found=0, now_ms=self.now_ms)
        rows.empty = "…"
        self._show_list()
        rows.focus()

    def action_sort_table(self, name: str) -> None:
        """Sorts the list that is seen."""
        self._list_of(self.about).sort_by(name)

    def action_open(self) -> None:
        """Opens what is under the cursor."""
        self._list_of(self.about).action_choose()

    def on_window_rows_sort_wanted(self, message: WindowRows.SortWanted) -> None:
        """Loads it in another order."""
        kind = "change" if message.rows is self._changes else "session"
        order = {f"{kind}_sort": message.name, f"{kind}_descending": message.descending}
        self.ask_for(**order, first=0)

    def is_asked_for(self, rows: PagedRows) -> bool:
        """Only the list that is seen."""
        return rows is self._list_of(self.about)

    def on_paged_rows_chosen(self, message: PagedRows.Chosen) -> None:
        """Opens a change or a session."""
        is_change = isinstance(message.row, ChangeRow)
        self.post_message(Open("change" if is_change else "session", message.row.number))

    def _list_of(self, question: OutcomesQuestion) -> WindowRows[Any]:
        return self._changes if question.shown == "landed" else self._unlanded

    def _show_list(self) -> None:
        """What landed, or why that is not known, or the sessions that landed nothing."""
        landed = self.about.shown == "landed"
        known = self.data is None or self.data.outcomes.known
        self._changes.display = landed and known
        self._elsewhere.display = landed and not known
        self._unlanded.display = not landed

    def _moment(self, at_ms: int) -> str:
        return fmt.last_call(at_ms, self.now_ms, self.zone)


VIEW: Final = OutcomesView
