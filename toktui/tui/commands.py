"""Every action of every screen, for the palette."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from textual.app import SystemCommand

from toktui.tui.frame import offered_by
from toktui.tui.views import tabs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from toktui.tui.acting import ActingApp


def commands_of(app: ActingApp) -> Iterator[SystemCommand]:
    """What can be done now: first what the view can do, then go, take, filter."""
    view = app.view
    for binding in offered_by(view):
        yield SystemCommand(
            f"{view.LABEL}: {binding.description}",
            f"key {binding.key}",
            partial(app.action_in_view, binding.action),
        )
    if view.OPENS and view.can("open"):
        yield SystemCommand(
            f"{view.LABEL}: open", "key enter", partial(app.action_in_view, "open")
        )
    for digit, kind in enumerate(tabs(), 1):
        show = partial(app.action_show, kind.KEY)
        yield SystemCommand(f"Show {kind.LABEL}", f"key {digit}", show)
    yield SystemCommand("Back", "to the screen before, key esc", app.action_leave)
    yield SystemCommand("Copy row", "of the table, with tabs, key y", app.action_copy_row)
    yield SystemCommand("Copy table", "as Markdown, key Y", app.action_copy_table)
    yield from app.copy_commands()
    yield SystemCommand("Export", "CSV, JSON, Markdown, SVG, key e", app.action_export)
    yield SystemCommand("Share card", "of a week, a month, a year, key C", app.action_card)
    yield SystemCommand("Filter", "by agent, model, project, time, key /", app.action_filter)
    yield SystemCommand("Clear the filter", "show everything", app.action_clear)
    yield SystemCommand("Help", "the keys of this screen, key ?", app.action_help)
