"""The document of `toktui week --json`: `toktui.week/1`. Money is nano-dollars."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from toktui.metrics.report import Fees, TokenSums


class WeekTotals(msgspec.Struct, frozen=True, kw_only=True):
    """Sums of calls, as in `toktui.report/1`."""

    calls: int
    tokens: TokenSums
    fees: Fees
    cost_nusd: int | None
    cost_usd: float | None
    saved_nusd: int
    cache_hit_rate: float | None
    exactness: Mapping[str, int]
    estimated_calls: int
    unpriced_calls: int


class Amount(msgspec.Struct, frozen=True, kw_only=True):
    """What one agent or model cost."""

    name: str
    calls: int
    cost_nusd: int | None
    cost_usd: float | None
    unpriced_calls: int


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """A day of the week in the zone; `hours` is 23 or 25 where clocks change."""

    day: str
    hours: float
    totals: WeekTotals
    agents: tuple[Amount, ...]
    models: tuple[Amount, ...]


class LastWeek(msgspec.Struct, frozen=True, kw_only=True):
    """The week before, up to the same moment if this one still runs."""

    week: str
    until: str
    totals: WeekTotals


class Usual(msgspec.Struct, frozen=True, kw_only=True):
    """Medians of the last `weeks` weeks, up to the same moment."""

    weeks: int
    calls: int
    tokens: int
    cost_nusd: int | None
    cost_usd: float | None
    cache_hit_rate: float | None


class ChangePart(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the difference; `before` and `after` are the figure that is behind it."""

    cause: str
    nusd: int
    usd: float
    before: float | None
    after: float | None
    gained: str | None
    lost: str | None
    text: str | None


class WhyChanged(msgspec.Struct, frozen=True, kw_only=True):
    """The parts add up to `difference_nusd`, to the nano-dollar."""

    method: str
    groups: tuple[str, ...]
    before_nusd: int
    after_nusd: int
    difference_nusd: int
    parts: tuple[ChangePart, ...]


class TopPlace(msgspec.Struct, frozen=True, kw_only=True):
    """A project, branch, model or agent; `project` is that of a branch."""

    name: str | None
    project: str | None
    calls: int
    tokens: int
    cost_nusd: int | None
    cost_usd: float | None
    cache_hit_rate: float | None
    unpriced_calls: int


class TopSessionRow(msgspec.Struct, frozen=True, kw_only=True):
    """A session: what of it lies in the week."""

    id: str
    agent: str
    project: str | None
    model: str
    calls: int
    tokens: int
    cost_nusd: int | None
    cost_usd: float | None
    unpriced_calls: int


class Top(msgspec.Struct, frozen=True, kw_only=True):
    """The dearest first."""

    sessions: tuple[TopSessionRow, ...]
    projects: tuple[TopPlace, ...]
    branches: tuple[TopPlace, ...]
    models: tuple[TopPlace, ...]
    agents: tuple[TopPlace, ...]


class ColdTurns(msgspec.Struct, frozen=True, kw_only=True):
    """Turns that sent a context anew instead of reading it from the cache, and what that cost
    more. It is inside of the week's cost."""

    turns: int
    tokens: int
    extra_nusd: int
    extra_usd: float
    unpriced: int
    by: Mapping[str, Mapping[str, int]]


class WeekWaste(msgspec.Struct, frozen=True):
    """What could have been avoided; null where the store does not know it."""

    cold_turns: ColdTurns | None


class WeekBought(msgspec.Struct, frozen=True, kw_only=True):
    """Landed changes; `linked` are those that sessions made, and each of these costs all spend of
    the sessions that ended in the week over their number. Null where no repository was read in
    which one of these sessions worked."""

    changes: int | None
    linked: int | None
    reverted: int | None
    spent_nusd: int | None
    unlinked_nusd: int | None
    per_change_nusd: int | None
    unread_folders: int
    """With a repository that could not be read: more may have landed."""


class WeekDocument(msgspec.Struct, frozen=True, kw_only=True):
    """`toktui.week/1`."""

    schema: Literal["toktui.week/1"] = "toktui.week/1"
    generated_at: str
    timezone: str
    week: str
    since: str
    until: str
    running: bool
    totals: WeekTotals
    days: tuple[Day, ...]
    last_week: LastWeek | None
    usual: Usual | None
    change: WhyChanged | None
    top: Top
    waste: WeekWaste
    bought: WeekBought | None
