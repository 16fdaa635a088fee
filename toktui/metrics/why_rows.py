"""What the store has of a call: its row, and what each source of each log says of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from toktui.evidence import Evidence, unpack
from toktui.ingest.quote import LogRow
from toktui.model import PARTS, Kind, Tokens

if TYPE_CHECKING:
    import sqlite3

_KINDS: Final[tuple[Kind, ...]] = ("row", "progress", "spawn", "ledger", "guess")
_PART_COLUMNS: Final = tuple(f"cost_{part}" for part in PARTS)
SELECT_CALLS: Final = (
    "select c.id, c.key, a.text, s.key, g.text, c.at_ms, p.text, b.text, v.text, m.text, r.text,"
    " c.tier, c.geo, c.exactness, c.flags, c.input, c.cache_read, c.cache_write_5m,"
    " c.cache_write_1h, c.output, c.reasoning, c.web_search, c.cost_nusd, c.reported_nusd,"
    " coalesce(t.key, ''), coalesce(t.body, ''),"
    f" {', '.join(f'c.{name}' for name in _PART_COLUMNS)}"
    " from call c join session s on s.id = c.session join name a on a.id = c.agent"
    " join name g on g.id = c.agent_id join name p on p.id = c.project"
    " join name b on b.id = c.branch join name v on v.id = c.version"
    " join name m on m.id = c.model join name r on r.id = c.priced"
    " left join rate t on t.id = c.rate"
    " where c.{column} = ? order by c.at_ms, c.key"
)


class StoredCall(msgspec.Struct, frozen=True):
    """A row of `SELECT_CALLS`."""

    number: int
    key: str
    agent: str
    session: str
    agent_id: str
    at_ms: int
    project: str
    branch: str
    version: str
    model: str
    priced_as: str
    tier: int
    geo: str
    exactness: int
    flags: int
    input: int
    cache_read: int
    cache_write_5m: int
    cache_write_1h: int
    output: int
    reasoning: int
    web_search: int
    cost_nusd: int | None
    reported_nusd: int | None
    rate_id: str
    rate_row: str
    cost_input: int
    cost_cache_read: int
    cost_cache_write_5m: int
    cost_cache_write_1h: int
    cost_output: int
    cost_fees: int

    @property
    def tokens(self) -> Tokens:
        """The buckets."""
        return Tokens(
            self.input,
            self.cache_read,
            self.cache_write_5m,
            self.cache_write_1h,
            self.output,
            self.reasoning,
        )

    @property
    def part_nusd(self) -> tuple[int, ...]:
        """The stored split of the cost, in the order of PARTS."""
        return (
            self.cost_input,
            self.cost_cache_read,
            self.cost_cache_write_5m,
            self.cost_cache_write_1h,
            self.cost_output,
            self.cost_fees,
        )


class SourceSeen(msgspec.Struct, frozen=True):
    """What one source of one log says of a call."""

    log: LogRow
    kind: Kind
    session: str
    agent_id: str
    generation: int
    reason: int
    evidence: Evidence


def load_sources(db: sqlite3.Connection, call: int) -> list[SourceSeen]:
    """All sources of a call, the counted one first."""
    rows = db.execute(
        "select l.id, l.path, l.offset, l.head, l.tail, l.generation, o.kind, o.session,"
        " o.agent_id, x.generation, x.reason, x.body, a.text"
        " from sighting x join source o on o.id = x.source join log l on l.id = o.log"
        " join name a on a.id = l.agent"
        " where x.call = ? order by x.reason >= 0, l.path, o.id",
        (call,),
    ).fetchall()
    return [_source(*row) for row in rows]


def _source(
    number: int, path: str, offset: int, head: bytes, tail: bytes, log_generation: int, kind: int,
    session: str, agent_id: str, generation: int, reason: int, body: bytes, agent: str,
) -> SourceSeen:  # fmt: skip
    log = LogRow(number, path, offset, head, tail, log_generation, agent)
    return SourceSeen(log, _KINDS[kind], session, agent_id, generation, reason, unpack(body))
