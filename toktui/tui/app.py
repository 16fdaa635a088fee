"""The program with screens: three threads, one of which draws."""

from __future__ import annotations

import asyncio
import logging
import signal
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Final, Protocol

from rich.text import Text
from textual.app import App, SystemCommand
from textual.binding import Binding
from textual.containers import Container
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input

from toktui import clock
from toktui.text import clean
from toktui.tui.crash import farewell, places
from toktui.tui.refresher import Answer, Question, ReadFailed, Refresher
from toktui.tui.theme import THEMES
from toktui.tui.view import Open, View
from toktui.tui.views import tabs, view_types
from toktui.tui.widgets.header import Footer, Header, Notices

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path
    from zoneinfo import ZoneInfo

    from textual.app import ComposeResult
    from textual.screen import Screen
    from textual.timer import Timer

    from toktui.ingest.context import Context
    from toktui.ingest.progress import Change, Progress
    from toktui.pricing.rates import RateBook

INDEXING_S: Final = 0.5
"""How often the screen follows a backlog that is being read; the reading needs the processor."""
SOONEST_S: Final = 0.05
INTERRUPTED: Final = 130
"""Exit code after ctrl+c."""
EVERYWHERE: Final = (
    ("1 … 9", "screens"),
    ("/", "filter, as you type"),
    ("esc", "back; clears the filter"),
    ("ctrl+p", "palette: every action, themes"),
    ("?", "this help"),
    ("q", "quit"),
)


_log = logging.getLogger("toktui.tui")


class Ingest(Protocol):
    """What the app needs of the ingest thread."""

    progress: Progress

    def start(self) -> None:
        """Starts reading."""
        ...

    def stop(self) -> None:
        """Ends after the transaction at hand."""
        ...


class Changed(Message):
    """The ingest committed something, or is somewhere else."""

    def __init__(self, change: Change) -> None:
        super().__init__()
        self.change = change

    def can_replace(self, message: Message) -> bool:
        """Only the latest state matters."""
        return isinstance(message, Changed)


class ToktuiApp(App[None]):
    """Shows one view at a time, and asks for its data whenever they may differ."""

    TITLE = "toktui"
    ENABLE_COMMAND_PALETTE = True
    BINDINGS: ClassVar[list[Any]] = [
        Binding("q", "quit", "quit"),
        Binding("question_mark", "help", "help"),
        Binding("slash", "filter", "filter"),
        Binding("escape", "leave", "back", show=False),
        # With priority, so that it works over every sheet and in the filter.
        Binding("ctrl+c", "interrupt", "quit", show=False, priority=True),
    ]
    CSS = """
    Screen { layout: vertical; }
    #stage { height: 1fr; }
    #filter { dock: bottom; height: 1; border: none; padding: 0 1; margin: 0 0 1 0;
              background: $panel; display: none; }
    #filter:focus { border: none; }
    """

    def __init__(
        self,
        *,
        store: Path,
        zone: ZoneInfo,
        book: Callable[[], RateBook],
        now_ms: Callable[[], int] = clock.now_ms,
        ingest: Callable[[Callable[[Change], None]], Ingest] | None = None,
        theme: str | None = None,
        store_name: str = "",
        demo: bool = False,
    ) -> None:
        super().__init__()
        self._zone = zone
        self._now_ms = now_ms
        self._theme_wanted = theme
        self._store_name = store_name or str(store)
        self._refresher = Refresher(
            store=store, zone=zone, now_ms=now_ms, book=book, post=self.post_message
        )
        self._make_ingest = ingest
        self._ingest: Ingest | None = None
        self._views: dict[str, View[Any]] = {}
        self._trail: list[str] = []
        self._due: Timer | None = None
        self._asked_soon: Timer | None = None
        self._filter = ""
        self._header = Header([(view.KEY, view.LABEL) for view in tabs()], demo=demo)
        self._notices = Notices()
        self._stage = Container(id="stage")
        self._box = Input(placeholder="filter: agent, project, model", id="filter", compact=True)
        self._footer = Footer()

    # ---- beginning and end ----

    def compose(self) -> ComposeResult:
        """Tabs, notices, the stage, keys."""
        yield from (self._header, self._notices, self._stage, self._box, self._footer)

    def on_mount(self) -> None:
        """Themes, keys of the screens, the first screen, the threads."""
        for theme in THEMES:
            self.register_theme(theme)
        known = self.available_themes
        self.theme = self._theme_wanted if self._theme_wanted in known else THEMES[0].name
        self.theme_changed_signal.subscribe(self, lambda _theme: self._draw_all())
        for index, view in enumerate(tabs(), 1):
            self.bind(str(index), f"show('{view.KEY}')", description=view.LABEL, show=False)
        if not self.is_headless:
            self._leave_on_signals()
        self._refresher.start()
        self.action_show(tabs()[0].KEY)
        self.call_after_refresh(self._start_ingest)

    def _leave_on_signals(self) -> None:
        """A signal to end leaves the terminal as it was."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, partial(self.exit, return_code=128 + number))

    def action_interrupt(self) -> None:
        """Copies the text that is selected, else ends the program."""
        if selected := self.screen.get_selected_text():
            self.copy_to_clipboard(selected)
        else:
            self.exit(return_code=INTERRUPTED)

    def _fatal_error(self) -> None:
        """Ends with a short traceback: Textual's own shows local variables, so what a log says."""
        error = self._exception
        if error is None:
            super()._fatal_error()
            return
        _log.error("the screens ended: %s", places(error))
        if not self._exit_renderables:
            self._exit_renderables.append(Text(farewell(error), overflow="fold"))
        self._close_messages_no_wait()

    def _start_ingest(self) -> None:
        """Begins once something is seen: what the ingest imports is slow."""
        if self._make_ingest is not None:
            self._ingest = self._make_ingest(self._tell)
            for view in self._views.values():
                view.show_progress(self._ingest.progress)
            self._ingest.start()
            self._draw_frame()

    def on_unmount(self) -> None:
        """Ends the threads."""
        self._refresher.stop()
        if self._ingest is not None:
            self._ingest.stop()

    def _tell(self, change: Change) -> None:
        """Called in the ingest's thread."""
        self.post_message(Changed(change))

    def wait_until_read(self, timeout_s: float) -> bool:
        """Whether everything that was asked of the store is read; not for the drawing thread."""
        return self._refresher.wait_until_idle(timeout_s)

    # ---- which view is seen ----

    @property
    def view(self) -> View[Any]:
        """The view that is seen."""
        return self._views[self._trail[-1]]

    def action_show(self, key: str) -> None:
        """Shows a view that has a tab."""
        self._go(key, None, fresh=True)

    def on_open(self, message: Open) -> None:
        """Shows a view about something; escape leads back."""
        self._go(message.view, message.about, fresh=False)

    def _go(self, key: str, about: object, *, fresh: bool) -> None:
        kinds = {view.KEY: view for view in view_types()}
        if key not in kinds:
            return
        if self._trail:
            self.view.display = False
        view = self._views.get(key)
        if view is None:
            view = kinds[key](zone=self._zone, about=about)
            view.progress = self._ingest.progress if self._ingest else None
            if hasattr(view, "store_name"):
                view.store_name = self._store_name  # type: ignore[attr-defined]
            self._views[key] = view
            self._stage.mount(view)
        elif about is not None:
            view.reopen(about)
        view.now_ms = self._now_ms()
        view.display = True
        view.filter_text = self._filter
        self._trail = [key] if fresh else [*(k for k in self._trail if k != key), key]
        self.call_after_refresh(self._entered)

    def _entered(self) -> None:
        view = self.view
        target = next(
            (child for child in view.walk_children(Widget) if child.can_focus and child.display),
            None,
        )
        if target is not None and not self._filtering():
            target.focus()
        self._draw_frame()
        view.redraw()
        view.entered()
        self._ask()

    def action_leave(self) -> None:
        """Clears the filter, else goes back to the view before."""
        box = self._box
        if box.display or self._filter:
            box.value = ""
            box.display = False
            self._filter_by("")
            self._entered()
        elif len(self._trail) > 1:
            self.view.display = False
            self._trail.pop()
            self.view.display = True
            self._entered()

    # ---- data ----

    def _ask(self) -> None:
        """Asks for the data of the view that is seen."""
        if self._asked_soon is not None:
            self._asked_soon.stop()
            self._asked_soon = None
        view = self.view
        self._refresher.ask(Question(view.KEY, type(view).load, view.about))

    def on_ask(self) -> None:
        """The view looks at something else."""
        self._ask()

    def on_changed(self, message: Changed) -> None:
        """Follows the ingest: at once when live, now and then while it reads a backlog."""
        progress = message.change.progress
        for view in self._views.values():
            view.show_progress(progress)
        self._draw_frame()
        if self._asked_soon is None:
            wait = INDEXING_S if progress.phase == "indexing" else SOONEST_S
            if wait == SOONEST_S and self._refresher.wait_until_idle(0):
                self._ask()
            else:
                self._asked_soon = self.set_timer(wait, self._ask)

    def on_answer(self, message: Answer) -> None:
        """Gives the data to the view, if it is still the one that is seen."""
        view = self._views.get(message.question.view)
        if view is None or view is not self.view:
            return
        self._notices.failure = ""
        if message.question.about == view.about:
            view.show(message.data, self._now_ms())
        self._draw_frame()
        self._wait_for_change()

    def on_no_store(self) -> None:
        """Nothing was read yet."""
        self.view.redraw()
        self._draw_frame()

    def on_read_failed(self, message: ReadFailed) -> None:
        """Says so, and tries again."""
        self.log.error(message.error)
        self._notices.failure = clean(f"The store could not be read: {message.error}")
        self._draw_frame()
        self._wake_in(2.0)

    def _wait_for_change(self) -> None:
        """Wakes up when a countdown moves on or when something ends; never else."""
        now_ms = self._now_ms()
        waits: list[float] = []
        if (changes := self.view.changes_ms()) is not None:
            waits.append(max(1.0, (changes - now_ms) / 1000 + 0.02))
        if self.view.counts_down():
            waits.append(1.0 - now_ms % 1000 / 1000 + 0.01)
        if waits:
            self._wake_in(min(waits))

    def _wake_in(self, seconds: float) -> None:
        if self._due is not None:
            self._due.stop()
        self._due = self.set_timer(seconds, self._wake)

    def _wake(self) -> None:
        self._due = None
        now_ms = self._now_ms()
        changes = self.view.changes_ms()
        if changes is None or now_ms >= changes:
            self._ask()
        else:
            self.view.tick(now_ms)
            self._wait_for_change()

    # ---- the frame around the view ----

    def _draw_all(self) -> None:
        self._draw_frame()
        if self._trail:
            self.view.redraw()

    def _draw_frame(self) -> None:
        if not self._trail:
            return
        progress = self._ingest.progress if self._ingest else None
        live = self._views["live"].data if "live" in self._views else None
        header, notices, footer = (
            self._header,
            self._notices,
            self._footer,
        )
        tab_keys = [view.KEY for view in tabs()]
        header.current = next((key for key in reversed(self._trail) if key in tab_keys), "")
        header.progress = notices.progress = progress
        header.live = notices.live = live
        header.redraw()
        notices.refresh_notice()
        footer.filter_text = self._filter
        footer.keys = self._keys()
        footer.redraw()

    def _keys(self) -> list[tuple[str, str, str]]:
        view = self.view
        keys = [("esc", "back", "app.leave")] if len(self._trail) > 1 else []
        keys.append((f"1-{len(tabs())}", "screens", f"app.show('{self._other_tab()}')"))
        keys.append(("/", "filter", "app.filter"))
        if view.OPENS:
            keys.append(("enter", "open", "app.in_view('open')"))
        keys.extend(
            (binding.key, binding.description, f"app.in_view('{binding.action}')")
            for binding in type(view).BINDINGS
            if isinstance(binding, Binding) and binding.show
        )
        keys.extend(
            [
                ("ctrl+p", "palette", "app.command_palette"),
                ("?", "help", "app.help"),
                ("q", "quit", "app.quit"),
            ]
        )
        return keys

    def _other_tab(self) -> str:
        """The tab after the one that is seen."""
        keys = [view.KEY for view in tabs()]
        at = next((keys.index(key) for key in reversed(self._trail) if key in keys), -1)
        return keys[(at + 1) % len(keys)]

    def action_in_view(self, action: str, argument: str = "") -> None:
        """Does what a key of the view does, for clicks and the palette."""
        does = getattr(self.view, f"action_{action}")
        does(argument) if argument else does()

    def action_help(self) -> None:
        """The keys of this screen."""
        from toktui.tui.help import Help  # noqa: PLC0415  seldom needed

        view = self.view
        self.push_screen(Help(view.LABEL, view.MEANINGS, EVERYWHERE))

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """Every screen and every action of this one, in the palette."""
        yield from super().get_system_commands(screen)  # pyright: ignore[reportUnknownMemberType]
        for view in tabs():
            yield SystemCommand(
                f"Show {view.LABEL}", "screen", lambda key=view.KEY: self.action_show(key)
            )
        for binding in type(self.view).BINDINGS:
            if isinstance(binding, Binding):
                yield SystemCommand(
                    f"{self.view.LABEL}: {binding.description}",
                    binding.key,
                    lambda action=binding.action: self.action_in_view(action),
                )
        yield SystemCommand("Filter", "agent, project or model", self.action_filter)

    # ---- filter ----

    def _filtering(self) -> bool:
        return bool(self._box.display)

    def action_filter(self) -> None:
        """Opens the line to type a filter into."""
        box = self._box
        box.cursor_blink = False
        box.display = True
        box.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filters as it is typed."""
        self._filter_by(event.value)

    def on_input_submitted(self) -> None:
        """Keeps the filter, and goes back to the list."""
        self._box.display = False
        self._entered()

    def _filter_by(self, text: str) -> None:
        text = clean(text)
        if text == self._filter:
            return
        self._filter = text
        self.view.filter(text)
        self._draw_frame()


def run(context: Context, *, demo: bool = False) -> int:
    """Runs the screens until the user leaves; gives the exit code. `demo` is only shown."""
    app = ToktuiApp(
        store=context.paths.store,
        zone=clock.zone(None, context.env, config=context.config.ui.timezone),
        book=context.book,
        now_ms=context.now_ms,
        ingest=partial(_ingest_of, context),
        theme=context.config.ui.theme,
        store_name=_short(context.paths.store, context.home),
        demo=demo,
    )
    app.run()
    return app.return_code or 0


def _ingest_of(context: Context, tell: Callable[[Change], None]) -> Ingest:
    from toktui.ingest.service import IngestService  # noqa: PLC0415  imports watchdog

    return IngestService(context, tell)


def _short(path: Path, home: Path) -> str:
    """A path as people write it."""
    return clean(f"~/{path.relative_to(home)}" if path.is_relative_to(home) else str(path), 200)
