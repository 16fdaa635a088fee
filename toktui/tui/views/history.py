"""Where the money went: a week, or any stretch, beside the one before, and why it changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

import msgspec
from textual.binding import Binding

from toktui.clock import local_date
from toktui.metrics.change_words import METHOD_WORDS
from toktui.metrics.history_look import History, HistoryAbout, load_history
from toktui.metrics.scope import of_whole
from toktui.metrics.spans import Kind, Span, span_of
from toktui.tui import format as fmt
from toktui.tui.view import Ask, Open, View
from toktui.tui.widgets.drawing import palette_of
from toktui.tui.widgets.review_board import VAST, WASTE, ReviewBoard
from toktui.tui.widgets.review_lists import LISTS, places_of, short_name
from toktui.tui.widgets.review_notes import calls_before, last_lines, nothing_lines
from toktui.tui.widgets.review_tables import table_of

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from textual.app import ComposeResult

    from toktui.export.seen import SeenTable
    from toktui.metrics.waste import Worst
    from toktui.tui.lines import Line
    from toktui.tui.refresher import Reading
    from toktui.tui.theme import Palette

_ROOM_FOR_YEAR: Final = 46
_PATTERNS: Final = {
    "projects": "projects", "models": "models", "branches": "branches", "agents": "agents",
}  # fmt: skip


class HistoryView(View[History]):
    """The weekly review."""

    KEY, LABEL, PLACE = "history", "History", 3
    BINDINGS: ClassVar[list[Any]] = [
        Binding("d", "days", "days"),
        Binding("w", "weeks", "weeks"),
        Binding("m", "months", "months"),
        Binding("t", "list", "list"),
        Binding("b", "stack", "agent/model"),
        Binding("c", "year", "calendar"),
        Binding("left,h", "move(-1)", "earlier", show=False),
        Binding("right,l", "move(1)", "later", show=False),
        Binding("n", "now", "now", show=False),
    ]
    OPENS = True
    MEANINGS = (
        ("← →", "the week, or whatever is shown, before and after; in the year: weeks"),
        ("↑ ↓ tab", "choose a bar or a line"),
        ("enter", "open it: a day, a session, or this review of one project, model, branch;"
                  " on the last line the session that wasted most"),
        ("d w m", "a week by days, 13 weeks, 12 months; m then enter: a month by days"),
        ("n", "back to now"),
        ("b", "stack the bars by agent or by model"),
        ("t", "the next list first: sessions, projects, models, branches, agents"),
        ("c", "calendar: the days of the last year, in place of the bars"),
        ("since: until:", "in the filter: any other time, such as since:2026-11-01"),
        ("usual", "median of the last 4 such days, weeks or months, by the same moment"),
        ("why", METHOD_WORDS),
    )
    DEFAULT_CSS = "HistoryView { layout: vertical; padding: 0 1; }"

    def __init__(self, *, zone: ZoneInfo, about: Any = None) -> None:
        super().__init__(zone=zone, about=about or HistoryAbout())
        self._board = ReviewBoard(self._nothing, id="review")
        self._shown: Span | None = None

    def compose(self) -> ComposeResult:
        """One board."""
        yield self._board

    @classmethod
    def load(cls, reading: Reading, about: HistoryAbout) -> History:
        """The review, and what else is asked for."""
        return load_history(
            reading.db, reading.book, about, reading.now_ms, reading.zone, reading.scope
        )

    def fill(self) -> None:
        """Gives the board what is known."""
        board, data = self._board, self.data
        board.review = data.review if data else None
        board.year = data.year if data and self.about.year else ()
        board.calendar = data.year if data and self.about.calendar else ()
        board.waste = last_lines(data, self.about.name, palette_of(self)) if data else ()
        board.waste_opens = self._worst is not None
        if data is not None and data.review.span != self._shown:
            self._shown = data.review.span
            board.start()
        board.keep_cursor()
        board.redraw()

    def fit_parts(self, width: int, height: int) -> None:
        """Reads the year where there is room for it."""
        room = width >= VAST and height >= _ROOM_FOR_YEAR
        if room != self.about.calendar:
            self._ask_for(calendar=room)

    @property
    def title(self) -> str:
        """The stretch, and what it is narrowed to."""
        span = self.data.review.span if self.data else self.about.span
        name = self.LABEL if span is None else short_name(span)
        return f"{name} {fmt.project_name(self.about.name)}" if self.about.name else name

    def table(self, data: History) -> SeenTable | None:
        """The list that the cursor is in, else the bars; none where no calls are seen."""
        if not data.review.sums.calls and not self.about.year:
            return None
        return table_of(data.review, self._board.cursor[0], data.year if self.about.year else ())

    def cursor_row(self) -> int | None:
        """Where the cursor is in it."""
        part, index = self._board.cursor
        return None if part == WASTE else index

    def changes_ms(self) -> int | None:
        """When another day begins in a stretch that runs."""
        if self.data is None or not self.data.review.running:
            return None
        ends = [bar.piece.within.end_ms for bar in self.data.review.bars]
        return min((end for end in ends if end > self.data.review.now_ms), default=None)

    def scoped(self) -> None:
        """Another time of the filter holds here, too; a view that is new was opened from within."""
        if self.data is not None:
            self.about = msgspec.structs.replace(self.about, fixed=False)

    # ---- keys ----

    def action_move(self, steps: str | int) -> None:
        """Earlier or later; in the year by weeks."""
        board = self._board
        if board.year and board.cursor[0] == "year":
            board.action_step(int(steps) * 7)
            return
        review = self.data.review if self.data else None
        if review is None or self.data is None:
            return
        if self.data.kept:
            self.notify("The filter says which time is shown.", timeout=3)
            return
        moved = review.span.moved(int(steps))
        today = local_date(self.now_ms, self.zone)
        if moved.first > today and int(steps) > 0:
            return
        self._look_at(moved)

    def action_days(self) -> None:
        """The last week of what is shown, by days."""
        self._show_kind("week")

    def action_weeks(self) -> None:
        """Thirteen weeks."""
        self._show_kind("weeks")

    def action_months(self) -> None:
        """Twelve months."""
        self._show_kind("months")

    def action_now(self) -> None:
        """The week in which it is now."""
        self._ask_for(span=None)

    def action_stack(self) -> None:
        """By agent or by model."""
        self._board.stack = "model" if self._board.stack == "agent" else "agent"
        self._board.redraw()

    def action_list(self) -> None:
        """The next list comes first."""
        board = self._board
        board.list_name = LISTS[(LISTS.index(board.list_name) + 1) % len(LISTS)]
        if board.cursor[0] in LISTS:
            board.cursor = (board.list_name, 0)
        board.keep_cursor()
        board.redraw()

    def action_year(self) -> None:
        """The year in place of the bars, and back."""
        self._ask_for(year=not self.about.year)

    def action_open(self) -> None:
        """Opens what is under the cursor."""
        self._board.action_choose()

    def on_review_board_chosen(self, message: ReviewBoard.Chosen) -> None:
        """A piece, a day, a session, or a place; where there is nothing, the last calls before."""
        if self.data is None:
            return
        name, index = message.target
        review = self.data.review
        if (last_ms := calls_before(self.data, filtered=self._is_filtered)) is not None:
            kind = "week" if review.span.kind == "days" else review.span.kind
            self._look_at(span_of(kind, local_date(last_ms, self.zone)))
        elif name == "year":
            self._open(span=span_of("day", self.data.year[index].day), year=False)
        elif name == WASTE:
            if self._worst is not None:
                self.post_message(Open("session", self._worst.number))
        elif name == "sessions":
            self.post_message(Open("session", review.sessions[index].row.number))
        elif name == "pieces":
            inner: dict[str, Kind] = {"day": "day", "week": "week", "month": "month"}
            kind = inner.get(review.span.grain)
            if kind is not None:
                self._open(span=span_of(kind, review.bars[index].piece.first))
        else:
            place = places_of(review, name)[index]
            if place.name:
                patterns = of_whole(place.name)
                filters = msgspec.structs.replace(
                    self.about.narrowed, **{_PATTERNS[name]: patterns}
                )
                self._open(span=review.span, narrowed=filters, name=place.name)

    def _show_kind(self, kind: Kind) -> None:
        if self.data is None:
            return
        today = local_date(self.now_ms, self.zone)
        self._look_at(span_of(kind, min(self.data.review.span.last, today)))

    def _look_at(self, span: Span) -> None:
        """At a stretch; the present week is not named, so that it goes on by itself."""
        is_now = span == span_of("week", local_date(self.now_ms, self.zone))
        self._ask_for(span=None if is_now else span)

    def _ask_for(self, **changes: object) -> None:
        self.about = msgspec.structs.replace(self.about, **changes)
        self.post_message(Ask())

    def _open(self, **changes: object) -> None:
        about = msgspec.structs.replace(self.about, fixed=True, **changes)
        self.post_message(Open(self.KEY, about))

    def _nothing(self, palette: Palette) -> list[Line]:
        return nothing_lines(
            self.data, palette, now_ms=self.now_ms, zone=self.zone,
            filtered=self._is_filtered,
        )  # fmt: skip

    @property
    def _worst(self) -> Worst | None:
        """The session that wasted most, where that is known."""
        return self.data.waste.worst if self.data and self.data.waste else None

    @property
    def _is_filtered(self) -> bool:
        return self.scope.is_limited or bool(self.about.name)


VIEW: Final = HistoryView
