"""The team's board, one's own standing, what was sent when, and what waits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final
from zoneinfo import ZoneInfo

from textual.binding import Binding

from toktui.clock import MINUTE_MS, day_label
from toktui.team.board import Standing
from toktui.team.look import DayLine, TeamLook, load_look
from toktui.tui import format as fmt
from toktui.tui.lines import Line, by_words
from toktui.tui.teaming import TeamAsked
from toktui.tui.view import Open, View
from toktui.tui.widgets.pages import Pages
from toktui.tui.widgets.table_rows import TableRows
from toktui.tui.widgets.team_columns import board_fields, day_fields
from toktui.tui.widgets.team_parts import TeamHead, way_in

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from toktui.export.seen import SeenTable
    from toktui.tui.refresher import Reading
    from toktui.tui.theme import Palette
    from toktui.tui.widgets.paged_rows import PagedRows

_BOTH: Final = 22
"""Lines from which on there is room for both lists."""


class TeamView(View[TeamLook]):
    """Board above, days below; or what a team is, for those who are in none."""

    KEY, LABEL, PLACE = "team", "Team", 9
    BINDINGS: ClassVar[list[Any]] = [
        Binding("t", "list", "board / days"),
        Binding("v", "preview", "preview"),
        Binding("n", "send", "send now"),
        Binding("p", "pause", "pause / go on"),
    ]
    OPENS = True
    FOLLOWS_OUTBOX = True
    FILTERED = "not here"
    MEANINGS = (
        ("t", "to the board, to the days"),
        ("enter, v", "the exact bytes of a day, of today"),
        ("n", "send what waits, and fetch the board, now"),
        ("p", "send nothing, until p again"),
        *TableRows.MEANINGS,
        ("index", "all spend against the usual price of what landed; 1.00 is usual"),
        ("per S", "cost of one unit, a change of size S; M is 4, L 16, XL 64, XS nothing"),
        ("own best", "what a unit costs now, against one's own best of before"),
        ("live", "most days came within two days of their end"),
        ("linked", "share of the cost in sessions that landed something"),
        ("cache", "share of the prompt that was read from a cache"),
        ("since", "calls of today that came since it was sent"),
        ("held", "the day would hold less, nobody says why: the board keeps more"),
        ("docs/board.md", "the formulas, the ways to game them, who sees what"),
    )
    DEFAULT_CSS = """
    TeamView { layout: vertical; padding: 1 1 0 1; }
    TeamView TableRows { margin: 1 0 0 0; }
    """

    def __init__(self, *, zone: ZoneInfo, about: Any = None) -> None:
        super().__init__(zone=zone, about=about)
        self._head = TeamHead(zone=zone, id="team-head")
        self._board = TableRows[Standing](
            board_fields(), id="team-board", grow=(("name", 32), ("said", 34))
        )
        self._days = TableRows[DayLine](
            day_fields(self._when), id="team-days", grow=(("hash", 64), ("flags", 24))
        )
        self._way_in = Pages(self._write_way_in, id="team-way-in")
        self._on_days = False
        # Until something is known, nothing is shown of it.
        self._board.display = self._days.display = False

    def compose(self) -> ComposeResult:
        """Head, board, days."""
        yield from (self._head, self._board, self._days, self._way_in)

    @classmethod
    def load(cls, reading: Reading, about: Any) -> TeamLook:
        """What the outbox left; nobody is asked for more."""
        del about
        return load_look(reading.db, reading.now_ms)

    def changes_ms(self) -> int | None:
        """The age of the board is told in minutes; a day ends at midnight of the team."""
        if self.data is None or self.data.state is None:
            return None
        return self.now_ms - self.now_ms % MINUTE_MS + MINUTE_MS

    def fill(self) -> None:
        """Gives every part its share."""
        look = self.data
        state = look.state if look else None
        self._head.look, self._head.now_ms, self._head.sending = look, self.now_ms, self.sending
        if state is not None and look is not None:
            board = state.board
            self._board.empty = (
                "The board comes with the first round."
                if board is None
                else "Nobody chose to be listed yet."
            )
            self._board.set_rows(board.standings if board else (), self.now_ms)
            self._days.empty = "No day has calls yet."
            self._days.set_rows(look.days, self.now_ms)
        self._head.redraw()
        self._way_in.redraw()
        self.call_later(self._fit_if_sized)

    def fit_parts(self, width: int, height: int) -> None:
        """Both lists where there is room, else the one that is looked at."""
        joined = self.data is not None and self.data.state is not None
        self._head.display = joined
        self._way_in.display = not joined
        self._head.styles.height = self._head.rows(width - 2, 4 if height < _BOTH else 6)
        both = height >= _BOTH
        self._board.display = joined and (both or not self._on_days)
        self._days.display = joined and (both or self._on_days)
        days = len(self.data.days) + 1 if self.data else 2
        board = self.data.state.board if self.data and self.data.state else None
        listed = max(2, 1 + len(board.standings)) if board else 2
        room = height - 5 - self._head.rows(width - 2, 6)
        share = max(room // 3, room - listed)
        self._days.styles.height = max(5, min(days, share)) if both else "1fr"
        small = height < 12
        self.styles.padding = (0 if small else 1, 1, 0, 1)
        for part in (self._board, self._days):
            part.styles.margin = (0 if small else 1, 0, 0, 0)
        self._keep_keys()

    def _keep_keys(self) -> None:
        """What has the keys is what is seen, also when that changes."""
        if not self.is_attached or not self.display:
            return
        focused = self.screen.focused
        if focused is None or not focused.display:
            (self._shown_list if self._head.display else self._way_in).focus(scroll_visible=False)

    def table(self, data: TeamLook) -> SeenTable | None:
        """The list that has the keys."""
        return None if data.state is None else self._shown_list.seen(self.title)

    def cursor_row(self) -> int | None:
        """In the list that has the keys."""
        return self._shown_list.cursor

    @property
    def _shown_list(self) -> TableRows[Any]:
        if self._board.display and self._days.display:
            return self._days if self._days.has_focus else self._board
        return self._days if self._days.display else self._board

    def can(self, action: str) -> bool:
        """Without a team there is nothing to look at or to send."""
        del action
        return self.data is None or self.data.state is not None

    def action_list(self) -> None:
        """The other list."""
        self._on_days = self._shown_list is self._board
        width, height = self.size
        self.fit_parts(width, height)
        (self._days if self._on_days else self._board).focus()

    def action_sort_table(self, name: str) -> None:
        """Sorts the list that has such a column."""
        for rows in (self._board, self._days):
            if rows.display and any(field.column.name == name for field in rows.fields):
                rows.sort_by(name)
                return

    def action_open(self) -> None:
        """The bytes of the day under the cursor; on the board those of today."""
        if self._shown_list is self._days:
            self._days.action_choose()
        else:
            self.action_preview()

    def action_preview(self) -> None:
        """The bytes of today."""
        look = self.data
        if look is not None and look.state is not None:
            zone = look.state.membership.zone
            self.post_message(Open("team_day", day_label(self.now_ms, ZoneInfo(zone))))

    def action_send(self) -> None:
        """Sends what waits, now."""
        if self.data is not None and self.data.state is not None:
            self.post_message(TeamAsked("send"))

    def action_pause(self) -> None:
        """Sends nothing, or goes on."""
        if self.data is not None and self.data.state is not None:
            member = self.data.state.membership
            rests = member.paused or member.leaving
            self.post_message(TeamAsked("resume" if rests else "pause"))

    def on_paged_rows_chosen(self, message: PagedRows.Chosen) -> None:
        """Opens a day; what members share of themselves is all in their line."""
        if isinstance(message.row, DayLine):
            self.post_message(Open("team_day", message.row.day))
        else:
            self.action_preview()

    def _when(self, at_ms: int) -> str:
        return fmt.moment(at_ms, self.now_ms, self.zone).strip()

    def _write_way_in(self, width: int, palette: Palette) -> list[Line]:
        problem = self.data.problem if self.data else ""
        if problem:
            return [Line().add(part, palette.warning) for part in by_words(problem, width, 4)]
        return way_in(width, palette)


VIEW: Final = TeamView
