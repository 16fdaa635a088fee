"""What can be done on every screen: by key, by a click, by the palette."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from textual import actions
from textual.app import SystemCommand
from textual.binding import Binding

from toktui.tui.filtering import FilteringApp
from toktui.tui.frame import EVERYWHERE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.screen import Screen


class ActingApp(FilteringApp):
    """Help, palette, and what a key of the view that is seen does."""

    ENABLE_COMMAND_PALETTE = True
    BINDINGS: ClassVar[list[Any]] = [Binding("question_mark", "help", "help")]

    def action_show(self, key: str) -> None:
        """Shows a view that has a tab."""
        raise NotImplementedError

    def action_leave(self) -> None:
        """Goes back."""
        raise NotImplementedError

    def action_in_view(self, action: str, argument: str = "") -> None:
        """Does what a key of the view does, for clicks and the palette.

        Nothing, if what was clicked belongs to a view that is no longer seen.
        """
        _, name, given = actions.parse(action)
        does = getattr(self.view, f"action_{name}", None)
        if does is not None:
            does(*given, *([argument] if argument else []))

    def action_help(self) -> None:
        """The keys of this screen."""
        from toktui.tui.help import Help  # noqa: PLC0415  seldom needed

        self.push_screen(Help(self.view.LABEL, self.view.MEANINGS, EVERYWHERE))

    def action_command_palette(self) -> None:
        """Every action."""
        from toktui.tui.sheets import Palette  # noqa: PLC0415  seldom needed

        if not isinstance(self.screen, Palette):
            self.push_screen(Palette.of_actions())

    def search_themes(self) -> None:
        """Every theme; called by Textual's action."""
        from toktui.tui.sheets import Palette  # noqa: PLC0415  seldom needed

        self.push_screen(Palette.of_themes())

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """Every screen and every action of this one, in the palette."""
        from toktui.tui.commands import commands_of  # noqa: PLC0415  seldom needed

        yield from commands_of(self)
        for command in super().get_system_commands(screen):  # pyright: ignore[reportUnknownMemberType]
            # Textual's list of keys and its large widgets would stand on our screens, not in them.
            if command.title in ("Theme", "Quit"):
                yield command
