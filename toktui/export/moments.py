"""Instants as people read them on the command line."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

_EPOCH: Final = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_SOON_MS: Final = 6 * 86_400_000


def moment(at_ms: int, now_ms: int, zone: ZoneInfo) -> str:
    """`16:40`; on another day of the week `Sat 16:40`, further away `29 Nov`."""
    utc = (_EPOCH + datetime.timedelta(milliseconds=each) for each in (at_ms, now_ms))
    at, now = (instant.astimezone(zone) for instant in utc)
    if at.date() == now.date():
        return f"{at:%H:%M}"
    return f"{at:%a %H:%M}" if abs(at_ms - now_ms) < _SOON_MS else f"{at.day} {at:%b}"
