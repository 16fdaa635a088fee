"""What fills the window of a session: its last prompt, taken apart."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from toktui.metrics.compose import compose_apart
from toktui.metrics.composition import Composition, last_prompt, load_kept
from toktui.text import clean
from toktui.tui import format as fmt
from toktui.tui.glyphs import gauge
from toktui.tui.lines import Line, by_words
from toktui.tui.view import View
from toktui.tui.widgets.pages import Pages

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from textual.app import ComposeResult

    from toktui.tui.refresher import Reading
    from toktui.tui.theme import Palette

_NAME: Final = 48
_NUMBERS: Final = 8 + 9 + 9 + 3
_AGAIN_MS: Final = 15_000
"""A session that goes on is taken apart anew no sooner than this."""
_FAR: Final = (0.7, 1.4)
"""A scale outside of this is told."""


class Taken(msgspec.Struct, frozen=True):
    """The last prompt of a session; `found` is None where nothing can be said of it."""

    store: str
    session: int
    call: int
    at_ms: int
    taken_ms: int
    found: Composition | None

    def is_final(self, call: int) -> bool:
        """Whether nothing else can be said of this call: there is no log to ask."""
        return self.call == call and (self.found is None or self.found.log == "gone")


_last: list[Taken] = []
"""What was shown last, so that a return to it costs nothing."""


class ContextView(View["Taken | None"]):
    """The parts of what a session sent last."""

    KEY, LABEL = "context", "Context"
    LED_TO_BY = ("session", "c")
    FILTERED = "not here"
    MEANINGS = (
        ("↑ ↓ pgup pgdn", "scroll"),
        ("system prompt, tools", "what the first prompt had beyond its own text"),
        ("the sum", "is the provider's; the parts are estimated from the log and scaled to it"),
    )
    DEFAULT_CSS = "ContextView { layout: vertical; padding: 1 1 0 1; }"

    def __init__(self, *, zone: ZoneInfo, about: Any = None) -> None:
        super().__init__(zone=zone, about=int(about or 0))
        self._pages = Pages(self._lines, id="context-pages")

    def compose(self) -> ComposeResult:
        """One text."""
        yield self._pages

    @classmethod
    def load(cls, reading: Reading, about: int) -> Taken | None:
        """The last prompt as the store keeps it, else taken apart by another process."""
        last = last_prompt(reading.db, about)
        if last is None:
            return None
        call, at_ms = last
        store = reading.db.execute("pragma database_list").fetchone()[2]
        if _last and (_last[0].store, _last[0].session) == (store, about):
            known = _last[0]
            if reading.now_ms - known.taken_ms < _AGAIN_MS or known.is_final(call):
                return known
        found = load_kept(reading.db, reading.book, about)
        if found is None:
            found = compose_apart(Path(store), about, reading.now_ms)
        if found is not None and found.window is None:
            window = reading.book.window(found.model)
            found = msgspec.structs.replace(found, window=window)
        _last[:] = [Taken(store, about, call, at_ms, reading.now_ms, found)]
        return _last[0]

    def fill(self) -> None:
        """Writes the text anew."""
        self._pages.redraw()

    def _lines(self, width: int, palette: Palette) -> list[Line]:
        taken = self.data
        if taken is None:
            return [Line().add("taking the last prompt apart …", palette.faint)]
        if taken.found is None:
            sorry = "Nothing can be said of it: its log is gone, or its agent keeps no text."
            return [Line().add("CONTEXT", palette.dim), Line(), Line().add(sorry, palette.faint)]
        return [*self._head(taken.found, width, palette), *_parts(taken.found, width, palette)]

    def _head(self, found: Composition, width: int, palette: Palette) -> list[Line]:
        line = Line().add("CONTEXT  ", palette.dim).add(fmt.tokens(found.prompt), palette.strong)
        if found.window:
            line.add(f" of {fmt.window(found.window)}, ", palette.faint)
            line.add(fmt.percent(found.prompt / found.window), palette.text)
        when = fmt.moment(found.at_ms, self.now_ms, self.zone).strip()
        line.add(f"  sent to {fmt.model_name(found.model)} at {when}", palette.faint)
        how = "the sum is the provider's; the parts are estimated from the log"
        if not _FAR[0] <= found.scale <= _FAR[1]:
            has = "less" if found.scale > 1 else "more"
            how += f", scaled by {found.scale:.3g}: it has {has} text than was sent"
        computed = f"computed at {fmt.moment(found.computed_ms, self.now_ms, self.zone).strip()}"
        if found.log == "gone":
            computed = f"the log is gone: this was {computed}"
        said = [
            Line().add(part, palette.faint)
            for text in (how, computed)
            for part in by_words(text, width, 3)
        ]
        return [line, *said, Line()]


def _parts(found: Composition, width: int, palette: Palette) -> list[Line]:
    """A line for each part, the largest first, with a bar where there is room."""
    name = min(_NAME, max(16, width - _NUMBERS))
    bar = max(0, width - name - _NUMBERS)
    top = found.parts[0].tokens if found.parts else 1
    head = Line().cell("part", name, palette.faint).cell("pieces", 8, palette.faint, "right")
    head.cell("tokens", 9, palette.faint, "right").cell("share", 9, palette.faint, "right")
    lines = [head]
    for part in found.parts:
        style = palette.strong if part.kind == "system" else palette.text
        pieces = fmt.tokens(part.count) if part.count else ""
        line = (
            Line()
            .cell(clean(part.name, 80), name, style)
            .cell(pieces, 8, palette.dim, "right")
            .cell(fmt.tokens(part.tokens), 9, palette.text, "right")
            .cell(fmt.percent(part.tokens / found.prompt), 9, palette.dim, "right")
        )
        drawn = gauge(part.tokens / top, bar, palette.accent, palette.ground)
        lines.append(line.add("   ").extend(drawn.pieces) if bar > 8 else line)
    return lines


VIEW: Final = ContextView
