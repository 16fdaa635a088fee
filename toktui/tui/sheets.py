"""What lies over the screen and is closed again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual.await_complete import AwaitComplete
from textual.command import CommandList, CommandPalette, DiscoveryHit, Hit, Hits
from textual.content import Content
from textual.system_commands import SystemCommandsProvider
from textual.theme import ThemeProvider

if TYPE_CHECKING:
    from textual.worker import Worker


_TITLE: Final = 22
"""Cells of a title, before what is said of it."""


class Actions(SystemCommandsProvider):
    """Every action in a line; before anything is searched those of this screen first."""

    async def discover(self) -> Hits:
        """In the order in which the app names them."""
        for title, words, callback, discover in self.app.get_system_commands(self.screen):  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
            if discover:
                yield DiscoveryHit(_line(Content(title), words), callback, title)

    async def search(self, query: str) -> Hits:
        """Those whose title fits."""
        matcher = self.matcher(query)
        for title, words, callback, *_ in self.app.get_system_commands(self.screen):  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
            if (match := matcher.match(title)) > 0:
                yield Hit(match, _line(matcher.highlight(title), words), callback, title)


def _line(title: Content, words: str) -> Content:
    gap = " " * max(2, _TITLE - title.cell_length)
    return Content.assemble(title, gap, Content.styled(words, "dim"))


class Palette(CommandPalette):
    """Textual's palette, which by itself ends the program where it is told to close twice, by two
    fast clicks beside it, where a letter comes after escape, and where it pages through a list for
    which the terminal has no room.
    """

    @classmethod
    def of_actions(cls) -> Palette:
        """Every action there is."""
        return cls(providers=[Actions], id="--command-palette")

    @classmethod
    def of_themes(cls) -> Palette:
        """Every theme there is."""
        return cls(providers=[ThemeProvider], placeholder="Search for themes…")

    def dismiss(self, result: None = None) -> AwaitComplete:
        """Closes itself, and nothing else, however often it is told to."""
        return super().dismiss(result) if self.is_current else AwaitComplete()

    def _gather_commands(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, search_value: str
    ) -> Worker[None] | None:
        return super()._gather_commands(search_value) if self.is_current else None

    def _action_command_list(self, action: str) -> None:
        if self.query_one(CommandList).scrollable_content_region:
            super()._action_command_list(action)
