"""Instants as people read them on the command line."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from toktui.metrics.pace import RunsOut

_EPOCH: Final = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_SOON_MS: Final = 6 * 86_400_000


def moment(at_ms: int, now_ms: int, zone: ZoneInfo) -> str:
    """`16:40`; on another day of the week `Sat 16:40`, further away `29 Nov`."""
    utc = (_EPOCH + datetime.timedelta(milliseconds=each) for each in (at_ms, now_ms))
    at, now = (instant.astimezone(zone) for instant in utc)
    if at.date() == now.date():
        return f"{at:%H:%M}"
    return f"{at:%a %H:%M}" if abs(at_ms - now_ms) < _SOON_MS else f"{at.day} {at:%b}"


def full_at(when: RunsOut, now_ms: int, zone: ZoneInfo) -> str:
    """`full 16:10–17:05`; `not full before 16:10` where the window may begin anew first."""
    begins = moment(when.early_ms, now_ms, zone)
    if when.late_ms is None:
        return f"not full before {begins}"
    early = f"full {begins}"
    if when.late_ms <= now_ms:
        return "probably full"
    late = moment(when.late_ms, now_ms, zone)
    return early if early.endswith(late) else f"{early}–{late}"
