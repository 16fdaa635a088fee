"""What a share card says of a week, a month or a year: sums, and the days of the last year."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from toktui.clock import Range, local_date
from toktui.metrics.one_state import one_state
from toktui.metrics.range_sums import SHORT, groups_in, sums_in, sums_of_all
from toktui.metrics.spans import Span, so_far, span_of, to_the_same_moment
from toktui.metrics.year import YearDay, load_year

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping
    from typing import Literal
    from zoneinfo import ZoneInfo

    from toktui.metrics.question import Key
    from toktui.metrics.spans import Kind
    from toktui.metrics.sums import Sums

    Period = Literal["week", "month", "year"]

_KINDS: Final[Mapping[Period, Kind]] = {"week": "week", "month": "month", "year": "months"}


class Part(msgspec.Struct, frozen=True):
    """What one model, agent or project used."""

    name: str
    sums: Sums


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """The sums of a period so far, those of the one before up to the same moment, and a year."""

    period: Period
    span: Span
    sums: Sums
    before: Sums
    models: tuple[Part, ...]
    """By the rate book's name, else by the log's; the largest first."""
    agents: tuple[Part, ...]
    projects: tuple[Part, ...]
    """Only where they were asked for."""
    days: tuple[YearDay, ...]

    @property
    def active_days(self) -> int:
        """Days of the period with calls."""
        first, last = self.span.first, self.span.last
        return sum(first <= one.day <= last and one.sums.calls > 0 for one in self.days)


def load_card(
    db: sqlite3.Connection, period: Period, *, now_ms: int, zone: ZoneInfo, projects: bool = False
) -> Card:
    """Everything from one state of the store. Names of projects only if asked for."""
    today = local_date(now_ms, zone)
    span = span_of(_KINDS[period], today)
    within = so_far(span, zone, now_ms)
    earlier = span.moved(-1)
    with one_state(db):
        return Card(
            period=period,
            span=span,
            sums=sums_in(db, within),
            before=sums_in(db, to_the_same_moment(earlier, span, zone, now_ms)),
            models=_parts(db, within, "model"),
            agents=_parts(db, within, "agent"),
            projects=_parts(db, within, "project") if projects else (),
            days=load_year(db, today, zone),
        )


def _parts(db: sqlite3.Connection, within: Range, key: Key) -> tuple[Part, ...]:
    found: dict[str, list[list[int]]] = {}
    for group in groups_in(db, within, (key,), measures=SHORT):
        name = (group.priced_as if key == "model" else "") or group.words[0]
        found.setdefault(name, []).append(group.sums)
    parts = (Part(name, sums_of_all(rows, SHORT)) for name, rows in found.items())
    return tuple(
        sorted(parts, key=lambda p: (-(p.sums.cost_nusd or 0), -p.sums.tokens, p.name))
    )
