"""The middle of the screen: which view is seen, and the way back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from textual.containers import Container

from toktui.tui.views import is_view, tabs, view_type

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from textual.app import ComposeResult

    from toktui.ingest.progress import Progress
    from toktui.tui.view import View

KEPT: Final = 8
"""Views behind the one that is seen that keep their state; those before are made anew."""


@dataclass
class Step:
    """A view that led to the next one; without the view itself if there were too many since."""

    kind: type[View[Any]]
    about: object
    view: View[Any] | None


class Stage(Container):
    """Holds one view for each tab that was shown, and those that were opened from it.

    Each keeps its cursor, order and place until escape leads out of it, or another tab is shown.
    """

    DEFAULT_CSS = "Stage { height: 1fr; }"

    def __init__(self, *, zone: ZoneInfo, store_name: str, home: str = "") -> None:
        super().__init__(id="stage")
        self._zone = zone
        self._store_name = store_name
        self._home = home
        self._progress: Progress | None = None
        self._tabs: dict[str, View[Any]] = {}
        first = view_type(tabs()[0].KEY)
        view = self._tabs[first.KEY] = self._make(first, None)
        self._trail = [Step(first, None, view)]

    def compose(self) -> ComposeResult:
        """The first view; the others are mounted when they are opened."""
        yield self.view

    @property
    def view(self) -> View[Any]:
        """The view that is seen."""
        view = self._trail[-1].view
        assert view is not None
        return view

    @property
    def tab(self) -> str:
        """The tab that was shown last."""
        return self._trail[0].kind.KEY

    @property
    def has_way_back(self) -> bool:
        """Whether another view led to this one."""
        return len(self._trail) > 1

    @property
    def trail(self) -> list[str]:
        """What led here, and what is seen, in words."""
        return [step.view.title if step.view else step.kind.LABEL for step in self._trail]

    def opened(self, key: str) -> View[Any] | None:
        """The view of a tab, if it was ever shown."""
        return self._tabs.get(key)

    def show(self, key: str) -> bool:
        """Shows a view that has a tab; False if there is none with this key."""
        if all(key != tab.KEY for tab in tabs()):
            return False
        kind = view_type(key)
        self.view.display = False
        for step in self._trail[1:]:
            self._drop(step)
        view = self._tabs.get(key)
        if view is None:
            view = self._tabs[key] = self._make(kind, None)
            self.mount(view)
        view.display = True
        self._trail = [Step(kind, None, view)]
        return True

    def open(self, key: str, about: object) -> bool:
        """Shows a view about something, with a way back; False if it is what is seen, or unknown.

        The same view may be opened several times about different things.
        """
        here = self._trail[-1]
        if not is_view(key):
            return False
        kind = view_type(key)
        if kind is here.kind and about == here.about:
            return False
        self.view.display = False
        view = self._make(kind, about)
        self.mount(view)
        self._trail.append(Step(kind, about, view))
        for step in self._trail[1 : -1 - KEPT]:
            self._drop(step)
        return True

    def back(self) -> bool:
        """Shows the view before; False if this is the first one."""
        if not self.has_way_back:
            return False
        self._drop(self._trail.pop())
        before = self._trail[-1]
        if before.view is None:
            before.view = self._make(before.kind, before.about)
            self.mount(before.view)
        before.view.display = True
        return True

    def back_to(self, place: int) -> bool:
        """Shows the view at a place of the trail; False if there is none before this one."""
        if not 0 <= place < len(self._trail) - 1:
            return False
        while len(self._trail) - 1 > place:
            self.back()
        return True

    def take_progress(self, progress: Progress) -> None:
        """Tells all views, and those to come, how far the ingest is."""
        self._progress = progress
        views = {id(view): view for view in self._tabs.values()}
        views |= {id(step.view): step.view for step in self._trail if step.view is not None}
        for view in views.values():
            view.show_progress(progress)

    @staticmethod
    def _drop(step: Step) -> None:
        if step.view is not None:
            step.view.remove()
            step.view = None

    def _make(self, kind: type[View[Any]], about: object) -> View[Any]:
        view = kind(zone=self._zone, about=about)
        view.progress = self._progress
        view.store_name = self._store_name
        view.home = self._home
        return view
