"""The middle of the screen: which view is seen, and the way back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual.containers import Container

from toktui.tui.views import tabs, view_types

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from textual.app import ComposeResult

    from toktui.ingest.progress import Progress
    from toktui.tui.view import View


class Stage(Container):
    """Holds the views that were opened so far, one of which is seen: at first the first tab."""

    DEFAULT_CSS = "Stage { height: 1fr; }"

    def __init__(self, *, zone: ZoneInfo, store_name: str) -> None:
        super().__init__(id="stage")
        self._zone = zone
        self._store_name = store_name
        self._progress: Progress | None = None
        self._views: dict[str, View[Any]] = {}
        first = tabs()[0]
        self._trail = [first.KEY]
        self._make(first, None)

    def compose(self) -> ComposeResult:
        """The first view; the others are mounted when they are opened."""
        yield self.view

    @property
    def view(self) -> View[Any]:
        """The view that is seen."""
        return self._views[self._trail[-1]]

    @property
    def tab(self) -> str:
        """The tab that was shown last."""
        keys = [view.KEY for view in tabs()]
        return next(key for key in reversed(self._trail) if key in keys)

    @property
    def has_way_back(self) -> bool:
        """Whether another view led to this one."""
        return len(self._trail) > 1

    def opened(self, key: str) -> View[Any] | None:
        """A view, if it was ever opened."""
        return self._views.get(key)

    def show(self, key: str) -> bool:
        """Shows a view that has a tab; False if there is none with this key."""
        return self._show(key, None, trail=[key])

    def open(self, key: str, about: object) -> bool:
        """Shows a view about something, with a way back; False if there is none with this key."""
        return self._show(key, about, trail=[*(k for k in self._trail if k != key), key])

    def back(self) -> bool:
        """Shows the view before; False if this is the first one."""
        if not self.has_way_back:
            return False
        self.view.display = False
        self._trail.pop()
        self.view.display = True
        return True

    def take_progress(self, progress: Progress) -> None:
        """Tells all views, and those to come, how far the ingest is."""
        self._progress = progress
        for view in self._views.values():
            view.show_progress(progress)

    def _show(self, key: str, about: object, *, trail: list[str]) -> bool:
        kind = next((view for view in view_types() if key == view.KEY), None)
        if kind is None:
            return False
        self.view.display = False
        view = self._views.get(key)
        if view is None:
            view = self._make(kind, about)
            self.mount(view)
        elif about is not None:
            view.reopen(about)
        view.display = True
        self._trail = trail
        return True

    def _make(self, kind: type[View[Any]], about: object) -> View[Any]:
        view = self._views[kind.KEY] = kind(zone=self._zone, about=about)
        view.progress = self._progress
        view.store_name = self._store_name
        return view
