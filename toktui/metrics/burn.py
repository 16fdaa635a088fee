"""What is being burned: rates over the last minutes, and the last hour minute by minute."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

import msgspec

from toktui.clock import MINUTE_MS
from toktui.model import BUCKETS, EXACTNESS, FLAG_SUM, PARTS

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

WINDOWS: Final = (1, 5, 15)
"""Minutes over which burn rates are taken; the middle one is the headline."""
HEADLINE: Final = 5
HOUR: Final = 60
"""Minutes of the picture of the last hour."""
RESIDUAL: Final = EXACTNESS.index("residual")
ESTIMATED: Final = EXACTNESS.index("estimated")


class HotCall(msgspec.Struct, frozen=True, gc=False):
    """A call of the last hour, with its names written out. Residual calls are never hot."""

    number: int
    key: str
    session: int
    agent_id: str
    at_ms: int
    agent: str
    project: str
    model: str
    priced_as: str
    tier: int
    geo: str
    exactness: int
    input: int
    cache_read: int
    cache_write_5m: int
    cache_write_1h: int
    output: int
    window: int
    cost_nusd: int | None
    parts: tuple[int, int, int, int, int, int]
    """Nano-dollars of each of `model.PARTS`."""
    session_key: str
    branch: str = ""
    flags: int = 0

    @property
    def is_sum(self) -> bool:
        """Whether it is of several requests that nobody logged one by one: it has no context."""
        return bool(self.flags & FLAG_SUM)

    @property
    def prompt(self) -> int:
        """Tokens that were sent."""
        return self.input + self.cache_read + self.cache_write_5m + self.cache_write_1h

    @property
    def total(self) -> int:
        """All tokens."""
        return self.prompt + self.output

    @property
    def told_nusd(self) -> int | None:
        """The cost; None without a price, or where the log tells of no token: no call uses none."""
        return self.cost_nusd if self.total or self.cost_nusd else None


CALL_SELECT: Final = (
    "select c.id, c.key, c.session, g.text, c.at_ms, a.text, p.text, m.text, r.text, c.tier, c.geo,"
    " c.exactness, c.input, c.cache_read, c.cache_write_5m, c.cache_write_1h, c.output, c.window,"
    " c.cost_nusd, c.cost_input, c.cost_cache_read, c.cost_cache_write_5m, c.cost_cache_write_1h,"
    " c.cost_output, c.cost_fees, s.key, b.text, c.flags"
)
CALL_JOINS: Final = (
    " join name g on g.id = c.agent_id join name a on a.id = c.agent"
    " join name p on p.id = c.project join name m on m.id = c.model join name r on r.id = c.priced"
    " join name b on b.id = c.branch"
)


def call_of(row: Sequence[object]) -> HotCall:
    """A row of `CALL_SELECT` as a value."""
    return HotCall(*row[:19], tuple(row[19:25]), *row[25:28])  # type: ignore[arg-type]


def hot_calls(db: sqlite3.Connection, now_ms: int, *, minutes: int = HOUR + 1) -> list[HotCall]:
    """The calls in `(now - minutes, now]`, oldest first, without residual ones."""
    rows = db.execute(
        f"{CALL_SELECT} from session s indexed by session_last"
        " join call c on c.session = s.id and c.at_ms > ?1 and c.at_ms <= ?2"
        f"{CALL_JOINS} where s.last_ms > ?1 and c.exactness <> ?3 order by c.at_ms, c.id",
        (now_ms - minutes * MINUTE_MS, now_ms, RESIDUAL),
    )
    return [call_of(row) for row in rows]


class Burn(msgspec.Struct, frozen=True, gc=False):
    """What the calls of the last `minutes` of wall time used."""

    minutes: int
    calls: int = 0
    tokens: int = 0
    output_tokens: int = 0
    cost_nusd: int | None = 0
    """Of the priced calls; None if there are calls and none is priced."""
    unpriced: int = 0
    estimated: int = 0

    @property
    def tokens_per_min(self) -> float:
        """Tokens of all buckets per minute."""
        return self.tokens / self.minutes

    @property
    def output_tokens_per_min(self) -> float:
        """Output tokens per minute."""
        return self.output_tokens / self.minutes

    @property
    def nusd_per_hour(self) -> int | None:
        """List cost per hour at this pace, in nano-dollars; None: nothing priced."""
        return None if self.cost_nusd is None else round(self.cost_nusd * 60 / self.minutes)


def burn_of(calls: Iterable[HotCall], now_ms: int, minutes: int) -> Burn:
    """The burn of `(now - minutes, now]`."""
    after = now_ms - minutes * MINUTE_MS
    count = tokens = output = cost = unpriced = estimated = 0
    for call in calls:
        if not after < call.at_ms <= now_ms:
            continue
        count += 1
        tokens += call.total
        output += call.output
        estimated += call.exactness == ESTIMATED
        if call.cost_nusd is None:
            unpriced += 1
        else:
            cost += call.cost_nusd
    known = None if count and unpriced == count else cost
    return Burn(minutes, count, tokens, output, known, unpriced, estimated)


def burns_of(calls: Iterable[HotCall], now_ms: int) -> tuple[Burn, ...]:
    """One burn for each of `WINDOWS`."""
    kept = list(calls)
    return tuple(burn_of(kept, now_ms, minutes) for minutes in WINDOWS)


class AgentCost(msgspec.Struct, frozen=True):
    """What one agent cost in each minute, in nano-dollars."""

    agent: str
    nusd: tuple[int, ...]


class Hour(msgspec.Struct, frozen=True):
    """Sixty minutes of the clock, oldest first; the last one is not over yet."""

    start_ms: int
    tokens: tuple[tuple[int, ...], ...]
    """Per bucket (order of `model.BUCKETS`) the tokens of each minute."""
    nusd: tuple[tuple[int, ...], ...]
    """Per part (order of `model.PARTS`) the cost of each minute."""
    agents: tuple[AgentCost, ...]
    """Dearest first."""

    @property
    def end_ms(self) -> int:
        """The end of the last minute."""
        return self.start_ms + HOUR * MINUTE_MS


def hour_of(calls: Iterable[HotCall], now_ms: int) -> Hour:
    """The last sixty minutes of the clock, the present one included."""
    start = (now_ms // MINUTE_MS - HOUR + 1) * MINUTE_MS
    tokens = [[0] * HOUR for _ in BUCKETS]
    nusd = [[0] * HOUR for _ in PARTS]
    agents: defaultdict[str, list[int]] = defaultdict(lambda: [0] * HOUR)
    for call in calls:
        minute = (call.at_ms - start) // MINUTE_MS
        if not 0 <= minute < HOUR:
            continue
        counts = (
            call.input,
            call.cache_read,
            call.cache_write_5m,
            call.cache_write_1h,
            call.output,
        )
        for bucket, count in zip(tokens, counts, strict=True):
            bucket[minute] += count
        for part, cost in zip(nusd, call.parts, strict=True):
            part[minute] += cost
        agents[call.agent][minute] += call.cost_nusd or 0
    dearest = sorted(agents.items(), key=lambda item: (-sum(item[1]), item[0]))
    return Hour(
        start,
        tuple(map(tuple, tokens)),
        tuple(map(tuple, nusd)),
        tuple(AgentCost(agent, tuple(costs)) for agent, costs in dearest),
    )


def spark_of(calls: Iterable[HotCall], hour: Hour, cells: int = 12) -> tuple[int, ...]:
    """Tokens in each of `cells` equal parts of the hour."""
    counts = [0] * cells
    width = HOUR * MINUTE_MS // cells
    for call in calls:
        cell = (call.at_ms - hour.start_ms) // width
        if 0 <= cell < cells:
            counts[cell] += call.total
    return tuple(counts)
