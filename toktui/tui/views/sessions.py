"""All sessions: sorted, filtered, and every one of them can be opened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual.binding import Binding

from toktui.metrics.session_list import (
    SORTS,
    ListQuestion,
    SessionPage,
    load_page,
)
from toktui.tui import format as fmt
from toktui.tui.lines import Line, both_ends
from toktui.tui.paged_view import PagedView
from toktui.tui.view import Open
from toktui.tui.widgets.drawing import Drawing
from toktui.tui.widgets.header import LOW_VIEW
from toktui.tui.widgets.paged_rows import PagedRows
from toktui.tui.widgets.probable import PROBABLY
from toktui.tui.widgets.session_rows import SessionRows

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    from textual.app import ComposeResult

    from toktui.export.seen import SeenTable
    from toktui.tui.refresher import Reading
    from toktui.tui.theme import Palette


class ListHead(Drawing):
    """How many sessions there are, and in which order."""

    DEFAULT_CSS = "ListHead { height: 1; margin: 1 0; }"

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.page: SessionPage | None = None
        self.text = ""

    def draw(self, width: int, height: int, palette: Palette) -> Sequence[Line]:
        """One line."""
        del height
        left = Line().add("SESSIONS", palette.dim)
        if self.page is not None:
            left.add(f"  {fmt.plural(self.page.found, 'session')}", palette.text)
        if self.text:
            left.add(" with ", palette.faint).add(self.text, palette.accent)
        right = Line()
        if self.page is not None:
            question = self.page.question
            word = {"last": "last call"}.get(question.sort, question.sort)
            right.add("by ", palette.faint).add(word, palette.dim)
            right.add(" ↓" if question.descending else " ↑", palette.dim)
        return [both_ends(left, right, width, keep_left=True)]


class SessionsView(PagedView[SessionPage]):
    """The list, which pages from the store as it is scrolled."""

    KEY, LABEL, PLACE = "sessions", "Sessions", 2
    BINDINGS: ClassVar[list[Any]] = [
        Binding("s", "sort", "sort"),
        Binding("r", "reverse", "reverse"),
    ]
    OPENS = True
    MEANINGS = (
        ("↑ ↓ pgup pgdn", "choose a session"),
        ("enter", "open it: calls, copies, cost over time"),
        ("s", "sort by the next column; or click its head"),
        ("r", "the other way round"),
        ("/", "filter by agent, model, project, time; a word also finds an id"),
        ("└", "a session that another one started"),
        PROBABLY,
    )
    DEFAULT_CSS = "SessionsView { layout: vertical; padding: 0 1; }"

    def __init__(self, *, zone: ZoneInfo, about: Any = None) -> None:
        super().__init__(zone=zone, about=about or ListQuestion())
        self._head = ListHead(id="list-head")
        self._rows = SessionRows(zone=zone, id="session-rows")

    def compose(self) -> ComposeResult:
        """The count and the list."""
        yield self._head
        yield self._rows

    @classmethod
    def load(cls, reading: Reading, about: ListQuestion) -> SessionPage:
        """A window of the list."""
        return load_page(reading.db, about, reading.now_ms, reading.scope)

    def fill(self) -> None:
        """Shows the window that is at hand."""
        self._head.page, self._head.text = self.data, self.scope.text
        self._head.redraw()
        rows, question = self._rows, self.about
        rows.sorted_by, rows.descending = question.sort, question.descending
        rows.empty = (
            "No session matches the filter; esc clears it."
            if self.scope.is_limited
            else "No sessions yet. They come with the first calls of your agents."
        )
        if self.data is not None:
            rows.take(
                self.data.rows,
                first=self.data.first,
                found=self.data.found,
                now_ms=self.data.now_ms,
            )

    def fit_parts(self, width: int, height: int) -> None:
        """No blank lines where there is hardly room for the list."""
        del width
        self._head.styles.margin = (0 if height < LOW_VIEW else 1, 0)

    @property
    def title(self) -> str:
        """With what led here."""
        return " ".join(filter(None, (self.LABEL, self.about.within.text)))

    def table(self, data: SessionPage) -> SeenTable:
        """The list, or the window of it that is at hand."""
        return self._rows.seen(self.title, data.rows)

    def action_open(self) -> None:
        """Opens the session under the cursor."""
        self._rows.action_choose()

    def action_sort(self) -> None:
        """By the next column."""
        following = SORTS[(SORTS.index(self.about.sort) + 1) % len(SORTS)]
        self.action_sort_by(following)

    def action_sort_by(self, name: str) -> None:
        """By a column; again: the other way round."""
        known = next((sort for sort in SORTS if sort == name), None)
        if known is None:
            return
        if known == self.about.sort:
            self.action_reverse()
            return
        self._rows.start_over()
        self.ask_for(sort=known, descending=known not in ("project", "agent"), first=0)

    def action_reverse(self) -> None:
        """The other way round."""
        self._rows.start_over()
        self.ask_for(descending=not self.about.descending, first=0)

    def on_paged_rows_chosen(self, message: PagedRows.Chosen) -> None:
        """Opens a session."""
        self.post_message(Open("session", message.row.number))


VIEW: Final = SessionsView
