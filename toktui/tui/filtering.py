"""The filter of all screens: the line that it is typed into, and what it changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from textual.binding import Binding
from textual.widgets import Input

from toktui.tui.carding import CardingApp
from toktui.tui.filter_box import KNOWN, FilterBox, load_known
from toktui.tui.refresher import Question

if TYPE_CHECKING:
    from toktui.tui.pulse import Pulse
    from toktui.tui.scoping import Scoping


class FilteringApp(CardingApp):
    """Opens the line, and keeps the screen to what it says."""

    BINDINGS: ClassVar[list[Any]] = [Binding("slash", "filter", "filter")]
    _box: FilterBox
    _scoping: Scoping
    _pulse: Pulse

    def enter(self) -> None:
        """The view has the keys again."""
        raise NotImplementedError

    def draw_frame(self) -> None:
        """Says what is true now."""
        raise NotImplementedError

    def action_filter(self) -> None:
        """Opens the line to type a filter into."""
        self._refresher.ask_aside(Question(KNOWN, load_known))
        self._box.fit(self.size.height)
        self._box.open()

    def action_clear(self) -> None:
        """Clears the filter."""
        self._box.input.value = ""
        self._box.close()
        self._filter_by("")
        self.enter()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filters as it is typed."""
        if event.input is self._box.input:
            self._filter_by(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Keeps the filter, and goes back to the list; not as long as something is wrong."""
        if event.input is self._box.input and not self._scoping.problem:
            self._box.close()
            self.enter()

    def _filter_by(self, text: str) -> None:
        changed = self._scoping.read(text)
        self._box.hint(self._scoping.problem)
        if changed:
            self.view.scope = self._scoping.scope
            self.view.scoped()
            self.draw_frame()
            self._pulse.ask()
