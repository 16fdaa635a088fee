"""The main board as the server gave it last: cleaned, checked, and lenient about what is new."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Final

import msgspec

from toktui.team.wire.document import MOST, SIZES
from toktui.text import clean

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_BOARD: Final = 2 * 1024 * 1024
MOST_LISTED: Final = 2000
_MOST_BADGES: Final = 6
_Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
_Count = Annotated[int, msgspec.Meta(ge=0, le=MOST)]
_Money = Annotated[int, msgspec.Meta(ge=0, le=(1 << 63) - 1)]
_Index = Annotated[float, msgspec.Meta(ge=0)]


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """One listed member, or this one. None is not known, and never 0."""

    name: str
    appearance: str = ""
    is_you: bool = False
    place: int | None = None
    index: _Index | None = None
    missing: str = ""
    """Why there is no index yet, in the server's words."""
    changes: dict[str, int] = {}
    cost_nusd: _Money | None = None
    cost_per_unit_nusd: _Money | None = None
    trend: _Index | None = None
    """What a unit costs now as a multiple of the own best."""
    linked_share: _Share | None = None
    linked_unpriced: _Count = 0
    """Landed changes whose cost is not known, or only in part: the share is so much at least."""
    lacks_unpriced: bool = False
    unread_days: _Count = 0
    """On which not every log could be read."""
    holds_estimates: bool = False
    tokens: _Money = 0
    cache_hit_rate: _Share | None = None
    active_days: _Count = 0
    level: str | None = None
    """`live`: most of the days came soon after their end."""
    badges: tuple[str, ...] = ()

    @property
    def landed(self) -> int:
        """Changes of all sizes."""
        return sum(self.changes.values())


class Board(msgspec.Struct, frozen=True, kw_only=True):
    """The last 28 closed days of a team."""

    schema: str = ""
    team: str
    zone: str = ""
    since: str = ""
    until: str = ""
    usual_nusd: _Money | None = None
    members: _Count = 0
    hidden: _Count | None = None
    counted: _Count = 0
    standings: tuple[Standing, ...] = ()
    you: Standing | None = None


def read_board(body: bytes) -> Board | None:
    """The board; None for what is none."""
    if len(body) > MOST_BOARD:
        return None
    try:
        found = msgspec.json.decode(body, type=Board)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
    if not found.schema.startswith("toktui.board/"):
        return None
    return msgspec.structs.replace(
        found, team=clean(found.team, 60), zone=clean(found.zone, 40), since=clean(found.since, 10),
        until=clean(found.until, 10), standings=tuple(map(_clean, found.standings[:MOST_LISTED])),
        you=None if found.you is None else _clean(found.you),
    )  # fmt: skip


def _clean(one: Standing) -> Standing:
    return msgspec.structs.replace(
        one, name=clean(one.name, 40).strip() or "?", appearance=clean(one.appearance, 12),
        missing=clean(one.missing, 60), index=_finite(one.index),
        trend=_finite(one.trend), level=None if one.level is None else clean(one.level, 16),
        place=one.place if one.place is not None and 0 < one.place < 100_000 else None,
        changes=_sizes(one.changes),
        badges=tuple(clean(badge, 24) for badge in one.badges[:_MOST_BADGES]),
    )  # fmt: skip


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _sizes(changes: Mapping[str, int]) -> dict[str, int]:
    return {size: min(MOST, max(0, changes.get(size, 0))) for size in SIZES}
