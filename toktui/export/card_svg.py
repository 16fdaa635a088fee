"""The few shapes that a share card is drawn of, as SVG; the same calls give the same bytes."""

from __future__ import annotations

from base64 import b64encode
from importlib.resources import files
from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import escape, quoteattr

import msgspec

from toktui.text import clean

if TYPE_CHECKING:
    from collections.abc import Iterable
    from importlib.resources.abc import Traversable

FAMILY: Final = "Inter"
REGULAR: Final = 400
BOLD: Final = 600
_WEIGHTS: Final = {REGULAR: "Inter-Regular", BOLD: "Inter-SemiBold"}
_OWN: Final = "\u2009\u2013\u2014\u2019\u2026\u2212\u2248\u2265"
"""Letters of the bundled font beyond Latin-1."""
_OTHERS: Final = "Inter, system-ui, 'Segoe UI', Helvetica, Arial, sans-serif"


class Ink(msgspec.Struct, frozen=True, kw_only=True):
    """The colours of a theme."""

    ground: str
    line: str
    text: str
    dim: str
    faint: str
    accent: str
    good: str
    buckets: tuple[str, str, str, str]
    """Cache read, cache write, input, output."""
    heat: tuple[str, str, str, str, str]
    """A day without calls, then from few tokens to many."""


INKS: Final = {
    "dark": Ink(
        ground="#101318", line="#232a34", text="#e6e8ec", dim="#9aa3b0", faint="#667081",
        accent="#e8a33d", good="#7fb685",
        buckets=("#44679a", "#c97b3d", "#b85c8e", "#7fb685"),
        heat=("#1b212a", "#4a3a1f", "#7d5a24", "#b57d2c", "#f0b357"),
    ),
    "light": Ink(
        ground="#faf8f4", line="#e3ddd0", text="#23272e", dim="#5f636b", faint="#8b887f",
        accent="#b3610a", good="#3d7d48",
        buckets=("#7f9fc6", "#d98b3f", "#b85c8e", "#5d9c68"),
        heat=("#ece7dc", "#f0d3a8", "#e2ad66", "#c97d26", "#8f4d06"),
    ),
}  # fmt: skip


class Drawn:
    """A picture that grows."""

    def __init__(self, width: int, height: int, ink: Ink) -> None:
        self.ink = ink
        self.width, self.height = width, height
        self._shapes: list[str] = []
        self._letters: set[str] = set()

    def rect(self, x: float, y: float, width: float, height: float, fill: str, *,
             round_by: float = 0, stroke: str = "") -> None:  # fmt: skip
        """A filled box, with round corners if asked for."""
        corner = f' rx="{_n(round_by)}"' if round_by else ""
        edge = f' stroke="{stroke}" stroke-width="1.5"' if stroke else ""
        self._shapes.append(
            f'<rect x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}"'
            f' fill="{fill}"{corner}{edge}/>'
        )

    def text(self, x: float, y: float, text: str, size: float, fill: str, *,
             weight: int = REGULAR, right: bool = False, most: int = 200) -> None:  # fmt: skip
        """Words from outside or of ours; `y` is their base line."""
        shown = clean(text, most)
        self._letters.update(shown)
        anchor = ' text-anchor="end"' if right else ""
        self._shapes.append(
            f'<text x="{_n(x)}" y="{_n(y)}" font-size="{_n(size)}" font-weight="{weight}"'
            f' fill="{fill}"{anchor}>{escape(shown)}</text>'
        )

    @property
    def has_only_own_letters(self) -> bool:
        """Whether the bundled font has a shape for every letter."""
        return all(ord(letter) < 0x100 or letter in _OWN for letter in self._letters)

    def svg(self, title: str, *, fonts: bool = True) -> str:
        """The picture; with `fonts` it carries its own, and looks the same everywhere."""
        style = "".join(_faces()) if fonts else ""
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{self.width}" height="{self.height}"'
            f' viewBox="0 0 {self.width} {self.height}" role="img"'
            f" aria-label={quoteattr(clean(title, 200))}>\n"
            f"<style>{style}text{{font-family:{_OTHERS};white-space:pre}}</style>\n"
            + "\n".join(self._shapes)
            + "\n</svg>\n"
        )


def font_folder() -> Traversable:
    """Where the bundled font lies, with its licence."""
    return files("toktui.export") / "fonts"


def _faces() -> Iterable[str]:
    for weight, name in _WEIGHTS.items():
        data = b64encode((font_folder() / f"{name}.woff2").read_bytes()).decode()
        yield (
            f"@font-face{{font-family:{FAMILY};font-weight:{weight};"
            f"src:url(data:font/woff2;base64,{data}) format('woff2')}}"
        )


def _n(value: float) -> str:
    """A length without needless digits."""
    return f"{value:.2f}".rstrip("0").rstrip(".")
