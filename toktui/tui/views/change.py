"""One landed change: what it is, and the sessions that made it, each with the reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from toktui.metrics.outcome_change import ChangeSeen, Maker, load_change
from toktui.outcomes.attribution import EXACT, REASONS
from toktui.tui import format as fmt
from toktui.tui.columns import Column
from toktui.tui.lines import Line
from toktui.tui.view import Open, View
from toktui.tui.widgets.drawing import Drawing
from toktui.tui.widgets.outcome_parts import TAKEN_BACK, spent_money
from toktui.tui.widgets.table_rows import Field, TableRows

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    from textual.app import ComposeResult

    from toktui.metrics.outcome_changes import ChangeRow
    from toktui.tui.refresher import Reading
    from toktui.tui.theme import Palette
    from toktui.tui.widgets.paged_rows import PagedRows

_KINDS: Final = {"merge": "a merge", "squash": "a squash", "push": "pushed directly"}


class ChangeHead(Drawing):
    """The facts of a change."""

    DEFAULT_CSS = "ChangeHead { height: 9; margin: 0 0 1 0; }"
    seen: ChangeSeen | None = None

    def __init__(self, *, zone: ZoneInfo, id: str) -> None:
        super().__init__(id=id)
        self._zone = zone
        self.now_ms = 0

    @property
    def lines_needed(self) -> int:
        """Whatever the width."""
        if self.seen is None:
            return 1
        change = self.seen.change
        return 6 + bool(change.branch) + (change.reverted_ms is not None)

    def draw(self, width: int, height: int, palette: Palette) -> Sequence[Line]:
        """A line for each."""
        del width, height
        if self.seen is None:
            return [Line().add("This change is not known any more.", palette.dim)]
        c = self.seen.change
        when = fmt.moment(c.at_ms, self.now_ms, self._zone).strip()
        wrote = fmt.UNKNOWN if c.lines is None else fmt.plural(c.lines, "line")
        files = "" if c.files is None else f" in {fmt.plural(c.files, 'file')}"
        lines = [
            Line().add(c.subject or fmt.UNKNOWN, palette.strong),
            Line(),
            _fact("commit", c.hash, palette),
            _fact("landed", f"{when} on {c.landed_on} of {fmt.project_name(c.repository)}, "
                  f"{_KINDS.get(c.kind, c.kind)}, {fmt.plural(c.commits, 'commit')}", palette),
            _fact("size", f"{c.size or fmt.UNKNOWN}, {wrote}{files}", palette),
            _fact("cost", _cost(c), palette),
        ]  # fmt: skip
        if c.branch:
            lines.insert(4, _fact("branch", c.branch, palette))
        if c.reverted_ms is not None:
            back = fmt.moment(c.reverted_ms, self.now_ms, self._zone).strip()
            text = f"{TAKEN_BACK} taken back {back} by {c.reverted_by[:12]}"
            lines.append(Line().add(f"{'':9}").add(text, palette.warning))
        return lines


def _cost(change: ChangeRow) -> str:
    if not change.sessions:
        return "no session is known that made it"
    return f"{spent_money(change.spent)}, its share of {fmt.plural(change.sessions, 'session')}"


def _fact(name: str, value: str, palette: Palette) -> Line:
    return Line().cell(name, 9, palette.faint).add(value, palette.text)


class ChangeView(View["ChangeSeen | None"]):
    """A change and who made it."""

    KEY, LABEL = "change", "Change"
    LED_TO_BY = ("outcomes", "enter")
    FILTERED = "not here"
    OPENS = True
    MEANINGS = (
        *TableRows.MEANINGS,
        ("enter", "open the session"),
        ("share", "this change's part of the session's cost, where it made several"),
        ("exact", "the session ran the commit that landed, or what it became"),
        ("inferred", "repository, branch, author and time agree"),
    )
    DEFAULT_CSS = """
    ChangeView { layout: vertical; padding: 1 1 0 1; }
    ChangeView TableRows { margin: 1 0 0 0; }
    """

    def __init__(self, *, zone: ZoneInfo, about: Any = None) -> None:
        super().__init__(zone=zone, about=int(about or 0))
        self._head = ChangeHead(zone=zone, id="change-head")
        self._rows = TableRows[Maker](
            self._fields(), id="makers", grow=(("reason", 60), ("project", 30), ("id", 36))
        )

    def compose(self) -> ComposeResult:
        """Facts and sessions."""
        yield from (self._head, self._rows)

    @classmethod
    def load(cls, reading: Reading, about: int) -> ChangeSeen | None:
        """The change from the store."""
        return load_change(reading.db, about)

    def fill(self) -> None:
        """Gives both their share."""
        self._head.seen, self._head.now_ms = self.data, self.now_ms
        self._head.styles.height = self._head.lines_needed
        self._head.redraw()
        self._rows.empty = "No session is known that made it: it may be written by hand."
        self._rows.set_rows(self.data.makers if self.data else (), self.now_ms)

    @property
    def title(self) -> str:
        """The commit."""
        return f"Change {self.data.change.hash[:8]}" if self.data else self.LABEL

    def action_open(self) -> None:
        """Opens the session under the cursor."""
        self._rows.action_choose()

    def on_paged_rows_chosen(self, message: PagedRows.Chosen) -> None:
        """Opens a session."""
        self.post_message(Open("session", message.row.number))

    def _fields(self) -> list[Field[Maker]]:
        return [
            Field(Column("last", "last call", 12, False, 52),
                  lambda m: fmt.moment(m.last_ms, self.now_ms, self.zone), lambda m: m.last_ms,
                  "last_ms"),
            Field(Column("agent", "agent", 12, False, 84), lambda m: m.agent),
            Field(Column("project", "project", 12, False, 124),
                  lambda m: fmt.project_name(m.project), lambda m: m.project or None),
            Field(Column("link", "link", 8, False, 34),
                  lambda m: "exact" if m.reason in EXACT else "inferred",
                  style=lambda m, p: p.good if m.reason in EXACT else p.dim),
            Field(Column("reason", "because", 20, False, 0),
                  lambda m: REASONS.get(m.reason, m.reason), style=lambda _, p: p.strong),
            Field(Column("id", "session", 8, False, 134), lambda m: m.id,
                  style=lambda _, p: p.faint),
            Field(Column("whole", "session's", 9, True, 92), lambda m: spent_money(m.spent),
                  lambda m: m.spent.nusd, "session_nusd"),
            Field(Column("share", "share", 8, True, 0), lambda m: spent_money(m.share),
                  lambda m: m.share.nusd, "share_nusd", lambda _, p: p.text),
        ]  # fmt: skip


VIEW: Final = ChangeView
