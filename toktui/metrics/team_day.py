"""What was called in a stretch of time, by agent, model and tier: the rollup of quarters, added up.

Knows nothing of projects and branches, so that what a team is sent cannot, either.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from toktui.clock import QUARTER_MS, Range
from toktui.model import TIERS, Tier

if TYPE_CHECKING:
    import sqlite3

MEASURES: Final = (
    "calls", "input", "cache_read", "cache_write_5m", "cache_write_1h", "output", "reasoning",
    "web_search", "estimated", "estimated_tokens", "unpriced", "unpriced_tokens", "cost_nusd",
)  # fmt: skip


class DayRow(msgspec.Struct, frozen=True):
    """Calls of one agent, model and tier; `priced_as` is empty where they have no price."""

    agent: str
    model: str
    priced_as: str
    tier: Tier
    sums: dict[str, int]


def load_team_day(db: sqlite3.Connection, within: Range) -> tuple[DayRow, ...]:
    """The rows of whole quarters of an hour."""
    sums = ", ".join(f"sum(q.{name})" for name in MEASURES)
    found = db.execute(
        f"select a.text, m.text, p.text, q.tier, {sums} from quarter q"
        " join name a on a.id = q.agent join name m on m.id = q.model"
        " join name p on p.id = q.priced"
        " where q.quarter >= ? and q.quarter < ? group by 1, 2, 3, 4 order by 1, 2, 3, 4",
        (within.start_ms // QUARTER_MS, within.end_ms // QUARTER_MS),
    )
    return tuple(
        DayRow(agent, model, priced, TIERS[int(tier)], dict(zip(MEASURES, numbers, strict=True)))
        for agent, model, priced, tier, *numbers in found
    )


def load_call_keys(db: sqlite3.Connection, within: Range) -> dict[str, list[str]]:
    """The ids of the calls in a stretch of time, by agent."""
    keys: dict[str, list[str]] = {}
    for agent, key in db.execute(
        "select a.text, c.key from session s cross join call c on c.session = s.id"
        " join name a on a.id = c.agent"
        " where s.last_ms >= ?1 and s.first_ms < ?2 and c.at_ms >= ?1 and c.at_ms < ?2",
        (within.start_ms, within.end_ms),
    ):
        keys.setdefault(agent, []).append(key)
    return keys


def first_day_ms(db: sqlite3.Connection) -> int | None:
    """The first quarter of an hour with calls; None without any."""
    (quarter,) = db.execute("select min(quarter) from quarter").fetchone()
    return None if quarter is None else int(quarter) * QUARTER_MS


_DOUBTFUL: Final = """
with doubtful (log, at_ms) as (
  select log, at_ms from misread
  union select id, null from log where problem <> '' and gone_ms is null
), span (at_ms, first_ms, last_ms) as (
  select d.at_ms,
    (select min(s.first_ms) from source o
      join session s on s.agent = l.agent and s.key = o.session where o.log = l.id),
    nullif(l.mtime_ns / 1000000, 0)
  from doubtful d join log l on l.id = d.log
)
select exists (
  select 1 from span
  where iif(at_ms is not null, at_ms >= ?1 and at_ms < ?2,
    coalesce(last_ms, ?1) >= ?1 and coalesce(first_ms, last_ms, ?1) < ?2)
)
"""


def is_partly_unread(db: sqlite3.Connection, within: Range) -> bool:
    """Whether calls of this time may be missing: a log could not be read, or not every line of it.

    When a line was written that nobody understands is not known: it was between the first call of
    its log and the log's last change. Of a log that could never be read nothing is known, so it may
    hold calls of any time.
    """
    return bool(db.execute(_DOUBTFUL, (within.start_ms, within.end_ms)).fetchone()[0])


def forgotten_ms(db: sqlite3.Connection) -> int | None:
    """When the user last had calls forgotten; None if never."""
    (made_ms,) = db.execute("select max(made_ms) from forgotten_rule").fetchone()
    return None if made_ms is None else int(made_ms)


class DaySums(msgspec.Struct, frozen=True):
    """All calls of a stretch of time; `cost_nusd` is of those that have a price."""

    calls: int = 0
    tokens: int = 0
    unpriced: int = 0
    estimated: int = 0
    cost_nusd: int = 0

    @property
    def priced_nusd(self) -> int | None:
        """The cost; None if nothing has a price."""
        return self.cost_nusd if self.calls > self.unpriced else None

    def __add__(self, other: DaySums) -> DaySums:
        return DaySums(
            self.calls + other.calls, self.tokens + other.tokens, self.unpriced + other.unpriced,
            self.estimated + other.estimated, self.cost_nusd + other.cost_nusd,
        )  # fmt: skip


def load_day_sums(db: sqlite3.Connection, within: Range) -> list[tuple[int, DaySums]]:
    """The sums of each quarter of an hour that has calls, with its start in UTC milliseconds."""
    found = db.execute(
        "select quarter, sum(calls), sum(input) + sum(cache_read) + sum(cache_write_5m)"
        " + sum(cache_write_1h) + sum(output), sum(unpriced), sum(estimated), sum(cost_nusd)"
        " from quarter"
        " where quarter >= ? and quarter < ? group by quarter",
        (within.start_ms // QUARTER_MS, within.end_ms // QUARTER_MS),
    )
    return [
        (quarter * QUARTER_MS, DaySums(calls, round(tokens), unpriced, estimated, cost or 0))
        for quarter, calls, tokens, unpriced, estimated, cost in found
    ]
