"""The parts of the screen of a team beside its lists: where one stands, and the way in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from toktui.clock import MINUTE_MS
from toktui.team.state import waits_of
from toktui.team.wire.document import FIELDS, OPTIONAL
from toktui.tui import format as fmt
from toktui.tui.lines import Line, both_ends, by_words
from toktui.tui.widgets.drawing import Drawing
from toktui.tui.widgets.team_columns import FAR, change, ratio

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from zoneinfo import ZoneInfo

    from rich.style import Style

    from toktui.team.board import Board
    from toktui.team.look import TeamLook
    from toktui.team.state import TeamState, Wait
    from toktui.tui.theme import Palette

_WIDE: Final = 100
_NARROW: Final = 40
"""Cells in which the name of a team is worth more than the age of its board."""
_MISSING: Final = {
    "outcomes not shared": "it needs landed changes, which you do not share:"
    " toktui team agree --share outcomes",
    "too few changes": "too few landed changes yet",
    "too few days": "too few active days yet",
    "too many reverted": "more than a fifth of the changes was reverted",
    "too much without a price": "too many tokens have no price",
    "too few members": "too few members have enough changes yet",
    "a day was deleted": "a day was deleted from the board",
}  # fmt: skip
"""The server's reasons, as they are told to the one whom they are about."""


class TeamHead(Drawing):
    """The team and one's standing in two lines; below them what is waited for."""

    DEFAULT_CSS = "TeamHead { height: 3; }"

    def __init__(self, *, zone: ZoneInfo, id: str) -> None:
        super().__init__(id=id)
        self._zone = zone
        self.look: TeamLook | None = None
        self.now_ms = 0
        self.sending = False

    def rows(self, width: int, most: int) -> int:
        """How many lines it takes."""
        state = self.look.state if self.look else None
        waits = 0 if state is None else len(_wait_texts(state, width, self._when))
        return 2 + max(1, min(most - 2, waits))

    def draw(self, width: int, height: int, palette: Palette) -> Sequence[Line]:
        """Two lines, and what there is room for."""
        look = self.look
        if look is None or look.state is None:
            return [Line().add("TEAM", palette.dim)]
        state = look.state
        lines = [self._first(state, width, palette), _standing(state, width, palette)]
        texts = _wait_texts(state, width, self._when)
        if not texts:
            return [*lines, self._at_rest(state, palette)]
        for first, text, wait in texts[: height - 2]:
            style = palette.warning if wait.stops else palette.dim
            mark = ("‖ " if wait.stops else "! ") if first else "  "
            lines.append(Line().add(mark, palette.warning).add(text, style))
        return lines

    def _first(self, state: TeamState, width: int, palette: Palette) -> Line:
        member, notes = state.membership, state.notes
        left = Line().add("TEAM  ", palette.dim).add(member.team_name, palette.strong)
        left.add(f"  {urlsplit(member.url).netloc}", palette.faint)
        if self.sending:
            right = Line().add("sending …", palette.accent)
        elif notes.board_ms:
            age_ms = self.now_ms - notes.board_ms
            age = f"board {fmt.span(age_ms)} old" if age_ms >= MINUTE_MS else "board just read"
            right = Line().add(age, palette.faint)
            if state.board is not None and width >= _WIDE:
                right = Line().add(_window(state.board), palette.faint).extend(right.pieces)
        else:
            right = Line().add("no board yet", palette.faint)
        return both_ends(left, right, width, keep_left=width < _NARROW)

    def _at_rest(self, state: TeamState, palette: Palette) -> Line:
        sent = max((one.sent_ms for one in state.sent), default=None)
        days = self.look.days if self.look else ()
        line = Line().add("● ", palette.good)
        if sent is None:
            return line.add("Nothing was sent yet; it goes within minutes.", palette.dim)
        goes = sum(one.word == "to send" or one.more_calls > 0 for one in days)
        if not goes:
            return line.add(f"All is sent, the last {self._when(sent)}.", palette.dim)
        what = "what came since goes" if goes == 1 else f"{fmt.plural(goes, 'day')} more go"
        text = f"Sent {self._when(sent)}; {what} within a quarter of an hour."
        return line.add(text, palette.dim)

    def _when(self, at_ms: int) -> str:
        return fmt.moment(at_ms, self.now_ms, self._zone).strip()


def _standing(state: TeamState, width: int, palette: Palette) -> Line:
    """Place and index, or why there is none yet."""
    board, you = state.board, state.you
    line = Line()
    if board is None:
        return line.add("The board comes with the first round.", palette.dim)
    usual = Line()
    if board.usual_nusd is not None:
        usual.add(f"usual {fmt.money(board.usual_nusd)} for a change of size S", palette.dim)
    if you is None:
        return both_ends(line.add("Nothing of yours is on it yet.", palette.dim), usual, width)
    if you.index is None:
        line.add("Not enough yet: ", palette.warning)
        why = _MISSING.get(you.missing, you.missing or "there is no index")
        if you.missing == "outcomes not shared" and "outcomes" in state.membership.shares:
            why = "no repository of yours could be read: toktui outcomes says why"
        line.add(why, palette.text)
        changes = f"{fmt.tokens(you.landed)} {'change' if you.landed == 1 else 'changes'}"
        days = f"{fmt.tokens(you.active_days)} active {'day' if you.active_days == 1 else 'days'}"
        so_far = f" ({changes} on {days})"
        return both_ends(line.add(so_far, palette.dim), usual, width, keep_left=True)
    if you.place is not None:
        line.add(f"place {you.place}", palette.hot).add(f" of {_placed(board)}   ", palette.dim)
    else:
        line.add("hidden   ", palette.dim)
    line.add(f"index {ratio(you.index)}", palette.strong)
    word, style = _word_for(you.index, palette)
    line.add(f"  {word}", style)
    if you.trend is not None:
        style = palette.good if you.trend <= 1 else palette.dim
        line.add(f"   {change(you.trend)} against your own best", style)
    return both_ends(line, usual, width, keep_left=True)


def _word_for(index: float, palette: Palette) -> tuple[str, Style]:
    if index < 0.95:
        return f"{round((1 - index) * 100)} % below the usual", palette.good
    if index > 1.05:
        more = round((min(index, FAR) - 1) * 100)
        return f"{more} % above the usual" if more < 1000 else "far above the usual", palette.text
    return "as usual", palette.text


def _window(board: Board) -> str:
    """Which days, and who is on it."""
    hidden = "" if board.hidden is None else f", {fmt.tokens(board.hidden)} hidden"
    return f"{board.since} – {board.until}   {fmt.tokens(board.members)} listed{hidden}   "


def _placed(board: Board) -> int:
    return sum(one.place is not None for one in board.standings)


def _wait_texts(
    state: TeamState, width: int, when: Callable[[int], str]
) -> list[tuple[bool, str, Wait]]:
    """What is waited for, broken into lines; whether a line is the first of its sentence."""
    found: list[tuple[bool, str, Wait]] = []
    for wait in waits_of(state):
        later = "" if wait.next_ms is None else f" Tried again {when(wait.next_ms)}."
        hint = f" {wait.hint.replace('`', '')}" if wait.hint else ""
        if state.membership.paused and wait.stops:
            hint = " p goes on."
        parts = by_words(f"{wait.what}{later}{hint}", max(10, width - 2), 2)
        found.extend((not at, part, wait) for at, part in enumerate(parts))
    return found


def way_in(width: int, palette: Palette) -> list[Line]:
    """What is said where nobody has joined."""
    lines: list[Line] = []

    def say(text: str, style: Style) -> None:
        lines.extend(Line().add(part, style) for part in by_words(text, width, 4))

    def listed(rows: Sequence[tuple[str, str]]) -> None:
        for name, words in rows:
            parts = by_words(words, max(10, width - 24), 3)
            for at, part in enumerate(parts):
                cell = Line().cell("" if at else f"  {name}", 24, palette.text)
                lines.append(cell.add(part, palette.dim))

    say("A board that your team hosts itself.", palette.strong)
    say("It answers what a finished piece of work cost, not who burned most.", palette.text)
    lines.append(Line())
    say("Nothing is sent: this device is in no team, and toktui opens no connection.", palette.good)
    lines.append(Line())
    say("To join, in a terminal; it shows all of this again, and asks:", palette.dim)
    lines.append(Line().add("  toktui team join URL CODE", palette.accent))
    say("Who hosts the board gives you both. To host one, or to see one:", palette.dim)
    lines.append(Line().add("  toktui serve init        toktui serve --demo", palette.accent))
    lines.append(Line())
    say("WHAT WOULD BE SENT, for each day, after you agreed", palette.dim)
    listed(FIELDS)
    say("ONLY IF YOU SAY SO", palette.dim)
    listed(tuple(OPTIONAL.items()))
    say("NEVER prompts, answers, paths, projects, branches, hosts, hours", palette.dim)
    return lines
