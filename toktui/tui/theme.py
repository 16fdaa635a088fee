"""Our themes, and the colours that drawings use under any theme."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.style import Style
from textual.color import Color, ColorParseError
from textual.theme import BUILTIN_THEMES, Theme

if TYPE_CHECKING:
    from collections.abc import Mapping

DARK: Final = Theme(
    name="toktui-dark",
    primary="#e8a33d",
    secondary="#5b9bd5",
    accent="#e8a33d",
    foreground="#d7dae0",
    background="#101318",
    surface="#161a21",
    panel="#1f252e",
    success="#7fb685",
    warning="#e8a33d",
    error="#e5645a",
    dark=True,
    variables={
        "ink-dim": "#8a94a3",
        "ink-faint": "#687385",
        "read": "#44679a",
        "write": "#c97b3d",
        "fresh": "#b85c8e",
        "output": "#7fb685",
        "series-1": "#5b9bd5",
        "series-2": "#e8a33d",
        "series-3": "#7fb685",
        "series-4": "#b07cc6",
        "series-5": "#4db6ac",
        "series-6": "#d16d6a",
        "block-cursor-foreground": "#ffffff",
        "block-cursor-background": "#2b3442",
        "input-selection-background": "#2b3442",
    },
)
LIGHT: Final = Theme(
    name="toktui-light",
    primary="#b3610a",
    secondary="#2f6ca8",
    accent="#b3610a",
    foreground="#23272e",
    background="#faf8f4",
    surface="#f2efe8",
    panel="#e6e1d6",
    success="#3d7d48",
    warning="#b3610a",
    error="#bf3a30",
    dark=False,
    variables={
        "ink-dim": "#5f636b",
        "ink-faint": "#85827a",
        "read": "#9db8d6",
        "write": "#d98b3f",
        "fresh": "#b85c8e",
        "output": "#5d9c68",
        "series-1": "#2f6ca8",
        "series-2": "#c97512",
        "series-3": "#3d7d48",
        "series-4": "#8a4fa8",
        "series-5": "#1d857b",
        "series-6": "#bf3a30",
        "block-cursor-foreground": "#000000",
        "block-cursor-background": "#dcd5c6",
    },
)
SAFE: Final = Theme(
    name="toktui-safe",
    primary="#e69f00",
    secondary="#56b4e9",
    accent="#e69f00",
    foreground="#e6e8eb",
    background="#0e1116",
    surface="#151a21",
    panel="#1f252e",
    success="#56b4e9",
    warning="#f0e442",
    error="#ee7a33",
    dark=True,
    variables={
        "ink-dim": "#9aa4b2",
        "ink-faint": "#727d8e",
        "read": "#0072b2",
        "write": "#e69f00",
        "fresh": "#d55e00",
        "output": "#f0e442",
        "series-1": "#0072b2",
        "series-2": "#f0e442",
        "series-3": "#d55e00",
        "series-4": "#56b4e9",
        "series-5": "#009e73",
        "series-6": "#e0a3c8",
        "block-cursor-foreground": "#ffffff",
        "block-cursor-background": "#2b3442",
        "input-selection-background": "#2b3442",
    },
)
"""Colours of Okabe and Ito, which people with any colour vision tell apart; what stands beside each
other also differs in lightness, and good and bad never only in red and green."""
THEMES: Final = (DARK, LIGHT, SAFE)


def known_themes() -> tuple[str, ...]:
    """Names that `[ui] theme` may have, ours first."""
    return (*(theme.name for theme in THEMES), *BUILTIN_THEMES)


SERIES: Final = 6


_MISSING: Final = Color.parse("#888888")


def dark_enough(color: str, *, dark: bool) -> bool:
    """Whether text of a theme so dark or light can be read on a ground of this colour."""
    return (Color.parse(color).brightness < 0.5) is dark


class Palette:
    """Styles by what they mean, for one theme. Colours of other themes stand in for ours."""

    def __init__(self, variables: Mapping[str, str], *, dark: bool) -> None:
        self._variables = variables
        self.dark = dark
        ink = self._color("foreground")
        ground = self._color("background")
        self.text = Style(color=ink.rich_color)
        self.strong = Style(color=ink.rich_color, bold=True)
        self.dim = self._style("ink-dim", ink.blend(ground, 0.42))
        self.faint = self._style("ink-faint", ink.blend(ground, 0.72))
        self.accent = Style(color=self._color("accent").rich_color)
        self.hot = Style(color=self._color("accent").rich_color, bold=True)
        self.good = Style(color=self._color("success").rich_color)
        self.warning = Style(color=self._color("warning").rich_color)
        self.error = Style(color=self._color("error").rich_color, bold=True)
        self.ground = Style(color=ink.blend(ground, 0.86).rich_color)
        self.read = self._style("read", self._color("secondary").blend(ground, 0.35))
        self.write = self._style("write", self._color("warning"))
        self.fresh = self._style("fresh", self._color("error"))
        self.output = self._style("output", self._color("success"))
        stand_ins = ("secondary", "accent", "success", "error", "primary", "warning")
        self.series = tuple(
            self._style(f"series-{i}", self._color(name)) for i, name in enumerate(stand_ins, 1)
        )
        own = variables.get("block-cursor-background", "")
        marked = Color.parse(own) if own.startswith("#") and dark_enough(own, dark=dark) else None
        self.cursor = Style(bgcolor=(marked or ink.blend(ground, 0.84)).rich_color)

    @property
    def buckets(self) -> tuple[Style, Style, Style, Style, Style]:
        """In the order of `model.BUCKETS`."""
        return (self.fresh, self.read, self.write, self.write, self.output)

    def _color(self, name: str) -> Color:
        try:
            return Color.parse(self._variables[name])
        except (KeyError, ColorParseError):
            return _MISSING

    def _style(self, name: str, otherwise: Color) -> Style:
        own = self._variables.get(name)
        return Style(color=(Color.parse(own) if own else otherwise).rich_color)
