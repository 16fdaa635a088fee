"""What stands around the stage: tabs and state above, notices, keys below."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from textual.binding import Binding

from toktui.metrics.live import Live
from toktui.tui.views import tabs
from toktui.tui.widgets.header import SCREENS, Footer, Header, Notices
from toktui.tui.widgets.scope_line import ScopeLine

if TYPE_CHECKING:
    from toktui.ingest.progress import Progress
    from toktui.metrics.scope import Scope
    from toktui.tui.stage import Stage
    from toktui.tui.view import View

EVERYWHERE: Final = (
    ("1 … 9", "screens"),
    ("/", "filter for all screens: agent:codex model:opus* project:shop since:7d"),
    ("esc", "back; where there is no way back it clears the filter"),
    ("y, Y", "copy the row under the cursor, the whole table"),
    ("e", "export what is seen: CSV, JSON, Markdown, SVG"),
    ("C", "share card: one picture to post, which names no project"),
    ("ctrl+p", "palette: every action, themes"),
    ("?", "this help"),
    ("q", "quit"),
)


class Frame:
    """The three widgets, and what they say of the stage."""

    def __init__(self, *, demo: bool) -> None:
        self.header = Header([(view.KEY, view.LABEL) for view in tabs()], demo=demo)
        self.notices = Notices()
        self.scope_line = ScopeLine()
        self.footer = Footer()

    def draw(self, stage: Stage, progress: Progress | None, scope: Scope) -> None:
        """Says what is true now."""
        live = stage.opened("live")
        data = live.data if live is not None and isinstance(live.data, Live) else None
        header, notices, footer = self.header, self.notices, self.footer
        header.current = stage.tab
        header.progress = notices.progress = progress
        header.live = notices.live = data
        header.redraw()
        notices.refresh_notice()
        self.scope_line.take(scope, stage.trail, stage.view.filter_note(scope))
        footer.filter_text = scope.text
        footer.keys = _keys(stage)
        footer.redraw()


def bindings_of(kind: type[View[Any]]) -> list[Binding]:
    """The keys that only this view has."""
    return [binding for binding in kind.BINDINGS if isinstance(binding, Binding)]


def offered_by(view: View[Any]) -> list[Binding]:
    """The keys of a view that do something now."""
    return [binding for binding in bindings_of(type(view)) if view.can(binding.action)]


def _keys(stage: Stage) -> list[tuple[str, str, str]]:
    """Key, word and action of what can be done here; help and quit last."""
    view = stage.view
    keys = [("esc", "back", "app.leave")] if stage.has_way_back else []
    keys.append((f"1-{len(tabs())}", SCREENS, f"app.show('{_tab_after(stage.tab)}')"))
    keys.append(("/", "filter", "app.filter"))
    if view.OPENS and view.can("open"):
        keys.append(("enter", "open", "app.in_view('open')"))
    keys.extend(
        (binding.key, binding.description, f"app.in_view({binding.action!r})")
        for binding in offered_by(view)
        if binding.show
    )
    keys.extend(
        [
            ("e", "export", "app.export"),
            ("ctrl+p", "palette", "app.command_palette"),
            ("?", "help", "app.help"),
            ("q", "quit", "app.quit"),
        ]
    )
    return keys


def _tab_after(key: str) -> str:
    keys = [view.KEY for view in tabs()]
    return keys[(keys.index(key) + 1) % len(keys)]
