"""A day of a team: the very bytes that were sent, and those that would be sent now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual.binding import Binding

from toktui.team.look import DaySeen, load_day
from toktui.team.wire.document import Document, WrongDocumentError, decode
from toktui.text import clean
from toktui.tui import format as fmt
from toktui.tui.lines import Line, by_words, wrapped
from toktui.tui.teaming import TeamAsked
from toktui.tui.view import View
from toktui.tui.widgets.pages import Pages

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from textual.app import ComposeResult

    from toktui.team.membership import Sent
    from toktui.tui.refresher import Reading
    from toktui.tui.theme import Palette

_FLAGS: Final = {
    "context": "more prompt tokens than the calls can hold",
    "price": "another cost than the board's, which counts its own",
    "work": "more landed changes than a day usually holds",
    "duplicate": "another member sent the same calls",
    "less": "a little less than before",
    "deleted": "you deleted it, or much of it: no index while it is among the last 28",
}
"""What the board's rules mean."""
_BESIDE_MODEL: Final = 16 + 7 + 6 + 8 + 7 + 10
"""Cells of the other columns of a row."""
_MOST: Final = 70_000
"""Characters of a document that are shown: more than one can have."""


class TeamDayView(View["DaySeen | None"]):
    """The document in words, its hash, and its bytes."""

    KEY, LABEL = "team_day", "Day"
    LED_TO_BY = ("team", "v")
    FOLLOWS_OUTBOX = True
    FILTERED = "not here"
    BINDINGS: ClassVar[list[Any]] = [Binding("n", "send", "send now")]
    MEANINGS = (
        ("↑ ↓ pgup pgdn", "scroll"),
        ("n", "send what waits, now"),
        ("hash", "SHA-256 of the bytes; the board's receipt has the same one"),
        ("revision", "rises with each change; the board keeps the latest whole"),
    )
    DEFAULT_CSS = "TeamDayView { layout: vertical; padding: 1 1 0 1; }"

    def __init__(self, *, zone: ZoneInfo, about: Any = None) -> None:
        super().__init__(zone=zone, about=str(about or ""))
        self._pages = Pages(self._lines, id="team-day-pages")

    def compose(self) -> ComposeResult:
        """One text."""
        yield self._pages

    @classmethod
    def load(cls, reading: Reading, about: str) -> DaySeen | None:
        """The day, made anew of the store, beside what was kept of the last sending."""
        return load_day(reading.db, about, reading.now_ms) if about else None

    def fill(self) -> None:
        """Writes it anew."""
        self._pages.redraw()

    @property
    def title(self) -> str:
        """The day."""
        return f"Day {self.about}" if self.about else self.LABEL

    def text(self) -> str:
        """The bytes, for the clipboard."""
        seen = self.data
        body = b"" if seen is None else seen.draft_body or seen.sent_body
        return body.decode(errors="replace") or super().text()

    def action_send(self) -> None:
        """Sends what waits, now."""
        if self.data is not None:
            self.post_message(TeamAsked("send"))

    def _lines(self, width: int, palette: Palette) -> list[Line]:
        seen = self.data
        if seen is None:
            return [Line().add("This device is in no team.", palette.dim)]
        if seen.problem:
            return [Line().add(part, palette.warning) for part in by_words(seen.problem, width, 4)]
        lines = [Line().add("DAY  ", palette.dim).add(seen.day, palette.strong)]
        if seen.waiting is not None:
            said = f"Not taken: {seen.waiting.what}"
            lines.extend(Line().add(part, palette.warning) for part in by_words(said, width, 3))
        if seen.draft_body:
            lines += [Line(), Line().add("WOULD BE SENT NOW", palette.accent)]
            lines += _facts(seen.draft_body, seen.draft_sha256, width, palette)
            lines += _bytes(seen.draft_body, width, palette)
        if seen.sent is not None and seen.sent_body:
            lines += [Line(), self._sent_at(seen.sent, palette)]
            for flag in seen.sent.flags:
                said = f"  flagged: {_FLAGS.get(flag, flag)}"
                lines.extend(Line().add(part, palette.warning) for part in by_words(said, width, 2))
            lines += _facts(seen.sent_body, seen.sent.sha256, width, palette)
            lines += _bytes(seen.sent_body, width, palette)
        if not seen.draft_body and seen.sent is None:
            lines += [Line(), Line().add("There is nothing to send of this day.", palette.dim)]
        return lines

    def _sent_at(self, sent: Sent, palette: Palette) -> Line:
        when = fmt.moment(sent.sent_ms, self.now_ms, self.zone).strip()
        return Line().add("SENT", palette.good).add(f"  {when}, {sent.result}", palette.dim)


def _facts(body: bytes, sha256: str, width: int, palette: Palette) -> list[Line]:
    """Revision, hash, and a line for each row."""
    try:
        document = decode(body)
    except WrongDocumentError:
        return [Line().add("  what was kept of it cannot be read", palette.warning)]
    over = "is over" if document.closed else "goes on"
    reason = f", {document.reason.replace('_', ' ')}" if document.reason else ""
    size = f"{fmt.grouped(len(body))} bytes"
    lines = [
        Line().cell("  revision", 12, palette.faint)
        .add(f"{document.rev}, {size}, the day {over}{reason}", palette.text),
        Line().cell("  hash", 12, palette.faint).add(sha256, palette.text),
    ]  # fmt: skip
    model = max(12, min(26, width - _BESIDE_MODEL))
    for row in document.rows:
        line = Line().cell(f"  {row.agent}", 16, palette.dim).cell(row.model, model, palette.text)
        line.cell(fmt.tokens(row.calls), 7, palette.dim, "right")
        line.add(" call " if row.calls == 1 else " calls", palette.faint)
        tokens = fmt.tokens(row.tokens, estimated=row.estimated_tokens > 0)
        line.cell(tokens, 8, palette.dim, "right").add(" tokens", palette.faint)
        cost = fmt.money(
            row.cost_nusd, lacks=row.unpriced_calls > 0, estimated=row.estimated_calls > 0
        )
        lines.append(line.cell(cost, 10, palette.strong, "right"))
    return [*lines, *_parts(document, palette)]


def _parts(document: Document, palette: Palette) -> list[Line]:
    """The optional parts; absent is not shared."""
    lines: list[Line] = []
    if document.outcomes is not None:
        shared = document.outcomes
        landed = ", ".join(
            f"{one.changes} {one.size} {fmt.money(one.cost_nusd)}" for one in shared.landed
        )
        back = f", {shared.reverted} reverted" if shared.reverted else ""
        lines.append(Line().cell("  outcomes", 18, palette.dim)
                     .add(f"{landed or 'nothing landed'}{back}", palette.text))  # fmt: skip
    if document.sketches:
        agents = ", ".join(one.agent for one in document.sketches)
        lines.append(Line().cell("  sketches", 18, palette.dim).add(f"of {agents}", palette.text))
    return lines


def _bytes(body: bytes, width: int, palette: Palette) -> list[Line]:
    """Every byte, as it travels."""
    text = clean(body.decode(errors="replace"), _MOST)
    return [Line(), *wrapped(text, max(10, width), palette.dim)]


VIEW: Final = TeamDayView
