"""The health of logs and store: what was found, understood, kept, and will soon be deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

import msgspec
from textual.binding import Binding

from toktui.metrics.health import About, Health, load_health
from toktui.tui import format as fmt
from toktui.tui.lines import Line, by_words
from toktui.tui.view import Ask, Open, View
from toktui.tui.widgets.agent_rows import AgentRows
from toktui.tui.widgets.drawing import Drawing
from toktui.tui.widgets.header import LOW_VIEW
from toktui.tui.widgets.health_facts import HealthFacts
from toktui.tui.widgets.paged_rows import PagedRows

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    from textual.app import ComposeResult

    from toktui.ingest.progress import Progress
    from toktui.metrics.scope import Scope
    from toktui.tui.refresher import Reading
    from toktui.tui.theme import Palette

_FACTS: Final = 13
"""Lines that the facts have at least where there is room."""


class Verdict(Drawing):
    """Whether anything needs a look, and what."""

    DEFAULT_CSS = "Verdict { height: 1; margin: 0 0 1 0; }"

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.health: Health | None = None

    def rows(self, width: int, most: int) -> int:
        """How many lines it takes."""
        return max(1, min(most, len(self._texts(width))))

    def draw(self, width: int, height: int, palette: Palette) -> Sequence[Line]:
        """A line for each warning, the most pressing first."""
        if self.health is None:
            return [Line().add("HEALTH", palette.dim)]
        if not self.health.warnings:
            line = Line().add("HEALTH  ", palette.dim).add("● ", palette.good)
            return [line.add(_all_well(self.health), palette.text)]
        texts = self._texts(width)
        lines: list[Line] = []
        for index, (first, text) in enumerate(texts[:height]):
            line = Line().cell("HEALTH" if not index else "", 8, palette.dim)
            line.add("! " if first else "  ", palette.warning).add(text, palette.text)
            lines.append(line)
        return lines

    def _texts(self, width: int) -> list[tuple[bool, str]]:
        found: list[tuple[bool, str]] = []
        for warning in self.health.warnings if self.health else ():
            parts = by_words(warning, max(10, width - 10), 2)
            found.extend((not index, part) for index, part in enumerate(parts))
        return found


def _all_well(health: Health) -> str:
    if not health.agents:
        return "No logs yet: toktui --demo shows what it would look like."
    lines = sum(agent.misread for agent in health.agents)
    understood = (
        f"{fmt.plural(lines, 'line')} not understood and not counted"
        if lines
        else "every line understood"
    )
    return f"Nothing needs a look: every log is read, {understood}, the store is whole."


class HealthView(View[Health]):
    """Warnings, agents, facts."""

    KEY, LABEL, PLACE = "health", "Health", 7
    FILTERED = "here only agents"
    BINDINGS: ClassVar[list[Any]] = [Binding("i", "check", "check the store")]
    OPENS = True
    MEANINGS = (
        ("↑ ↓ enter", "choose an agent, open its logs and what was not understood"),
        ("i", "read the whole store and compare its sums; takes a second or more"),
        ("gone", "logs that the agent has deleted; their calls are kept"),
        ("not read", "values that were not understood; they are not counted"),
        ("exact", "calls whose every number is the provider's"),
        ("estim.", "calls counted by a tokenizer, or whose final output no log has"),
        ("ledger", "calls known only from the agent's own sums"),
        ("doctor", "toktui doctor says more, and what to put into a bug report"),
    )
    DEFAULT_CSS = """
    HealthView { layout: vertical; padding: 1 1 0 1; }
    HealthView #facts { height: 1fr; margin: 1 0 0 0; }
    """

    def __init__(self, *, zone: ZoneInfo, about: Any = None) -> None:
        super().__init__(zone=zone, about=about or About())
        self._verdict = Verdict(id="verdict")
        self._rows = AgentRows(zone=zone, id="agent-rows")
        self._facts = HealthFacts(zone=zone, id="facts")

    def compose(self) -> ComposeResult:
        """From above: what needs a look, the agents, the facts."""
        yield from (self._verdict, self._rows, self._facts)

    @classmethod
    def filter_note(cls, scope: Scope) -> str:
        """Where more than agents are asked for, or the facts are of more agents than the list."""
        return cls.FILTERED if scope.is_limited else ""

    @classmethod
    def load(cls, reading: Reading, about: About) -> Health:
        """One look at the store; with a new check a long one."""
        return load_health(reading.db, reading.now_ms, about)

    def fill(self) -> None:
        """Gives every part its share of the data."""
        health = self.data
        self._verdict.health = self._facts.health = health
        self._facts.progress = self.progress
        self._facts.store_name = self.store_name
        self._rows.empty = "No agent has logs here yet."
        if health is not None:
            agents = [one for one in health.agents if self.scope.filters.has_agent(one.name)]
            self._rows.take(agents, first=0, found=len(agents), now_ms=health.at_ms)
        self._verdict.redraw()
        self._facts.redraw()

    def show_progress(self, progress: Progress) -> None:
        """Says who writes."""
        super().show_progress(progress)
        self._facts.progress = progress
        self._facts.redraw()

    def fit_parts(self, width: int, height: int) -> None:
        """All agents where the facts have enough room below."""
        small = height < 14
        self.styles.padding = (0 if height < LOW_VIEW else 1, 1, 0, 1)
        warnings = self._verdict.rows(width, 1 if small else 4)
        self._verdict.styles.height = warnings
        self._verdict.styles.margin = (0, 0, 0 if small else 1, 0)
        self._facts.display = not small
        left = height - 3 - warnings
        agents = max(1, self._rows.found) + 1
        self._rows.styles.height = "1fr" if small else min(agents, max(4, left - _FACTS))

    def action_check(self) -> None:
        """Checks the whole store."""
        self.about = msgspec.structs.replace(self.about, check=self.about.check + 1)
        self.post_message(Ask())

    def action_open(self) -> None:
        """Opens the agent under the cursor."""
        self._rows.action_choose()

    def on_paged_rows_chosen(self, message: PagedRows.Chosen) -> None:
        """Opens an agent's logs."""
        self.post_message(Open("logs", message.row.name))


VIEW: Final = HealthView
