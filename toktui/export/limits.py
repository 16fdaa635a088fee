"""The windows of plans in `toktui now`: as documents and as lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from toktui.clock import iso
from toktui.export.figures import UNKNOWN, dollars, span
from toktui.export.moments import full_at
from toktui.text import clean

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from toktui.metrics.limits import Limit


class RunsOutAt(msgspec.Struct, frozen=True):
    """When a window is full at the present burn; `late` null: perhaps not before it resets."""

    early: str
    late: str | None


class LimitSeen(msgspec.Struct, frozen=True, kw_only=True):
    """A window of a plan. One that has begun anew since `as_of` is unknown: null."""

    agent: str
    name: str
    used_percent: float | None
    resets_at: str | None
    source: str
    as_of: str
    pace: float | None
    """The used share over the elapsed share when it was seen; above 1 it runs out too early."""
    runs_out_at: RunsOutAt | None


def as_seen(limit: Limit) -> LimitSeen:
    """The document of one window."""
    when = limit.runs_out
    return LimitSeen(
        agent=limit.agent,
        name=limit.name,
        used_percent=limit.used_percent,
        resets_at=_time(limit.resets_ms),
        source=limit.source,
        as_of=iso(limit.as_of_ms),
        pace=None if limit.pace is None else round(limit.pace, 3),
        runs_out_at=None if when is None else RunsOutAt(iso(when.early_ms), _time(when.late_ms)),
    )


def _time(at_ms: int | None) -> str | None:
    return None if at_ms is None else iso(at_ms)


def limit_line(limit: Limit, now_ms: int, zone: ZoneInfo) -> str:
    """What is known of one window."""
    words: list[str] = []
    if limit.used_percent is not None:
        words.append(f"{limit.used_percent:.0f} % used")
    elif limit.source == "official":
        words.append(f"{UNKNOWN}, it has begun anew")
    else:
        words.append(f"{dollars(limit.cost_nusd, lacking=limit.unpriced > 0)} in the block")
    if limit.pace is not None:
        words.append(f"pace {limit.pace:.2f}")
    if limit.resets_ms is not None:
        words.append(f"resets in {span((limit.resets_ms - now_ms) / 1000)}")
    if limit.runs_out is not None:
        words.append(f"{full_at(limit.runs_out, now_ms, zone)} at this burn")
    age = ""
    if limit.source == "official":
        age = f", seen {span((now_ms - limit.as_of_ms) / 1000)} ago"
    return f"Limit   {limit.agent} {clean(limit.name)}: {', '.join(words)} ({limit.source}{age})"
