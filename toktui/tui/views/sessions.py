"""All sessions: sorted, filtered, and every one of them can be opened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

import msgspec
from textual.binding import Binding

from toktui.metrics.session_list import (
    SORTS,
    ListQuestion,
    SessionPage,
    SessionRow,
    load_page,
)
from toktui.tui import format as fmt
from toktui.tui.columns import Column
from toktui.tui.lines import Line, both_ends
from toktui.tui.view import Ask, Open, View
from toktui.tui.widgets.drawing import Drawing
from toktui.tui.widgets.paged_rows import PagedRows
from toktui.tui.widgets.probable import PROBABLY, probable_money
from toktui.tui.widgets.today import hit_text, saved_money, sum_money, sum_tokens

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    from textual.app import ComposeResult

    from toktui.export.seen import Raw, SeenTable
    from toktui.tui.refresher import Reading
    from toktui.tui.theme import Palette


EVERY: Final = 1_000_000
"""Sessions in an export."""
RAW_NAMES: Final = {
    "last": "last_ms", "span": "span_ms", "hit": "cache_hit_rate", "saved": "saved_nusd",
    "cost": "cost_nusd", "more": "probable_nusd",
}  # fmt: skip


class SessionRows(PagedRows):
    """A line for each session."""

    SORT_ACTION = "sort_by"
    COLUMNS = (
        Column("last", "last call", 13, False, 0),
        Column("agent", "agent", 12, False, 97),
        Column("project", "project", 14, False, 0),
        Column("model", "model", 15, False, 74),
        Column("span", "lasted", 10, True, 119),
        Column("calls", "calls", 7, True, 50),
        Column("tokens", "tokens", 7, True, 58),
        Column("hit", "hit", 7, True, 83),
        Column("saved", "saved", 7, True, 128),
        Column("cost", "cost", 8, True, 0),
        Column("id", "id", 8, False, 107),
    )
    MORE = Column("more", "probably", 9, True, 90)
    """Shown where a session has it."""
    GROW = (("project", 30), ("model", 24), ("id", 36), ("project", 60))

    def __init__(self, *, zone: ZoneInfo, id: str) -> None:
        super().__init__(id=id)
        self._zone = zone

    def raw(self, row: SessionRow, column: Column) -> Raw:
        """Exact values; money in nano-dollars, times and spans in milliseconds."""
        sums = row.sums
        match column.name:
            case "last":
                return row.last_ms
            case "project":
                return row.project or None
            case "model":
                return row.model or None
            case "span":
                return row.last_ms - row.first_ms
            case "calls":
                return sums.calls
            case "tokens":
                return sums.tokens
            case "hit":
                return sums.cache_hit_rate
            case "saved":
                return None if sums.cost_nusd is None else sums.saved_nusd
            case "cost":
                return sums.cost_nusd
            case "more":
                return row.probable.cost_nusd if row.probable else None
            case _:
                return super().raw(row, column)

    def raw_name(self, column: Column) -> str:
        """With the unit."""
        return RAW_NAMES.get(column.name, column.name)

    def columns(self) -> Sequence[Column]:
        """With what sessions probably cost beyond their logs, right of the cost."""
        if not any(row.probable for row in self.window):
            return self.COLUMNS
        *others, last = self.COLUMNS
        return (*others, self.MORE, last)

    def cells(
        self, line: Line, row: SessionRow, column: Column, width: int, palette: Palette
    ) -> None:
        """Appends the cell of a column."""
        sums, text, style = row.sums, "", palette.dim
        match column.name:
            case "last":
                text = fmt.moment(row.last_ms, self.now_ms, self._zone)
            case "agent":
                text = row.agent
            case "project":
                text = ("└ " if row.parent else "") + fmt.project_name(row.project)
                style = palette.strong
            case "model":
                more = f" +{row.models - 1}" if row.models > 1 else ""
                text = fmt.model_name(row.model) + more
            case "span":
                text = fmt.span(row.last_ms - row.first_ms)
            case "calls":
                text = fmt.tokens(sums.calls)
            case "tokens":
                text = sum_tokens(sums)
            case "hit":
                text = hit_text(sums)
            case "saved":
                text = saved_money(sums)
            case "cost":
                text = sum_money(sums)
                style = palette.faint if sums.cost_nusd is None else palette.text
            case "more":
                text, style = probable_money(row.probable), palette.faint
            case _:
                text, style = fmt.beginning(row.id, width), palette.faint
        line.cell(text, width, style, "right" if column.right else "left")


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
        return [both_ends(left, right, width)]


class SessionsView(View[SessionPage]):
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

    @property
    def title(self) -> str:
        """With what led here."""
        return " ".join(filter(None, (self.LABEL, self.about.within.text)))

    def table(self, data: SessionPage) -> SeenTable:
        """The list, or the window of it that is at hand."""
        return self._rows.seen(self.title, data.rows)

    def everything(self) -> ListQuestion:
        """All sessions that match."""
        return msgspec.structs.replace(self.about, first=0, count=EVERY)

    def scoped(self) -> None:
        """Begins at the first of the sessions that match."""
        self._rows.start_over()
        self.about = msgspec.structs.replace(self.about, first=0)

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
        self._ask_for(sort=known, descending=known not in ("project", "agent"), first=0)

    def action_reverse(self) -> None:
        """The other way round."""
        self._rows.start_over()
        self._ask_for(descending=not self.about.descending, first=0)

    def _ask_for(self, **changes: object) -> None:
        self.about = msgspec.structs.replace(self.about, **changes)
        self.post_message(Ask())

    def on_paged_rows_wanted(self, message: PagedRows.Wanted) -> None:
        """Reads on."""
        self._ask_for(first=message.first)

    def on_paged_rows_chosen(self, message: PagedRows.Chosen) -> None:
        """Opens a session."""
        self.post_message(Open("session", message.row.number))


VIEW: Final = SessionsView
