"""The program with screens: three threads, one of which draws."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual.binding import Binding
from textual.widget import Widget

from toktui import clock
from toktui.text import clean
from toktui.tui.acting import ActingApp
from toktui.tui.carding import CARD
from toktui.tui.filter_box import KNOWN, FilterBox
from toktui.tui.frame import Frame
from toktui.tui.ingesting import Changed, Ingest
from toktui.tui.pulse import Pulse
from toktui.tui.refresher import Answer, ReadFailed, Refresher
from toktui.tui.scoping import Scoping
from toktui.tui.stage import Stage
from toktui.tui.taking import EXPORT
from toktui.tui.teaming import TeamAsked, TeamChanged
from toktui.tui.theme import THEMES
from toktui.tui.view import Open, View
from toktui.tui.views import tabs, view_types

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from zoneinfo import ZoneInfo

    from textual.app import ComposeResult
    from textual.theme import Theme

    from toktui.ingest.progress import Change
    from toktui.pricing.rates import RateBook
    from toktui.tui.teaming import TeamOutbox

_DIGITS: Final = 9
"""Screens that have a key."""


class ToktuiApp(ActingApp):
    """Shows one view at a time, and asks for its data whenever they may differ."""

    TITLE = "toktui"
    BINDINGS: ClassVar[list[Any]] = [
        Binding("escape", "leave", "back", show=False),
    ]
    CSS = "Screen { layout: vertical; }"

    def __init__(
        self,
        *,
        store: Path,
        zone: ZoneInfo,
        book: Callable[[], RateBook],
        now_ms: Callable[[], int] = clock.now_ms,
        ingest: Callable[[Callable[[Change], None]], Ingest] | None = None,
        outbox: Callable[[Callable[[bool], None]], TeamOutbox] | None = None,
        theme: str | None = None,
        keep_theme: Callable[[str], None] | None = None,
        store_name: str = "",
        home: str = "",
        demo: bool = False,
    ) -> None:
        super().__init__()
        self._now_ms = now_ms
        self._theme_wanted = theme
        self._keep_theme = keep_theme
        self._refresher = Refresher(
            store=store, zone=zone, now_ms=now_ms, book=book, post=self.post_message
        )
        self._scoping = Scoping(zone=zone, now_ms=now_ms)
        self._pulse = Pulse(
            refresher=self._refresher,
            view=lambda: self.view,
            scope=lambda: self._scoping.scope,
            now_ms=now_ms,
            set_timer=lambda seconds, wake: self.set_timer(seconds, wake),
        )
        self._make_ingest = ingest
        self._ingest: Ingest | None = None
        self._make_outbox = outbox
        self._outbox: TeamOutbox | None = None
        self._sending = False
        self.wants_demo = False
        """Whether the user left for the demo."""
        self._phase = ""
        self._frame = Frame(demo=demo)
        self._stage = Stage(zone=zone, store_name=store_name or str(store), home=home)
        self._box = FilterBox()

    # ---- beginning and end ----

    def compose(self) -> ComposeResult:
        """Tabs, notices, the stage, keys."""
        frame = self._frame
        yield from (frame.header, frame.notices, frame.scope_line)
        yield from (self._stage, self._box, frame.footer)

    def on_mount(self) -> None:
        """Themes, keys of the screens, the threads."""
        for theme in THEMES:
            self.register_theme(theme)
        known = self.available_themes
        wanted = self._theme_wanted
        self.theme = self._theme_wanted = wanted if wanted in known else THEMES[0].name
        self.theme_changed_signal.subscribe(self, self._theme_changed)
        for index, view in enumerate(tabs()[:_DIGITS], 1):
            self.bind(str(index), f"show('{view.KEY}')", description=view.LABEL, show=False)
        if not self.is_headless:
            self.leave_on_signals()
        self._refresher.start()
        self.enter()
        self.call_after_refresh(self._start_ingest)

    def _start_ingest(self) -> None:
        """Begins once something is seen: what the ingest imports is slow."""
        if not self.is_headless:
            # What is loaded now stays: to look through it time and again would hold up the screen.
            gc.freeze()
            gc.enable()
            # No key waits for what its screen imports.
            self.run_worker(view_types, thread=True, exit_on_error=False)
        if self._make_ingest is not None:
            self._ingest = self._make_ingest(self._tell)
            self._stage.take_progress(self._ingest.progress)
            self._ingest.start()
            self.draw_frame()
        if self._make_outbox is not None:
            self._outbox = self._make_outbox(self._tell_of_team)
            self._outbox.start()
            self._outbox.ready(yes=self._phase not in ("", "starting", "indexing"))

    def on_resize(self) -> None:
        """Notices may take more lines now, or fewer."""
        self.call_later(self.draw_frame)

    def on_unmount(self) -> None:
        """Ends the threads."""
        self._refresher.stop()
        if self._outbox is not None:
            self._outbox.stop()
        if self._ingest is not None:
            self._ingest.stop()

    def _tell(self, change: Change) -> None:
        """Called in the ingest's thread."""
        self.post_message(Changed(change))

    def _tell_of_team(self, sending: bool) -> None:
        """Called in the outbox's thread."""
        self.post_message(TeamChanged(sending))

    def wait_until_read(self, timeout_s: float) -> bool:
        """Whether everything that was asked of the store is read; not for the drawing thread."""
        return self._refresher.wait_until_idle(timeout_s)

    # ---- which view is seen ----

    @property
    def view(self) -> View[Any]:
        """The view that is seen."""
        return self._stage.view

    def action_show(self, key: str) -> None:
        """Shows a view that has a tab."""
        if self._stage.show(key):
            self.enter()

    def on_open(self, message: Open) -> None:
        """Shows a view about something; escape leads back."""
        if self._stage.open(message.view, message.about):
            self.enter()

    def on_demo_wanted(self) -> None:
        """Leaves for the demo."""
        self.wants_demo = True
        self.exit()

    def action_leave(self) -> None:
        """Out of the line of the filter, else to the view before, else out of the filter."""
        if self._box.display:
            self.action_clear()
        elif self._stage.back():
            self.enter()
        elif self._scoping.scope.text:
            self.action_clear()

    def action_back_to(self, place: int) -> None:
        """Goes back to a view of the trail."""
        if self._stage.back_to(place):
            self.enter()

    def enter(self) -> None:
        """Another view is seen, or may have the keys again: draws it once it has its size."""
        self.view.now_ms = self._now_ms()
        if self.view.scope != self._scoping.scope:
            self.view.scope = self._scoping.scope
            self.view.scoped()
        self.call_after_refresh(self._entered)

    def _entered(self) -> None:
        view = self.view
        if not self._box.display:
            self._focus(view)
        self._draw_all()
        view.entered()
        self._pulse.ask()

    @staticmethod
    def _focus(view: View[Any]) -> None:
        for child in view.walk_children(Widget):
            if child.can_focus and child.display:
                child.focus(scroll_visible=False)
                return

    # ---- data ----

    def on_ask(self) -> None:
        """The view looks at something else."""
        self._pulse.ask()

    def on_changed(self, message: Changed) -> None:
        """Follows the ingest."""
        progress = message.change.progress
        if progress.phase == "failed" and self._phase != "failed":
            self.notify(
                clean(progress.notice or "The logs are no longer read.", 300),
                title="Not reading", severity="error", markup=False, timeout=15,
            )  # fmt: skip
        self._phase = progress.phase
        if self._outbox is not None:
            self._outbox.ready(yes=progress.phase not in ("starting", "indexing"))
        self._stage.take_progress(progress)
        self.draw_frame()
        self._pulse.follow(indexing=progress.phase == "indexing")

    def on_team_changed(self, message: TeamChanged) -> None:
        """Follows the outbox, if that is seen."""
        self._sending = message.sending
        if self.view.FOLLOWS_OUTBOX:
            self._pulse.ask()

    def on_team_asked(self, message: TeamAsked) -> None:
        """Hands on what the user wants of the outbox."""
        if self._outbox is None:
            self.notify("Nothing is sent from here.", markup=False)
        elif message.what == "send":
            self._outbox.send_now()
        else:
            self._outbox.pause(on=message.what == "pause")

    def on_answer(self, message: Answer) -> None:
        """Gives the data to the view, if it is still the one that is seen."""
        view = self.view
        if message.question.view == KNOWN:
            self._box.know(message.data)
        elif message.question.view == EXPORT:
            self.take_export(message.data)
        elif message.question.view == CARD:
            self.take_card(message.data)
        if message.question.view != view.KEY:
            return
        self._frame.notices.failure = ""
        if message.question.about == view.about and message.question.scope == view.scope:
            view.sending = self._sending
            view.show(message.data, self._now_ms())
        self.draw_frame()
        self._pulse.wait()

    def on_no_store(self) -> None:
        """Nothing was read yet."""
        self._draw_all()

    def on_read_failed(self, message: ReadFailed) -> None:
        """Says so, and tries again."""
        self.log.error(message.error)
        self._frame.notices.failure = clean(f"The store could not be read: {message.error}")
        self.draw_frame()
        self._pulse.ask_again()

    def _theme_changed(self, theme: Theme) -> None:
        keep = self._keep_theme
        if keep is not None and theme.name != self._theme_wanted:
            self._theme_wanted = theme.name
            self.run_worker(lambda: keep(theme.name), thread=True, exit_on_error=False)
        self._draw_all()

    def _draw_all(self) -> None:
        self.draw_frame()
        self.view.redraw()

    def draw_frame(self) -> None:
        """What stands around the view."""
        progress = self._ingest.progress if self._ingest else None
        self._frame.draw(self._stage, progress, self._scoping.scope)
