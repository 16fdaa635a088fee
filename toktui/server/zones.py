"""Days of a team's zone."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from toktui.clock import Range, day_start_ms


@lru_cache(maxsize=64)
def zone_named(name: str) -> ZoneInfo:
    """The zone; its name was checked when the team was made."""
    return ZoneInfo(name)


@lru_cache(maxsize=1024)
def range_of(day: str, zone: str) -> Range:
    """The instants of a day."""
    date_of, there = date.fromisoformat(day), zone_named(zone)
    return Range(
        day_start_ms(date_of, there), day_start_ms(date_of + timedelta(days=1), there)
    )


def days_before(day: str, count: int) -> str:
    """The day so many days earlier."""
    return (date.fromisoformat(day) - timedelta(days=count)).isoformat()


def days_between(since: str, until: str) -> list[str]:
    """Every day from one to another, both included."""
    first = date.fromisoformat(since)
    count = (date.fromisoformat(until) - first).days + 1
    return [(first + timedelta(days=number)).isoformat() for number in range(count)]
