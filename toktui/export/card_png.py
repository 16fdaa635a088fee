"""The share card as PNG, with the bundled font; needs the extra `png`."""

from __future__ import annotations

from importlib.resources import as_file
from typing import TYPE_CHECKING, Final

from toktui.errors import ToktuiError
from toktui.export.card_svg import FAMILY, font_folder

if TYPE_CHECKING:
    from toktui.export.card_svg import Drawn

_SCALE: Final = 2
"""Pixels for each unit: sharp on every screen."""


def png_of(drawn: Drawn, title: str) -> bytes:
    """The picture; ToktuiError where the extra is not installed."""
    try:
        import resvg_py  # noqa: PLC0415  an extra
    except ImportError as error:
        raise ToktuiError(
            "A PNG needs resvg-py, which is not installed.",
            "Install `toktui[png]`, or write an SVG: toktui card --svg FILE",
        ) from error
    with as_file(font_folder()) as folder:
        return resvg_py.svg_to_bytes(
            svg_string=drawn.svg(title, fonts=False),
            # Other letters, of a project's name perhaps, come from this machine's fonts.
            skip_system_fonts=drawn.has_only_own_letters,
            font_dirs=[str(folder)],
            font_family=FAMILY,
            sans_serif_family=FAMILY,
            zoom=_SCALE,
        )
