"""The line to type a filter into, and beside it what can be typed or what is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final, cast

from textual.binding import Binding
from textual.containers import Vertical
from textual.suggester import Suggester
from textual.widgets import Input

from toktui.metrics.known import known_names
from toktui.metrics.scope import KEYS
from toktui.tui.lines import Line
from toktui.tui.widgets.drawing import Drawing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from textual.app import ComposeResult

    from toktui.tui.refresher import Reading
    from toktui.tui.theme import Palette

_DAYS: Final = ("today", "yesterday", "7d", "30d")


KNOWN: Final = "known"
"""Of the question for the names that the store knows; no view has this key."""


def load_known(reading: Reading, about: object) -> Mapping[str, Sequence[str]]:
    """Names by key of the filter. Runs in the refresher's thread."""
    del about
    return known_names(reading.db)


class Completion(Suggester):
    """Goes on with the last word of the line: a key, or a name that the store knows."""

    def __init__(self) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self.known: Mapping[str, Sequence[str]] = {}
        """Names by key of the filter."""

    def fitting(self, text: str) -> list[str]:
        """What the last word may become."""
        word = text.rpartition(" ")[2]
        key, colon, value = word.partition(":")
        if not colon:
            return [f"{each}:" for each in KEYS if each.startswith(word.casefold())]
        names = _DAYS if key in ("since", "until") else self.known.get(key.casefold(), ())
        typed = value.rpartition(",")[2].casefold()
        starts = [name for name in names if name.casefold().startswith(typed)]
        return starts + [name for name in names if typed in name.casefold() and name not in starts]

    async def get_suggestion(self, value: str) -> str | None:
        """The line with its last word completed."""
        word = value.rpartition(" ")[2]
        typed = word.rpartition(":")[2].rpartition(",")[2]
        if not word:
            return None
        for name in self.fitting(value):
            if name.casefold().startswith(typed.casefold()):
                return value + name[len(typed) :] if " " not in name else None
        return None


class FilterInput(Input):
    """What is typed; tab and the right arrow take what is suggested."""

    BINDINGS: ClassVar[list[Any]] = [Binding("tab", "take", "complete", show=False)]

    def action_take(self) -> None:
        """Takes the suggestion."""
        if self.cursor_position == len(self.value):
            self.action_cursor_right()
        else:
            self.action_end()


class Hint(Drawing):
    """What is wrong with the line, else what its last word may become."""

    DEFAULT_CSS = "Hint { height: 1; padding: 0 1; background: $panel; }"
    problem = ""
    options: Sequence[str] = ()

    def draw(self, width: int, height: int, palette: Palette) -> Sequence[Line]:
        """One line."""
        del height
        if self.problem:
            return [Line().add(f"! {self.problem}", palette.warning)]
        line = Line()
        for option in self.options:
            if line.width + len(option) + 4 > width:
                line.add("…", palette.faint)
                break
            line.add(f"{option}   ", palette.dim)
        if not line.pieces:
            line.add("enter keeps it   esc clears it", palette.faint)
        return [line]


class FilterBox(Vertical):
    """Above the keys; only there while one types."""

    DEFAULT_CSS = """
    FilterBox { height: 2; background: $panel; display: none; }
    FilterBox FilterInput { height: 1; margin: 0 1; background: $panel; }
    """

    def __init__(self) -> None:
        super().__init__(id="filter-box")
        self.completion = Completion()
        self._hint = Hint(id="filter-hint")
        self.input = FilterInput(
            placeholder="agent:codex  model:opus*  project:shop  since:7d  words",
            id="filter", compact=True, suggester=self.completion,
        )  # fmt: skip
        self.input.cursor_blink = False

    def compose(self) -> ComposeResult:
        """The hint above, the line below."""
        yield self._hint
        yield self.input

    def open(self) -> None:
        """Shows itself, ready to be typed into."""
        self.display = True
        self.hint("")
        self.input.focus()

    def know(self, names: object) -> None:
        """Takes the names by key."""
        self.completion.known = cast("Mapping[str, Sequence[str]]", names)
        self.hint(self._hint.problem)

    def close(self) -> None:
        """Goes away, with its text kept."""
        self.display = False

    def hint(self, problem: str) -> None:
        """Says what is wrong, or what may follow."""
        self._hint.problem = problem
        self._hint.options = self.completion.fitting(self.input.value)
        self._hint.redraw()

    def fit(self, height: int) -> None:
        """In a low terminal a hint has room only where something is wrong."""
        low = height < 10
        self._hint.display = not low
        self.styles.height = 1 if low else 2
