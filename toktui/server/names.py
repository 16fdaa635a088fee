"""Names of teams and members: cleaned, and told apart as a reader tells them apart."""

from __future__ import annotations

import unicodedata
from typing import Final

from toktui.server.refusal import Refused
from toktui.text import clean

_LOOKALIKES: Final = str.maketrans(
    "авгекмнорстухѕіјһԁԛԝαβγεζηικνορτυχϲϳօսհ",
    "abrekmhopctyxsijhdqwabyeznikvoptuxcjouh",
)
"""Letters of Cyrillic, Greek and Armenian of which one case is drawn as a Latin letter."""
_STROKES: Final = str.maketrans("I|10", "lllo")
"""What many fonts draw alike although it is one script."""


def readable(name: str, cells: int) -> str:
    """A name of a team or member, cleaned; refuses one of which nothing is left."""
    shown = clean(name, cells).strip()
    if not shown:
        raise Refused("wrong_value", "The name is empty.")
    return shown


def reads_alike(one: str, other: str) -> bool:
    """Whether a reader may take one name for the other."""
    return not set(_read_as(one)).isdisjoint(_read_as(other))


def _read_as(name: str) -> tuple[str, str]:
    """How a name reads: equal in the first or in the second for names that differ in case, width or
    spaces alone, in letters of another script that look alike, or in I, l, 1 and |."""
    wide = " ".join(unicodedata.normalize("NFKC", name).split())
    folded, strokes = (
        unicodedata.normalize("NFKC", one.casefold().translate(_LOOKALIKES))
        for one in (wide, wide.translate(_STROKES))
    )
    return folded, strokes
