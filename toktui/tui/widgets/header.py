"""The first line: the tabs at the left, how the ingest is at the right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.cells import cell_len

from toktui.tui import format as fmt
from toktui.tui.glyphs import gauge
from toktui.tui.lines import Line, both_ends, by_words, link
from toktui.tui.widgets.drawing import Drawing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from toktui.ingest.progress import Progress
    from toktui.metrics.live import Live
    from toktui.tui.theme import Palette


_RAISED: Final = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
SCREENS: Final = "screens"
"""What the footer calls the keys of the tabs."""
LOW: Final = 10
"""Lines of a terminal that has room for little else than the view."""
LOW_VIEW: Final = LOW - 2
"""Lines of a view in it."""


class Header(Drawing):
    """Tabs that can be clicked, and the state."""

    DEFAULT_CSS = "Header { height: 1; background: $surface; padding: 0 1; }"

    def __init__(self, tabs: Sequence[tuple[str, str]], *, demo: bool = False) -> None:
        super().__init__(id="header")
        self._tabs = tabs
        self._demo = demo
        self.current = ""
        self.progress: Progress | None = None
        self.live: Live | None = None

    def draw(self, width: int, height: int, palette: Palette) -> Sequence[Line]:
        """One line; details of the state give way first, then our name, then the words of other
        tabs."""
        del height
        states = self._states(palette)
        named, words = self._named(palette), self._line(palette, words=True)
        digits, glued = self._line(palette, words=False), self._glued(palette)
        whole = Line(*named.pieces).extend(words.pieces)
        short = Line(*named.pieces).extend(digits.pieces)
        worded = (whole, words, glued, self._glued(palette, tight=True))
        reading = self.progress is not None and self.progress.phase == "indexing"
        # What an index still needs is worth more than the space around tabs, and a share that
        # nothing is said of is worth less than their words.
        ways = (
            [(tabs, state) for state in states[:-1] for tabs in worded]
            if reading
            else [(tabs, state) for tabs in worded for state in states]
        )
        bare = [(tabs, state) for tabs in (short, digits) for state in states]
        for tabs, right in (*ways, *bare, (digits, Line())):
            if tabs.width + right.width < width:
                return [both_ends(tabs, right, width)]
        return [self._close(palette)]

    @staticmethod
    def _named(palette: Palette) -> Line:
        return Line().add("toktui", palette.accent).add("  ")

    def _line(self, palette: Palette, *, words: bool) -> Line:
        """The tabs; without words those of the others are only their digits."""
        line = Line()
        for index, (key, label) in enumerate(self._tabs, 1):
            here = key == self.current
            line.pieces.append(link(f" {index} ", palette.faint, f"app.show('{key}')"))
            if words or here:
                style = palette.strong if here else palette.dim
                line.pieces.append(link(f"{label} ", style, f"app.show('{key}')"))
        return line

    def _glued(self, palette: Palette, *, tight: bool = False) -> Line:
        """The tabs with small digits at their words.

        Tight, the one that is open has none, since no key is needed to get there.
        """
        line = Line()
        for index, (key, label) in enumerate(self._tabs, 1):
            show, here = f"app.show('{key}')", key == self.current
            if not (tight and here):
                line.pieces.append(link(_small(index), palette.faint, show))
            word = label if index == len(self._tabs) else f"{label} "
            line.pieces.append(link(word, palette.strong if here else palette.dim, show))
        return line

    def _close(self, palette: Palette) -> Line:
        """The digits without a space between them, for the narrowest terminals."""
        line = Line()
        for index, (key, label) in enumerate(self._tabs, 1):
            show = f"app.show('{key}')"
            line.pieces.append(link(_small(index), palette.faint, show))
            if key == self.current:
                line.pieces.append(link(f"{label} ", palette.strong, show))
        return line

    def _states(self, palette: Palette) -> list[Line]:
        """What the ingest does, from all that can be said to the least that is worth saying."""
        states = self._ingest(palette)
        if not self._demo:
            return states or [Line()]
        demo = Line().add("demo", palette.accent)
        return [
            *(Line(*demo.pieces).add("  ").extend(state.pieces) for state in states),
            demo,
        ]

    def _ingest(self, palette: Palette) -> list[Line]:
        progress = self.progress
        if progress is None:
            return []
        if progress.phase == "indexing":
            return _indexing(progress, palette)
        if progress.phase == "failed":
            return [Line().add("● not reading", palette.error)]
        if progress.phase not in ("live", "following"):
            return [Line().add(f"○ {progress.phase}", palette.dim)]
        mark = Line().add(f"● {progress.phase}", palette.good)
        working = sum(s.state == "working" for s in self.live.sessions) if self.live else 0
        # Who follows does not look for logs, so it does not know the agents.
        known = bool(progress.agents) or progress.phase == "live"
        agents = f"{fmt.plural(len(progress.agents), 'agent')} · " if known else ""
        whole = Line(*mark.pieces).add(f"   {agents}{working} working", palette.dim)
        # A dot of the state's colour says enough where all is well.
        return [whole, mark, Line().add("●", palette.good)]


def _small(digit: int) -> str:
    """A raised digit: it is told from the word that it stands at without a space."""
    return str(digit).translate(_RAISED)


def _indexing(progress: Progress, palette: Palette) -> list[Line]:
    """How far the index is: with bytes; with a gauge; in words; as a share."""
    share = progress.bytes_done / progress.bytes_total if progress.bytes_total else 0.0
    word = Line().add("indexing ", palette.accent)
    done = Line().add(f"{share * 100:.0f} %", palette.text)
    bar = gauge(share, 12, palette.accent, palette.faint)
    gauged = Line(*word.pieces).extend(bar.pieces).add(" ").extend(done.pieces)
    read = (
        f"  {fmt.size(progress.bytes_done)} of {fmt.size(progress.bytes_total)}"
        f" · {fmt.size(progress.bytes_per_s)}/s"
    )
    seconds = progress.seconds_left
    left = "" if seconds is None else f" · {fmt.span(round(seconds * 1000))} left"
    said = Line(*word.pieces).extend(done.pieces)
    return [
        Line(*gauged.pieces).add(read, palette.dim).add(left, palette.dim),
        Line(*gauged.pieces).add(left, palette.dim),
        Line(*said.pieces).add(left, palette.dim),
        said,
        done,
    ]


class Notices(Drawing):
    """What needs a hand, in as few lines as it takes; gone if nothing does."""

    DEFAULT_CSS = "Notices { height: 1; padding: 0 1; display: none; }"

    def __init__(self) -> None:
        super().__init__(id="notices")
        self.progress: Progress | None = None
        self.live: Live | None = None
        self.failure = ""

    def refresh_notice(self) -> None:
        """Shows or hides itself, as high as what it says."""
        width, height = self.app.size  # pyright: ignore[reportUnknownMemberType]
        rows = len(_placed(self._notes(low=height < LOW), width - 2, _most(height)))
        self.display = rows > 0
        self.styles.height = max(1, rows)
        self.redraw()

    def draw(self, width: int, height: int, palette: Palette) -> Sequence[Line]:
        """The most pressing first."""
        low = self.app.size.height < LOW  # pyright: ignore[reportUnknownMemberType]
        lines: list[Line] = []
        for row in _placed(self._notes(low=low), width, height):
            line = Line()
            for mark, text, grave in row:
                line.add("   " if line.pieces else "")
                line.add(mark, palette.error if grave else palette.warning)
                line.add(text, palette.text if grave else palette.dim)
            lines.append(line)
        return lines

    def _notes(self, *, low: bool) -> list[tuple[str, bool]]:
        """Sentences and whether they are grave; in a low terminal only a failure is said."""
        notes: list[tuple[str, bool]] = []
        progress = self.progress
        if self.failure:
            notes.append((self.failure, True))
        if low:
            return notes
        if progress is not None:
            if progress.notice:
                notes.append((progress.notice, progress.phase == "failed"))
            if progress.problems:
                first = progress.problems[0]
                more = len(progress.problems) - 1
                others = f" and {more} more" if more else ""
                notes.append((f"cannot read {first.place}: {first.why}{others}", False))
            if progress.phase == "following" and progress.holder:
                notes.append((f"{progress.holder} writes; this one reads along", False))
        if self.live is not None and (models := self.live.today.unpriced_models):
            names = ", ".join(models[:2]) + (
                f" and {len(models) - 2} more" if len(models) > 2 else ""
            )
            notes.append((f"no price for {names}: toktui prices set", False))
        return notes


def _most(height: int) -> int:
    """How many lines of a terminal so high may be notices."""
    return 1 if height < LOW else 2 if height < 30 else 3


def _placed(
    notes: Sequence[tuple[str, bool]], width: int, most: int
) -> list[list[tuple[str, str, bool]]]:
    """Mark, text and gravity of what stands in each line: all in one, or one below the other.

    Where there are fewer lines than notes, the last ones are left out.
    """
    marked = [("! ", text, grave) for text, grave in notes]
    if sum(2 + cell_len(text) + 3 for _, text, _ in marked) - 3 <= width:
        return [marked] if marked else []
    rows: list[list[tuple[str, str, bool]]] = []
    for at, (mark, text, grave) in enumerate(marked):
        left = most - len(rows) - min(1, len(marked) - at - 1)
        for part in by_words(text, width - len(mark), max(1, left)):
            rows.append([(mark, part, grave)])
            mark = "  "
    return rows[:most]


class Footer(Drawing):
    """The keys of this screen, which can be clicked."""

    DEFAULT_CSS = "Footer { height: 1; background: $surface; padding: 0 1; }"

    def __init__(self) -> None:
        super().__init__(id="footer")
        self.keys: Sequence[tuple[str, str, str]] = ()
        self.filter_text = ""

    def draw(self, width: int, height: int, palette: Palette) -> Sequence[Line]:
        """Key and word of each, as many as fit; the last two, help and quit, before all others.

        Where not all fit they stand closer, and those of the tabs, which the header has, are left
        out first.
        """
        del height
        line = Line()
        if self.filter_text and self.app.size.height < LOW:  # pyright: ignore[reportUnknownMemberType]
            line.add("filter: ", palette.accent).add(self.filter_text, palette.strong)
            line.add("  esc clears   ", palette.faint)
        room = width - line.width
        without_tabs = [key for key in self.keys if key[1] != SCREENS]
        for keys, gap in ((self.keys, 3), (self.keys, 2), (without_tabs, 2)):
            shown = [_key(*key, palette) for key in keys]
            if sum(piece.width + gap for piece in shown) - gap <= room:
                break
        else:
            shown = _most_of(shown, gap, room)
        for number, piece in enumerate(shown):
            line.add(" " * gap if number else "").extend(piece.pieces)
        return [line]


def _key(key: str, word: str, action: str, palette: Palette) -> Line:
    """A key that can be clicked."""
    return Line(link(f"{key} ", palette.accent, action), link(word, palette.dim, action))


def _most_of(shown: Sequence[Line], gap: int, room: int) -> list[Line]:
    """The first of the keys and the last two, as many as fit."""
    kept: list[Line] = []
    left = room + gap - sum(piece.width + gap for piece in shown[-2:])
    for piece in shown[:-2]:
        left -= piece.width + gap
        if left < 0:
            break
        kept.append(piece)
    for piece in shown[-2:]:
        if sum(each.width + gap for each in kept) + piece.width <= room:
            kept.append(piece)
    return kept
