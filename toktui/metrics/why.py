"""The evidence for a call or a session: log lines, rates and the multiplication."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Final

import msgspec

from toktui.evidence import Evidence, unpack
from toktui.metrics.quote import LogRow, OpenLogs, Quote, quotes
from toktui.metrics.searches import SearchRow, SearchSeen, search_rows, searches_seen
from toktui.model import (
    BUCKETS,
    EXACTNESS,
    FLAGS,
    PARTS,
    REASONS,
    TIERS,
    Kind,
    Tokens,
)
from toktui.pricing.derive import Derivation, derive, derive_stored, why_unpriced

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence

    from toktui.metrics.find import Target
    from toktui.pricing.rates import RateBook

_KINDS: Final[tuple[Kind, ...]] = ("row", "progress", "spawn", "ledger")
_COUNTED: Final = -1
_OTHER_RATES: Final = (
    "Priced with other rates than the book has today; see `toktui reprice --dry-run`."
)


class SightingSeen(msgspec.Struct, frozen=True, kw_only=True):
    """One line that reports the call."""

    reason: str
    """Why it is a copy; empty for the counted sighting."""
    gives_numbers: bool | None
    """Whether the counts are those of this line; None: the line alone does not tell."""
    kind: Kind
    log: str
    offset: int
    length: int
    session: str
    agent_id: str
    quote: Quote
    stored: Tokens
    """What the store keeps of the lines of this source: the counts of the most complete one."""
    stored_ms: int

    @property
    def counted(self) -> bool:
        """Whether it is the counted sighting."""
        return not self.reason


class Priced(msgspec.Struct, frozen=True):
    """A part of the stored cost; no `rate` and `per` where no known rate row gives it."""

    part: str
    count: int
    rate: int | None
    """Tokens: nano-dollars for `per` tokens. Fees: nano-dollars for one."""
    per: int | None
    nusd: int
    rate_of: str


class CallSeen(msgspec.Struct, frozen=True, kw_only=True):
    """A call with its price and its evidence."""

    number: int
    id: str
    agent: str
    session: str
    agent_id: str
    at_ms: int
    project: str
    branch: str
    version: str
    model: str
    priced_as: str | None
    tier: str
    geo: str
    exactness: str
    flags: tuple[str, ...]
    tokens: Tokens
    web_search: int
    cost_nusd: int | None
    reported_nusd: int | None
    rate_id: str
    parts: tuple[Priced, ...]
    derivation: Derivation | None
    """None: unpriced, or priced with rates that neither the present book nor the store gives."""
    note: str
    """Why there is no price, or that the present book would give another one."""
    sightings: tuple[SightingSeen, ...]
    """The counted one first; copies only if they were asked for, or give the numbers."""
    searches: tuple[SearchSeen, ...]
    """The result rows that the web searches were counted by; none if a sighting counts them."""
    copies: dict[str, int]
    """How many copies there are, by reason."""


class Why(msgspec.Struct, frozen=True):
    """The evidence for one target."""

    target: Target
    calls: tuple[CallSeen, ...]


def load_why(
    db: sqlite3.Connection, book: RateBook, target: Target, *, copies: bool = False
) -> Why:
    """Reads the store, then the logs that it names."""
    column = "id" if target.kind == "call" else "session"
    db.execute("begin")
    try:
        rows = db.execute(_SELECT.format(column=column), (target.number,)).fetchall()
        calls = [_Call(*row) for row in rows]
        seen = [
            (call, _sources(db, call.number), search_rows(db, call.key) if call.web_search else [])
            for call in calls
        ]
    finally:
        db.execute("rollback")
    with closing(OpenLogs()) as opened:
        return Why(target, tuple(_call(book, opened, *known, copies=copies) for known in seen))


_PART_COLUMNS: Final = tuple(f"cost_{part}" for part in PARTS)
_SELECT: Final = (
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


class _Call(msgspec.Struct, frozen=True):
    """A row of the statement above."""

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
        return Tokens(
            self.input, self.cache_read, self.cache_write_5m, self.cache_write_1h, self.output,
            self.reasoning,
        )

    @property
    def part_nusd(self) -> tuple[int, ...]:
        return (
            self.cost_input, self.cost_cache_read, self.cost_cache_write_5m,
            self.cost_cache_write_1h, self.cost_output, self.cost_fees,
        )


class _Source(msgspec.Struct, frozen=True):
    """What one source of one log says of a call."""

    log: LogRow
    kind: Kind
    session: str
    agent_id: str
    generation: int
    reason: int
    evidence: Evidence


def _sources(db: sqlite3.Connection, call: int) -> list[_Source]:
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
) -> _Source:  # fmt: skip
    log = LogRow(number, path, offset, head, tail, log_generation, agent)
    return _Source(log, _KINDS[kind], session, agent_id, generation, reason, unpack(body))


def _call(
    book: RateBook,
    opened: OpenLogs,
    call: _Call,
    sources: Sequence[_Source],
    searches: Sequence[SearchRow],
    *,
    copies: bool,
) -> CallSeen:
    derivation, parts, note = _price(book, call)
    every = [seen for source in sources for seen in _sightings(opened, call, source)]
    counts: dict[str, int] = {}
    for seen in every:
        if seen.reason:
            counts[seen.reason] = counts.get(seen.reason, 0) + 1
    shown = every if copies else [s for s in every if s.counted] + _number_givers(every)
    return CallSeen(
        number=call.number,
        id=call.key,
        agent=call.agent,
        session=call.session,
        agent_id=call.agent_id,
        at_ms=call.at_ms,
        project=call.project,
        branch=call.branch,
        version=call.version,
        model=call.model,
        priced_as=call.priced_as or None,
        tier=TIERS[call.tier],
        geo=call.geo,
        exactness=EXACTNESS[call.exactness],
        flags=tuple(word for bit, word in FLAGS.items() if call.flags & bit),
        tokens=call.tokens,
        web_search=call.web_search,
        cost_nusd=call.cost_nusd,
        reported_nusd=call.reported_nusd,
        rate_id=call.rate_id,
        parts=parts,
        derivation=derivation,
        note=note,
        sightings=tuple(shown),
        searches=() if _is_told_by(sources, call) else searches_seen(opened, searches),
        copies={reason: counts[reason] for reason in REASONS if reason in counts},
    )


def _is_told_by(sources: Sequence[_Source], call: _Call) -> bool:
    """Whether the line with the numbers counts the searches, too."""
    return any(
        source.evidence.web_search == call.web_search and source.evidence.tokens == call.tokens
        for source in sources
    )


def _number_givers(every: Sequence[SightingSeen]) -> list[SightingSeen]:
    """The line whose counts were taken, if that is not the counted one."""
    if any(seen.counted and seen.gives_numbers for seen in every):
        return []
    return [seen for seen in every if seen.gives_numbers][:1]


def _sightings(opened: OpenLogs, call: _Call, source: _Source) -> Iterator[SightingSeen]:
    places = list(source.evidence.places())
    spots = [(place.offset, place.length) for place in places]
    for number, (place, quote) in enumerate(
        zip(places, quotes(opened, source.log, spots, source.generation), strict=False)
    ):
        if source.reason != _COUNTED:
            reason = str(REASONS[source.reason])
        elif number:
            reason = "stream" if place.continued else "reemit"
        else:
            reason = ""
        yield SightingSeen(
            reason=reason,
            gives_numbers=_gives_numbers(call, source, quote, only=len(places) == 1),
            kind=source.kind,
            log=source.log.path,
            offset=place.offset,
            length=place.length,
            session=source.session,
            agent_id=source.agent_id,
            quote=quote,
            stored=source.evidence.tokens,
            stored_ms=source.evidence.at_ms,
        )


def _gives_numbers(call: _Call, source: _Source, quote: Quote, *, only: bool) -> bool | None:
    """Whether the line, read alone, says what was counted."""
    if source.kind == "ledger":
        return None
    if source.evidence.tokens != call.tokens:
        return False
    if only:
        return True
    if quote.state != "read":
        return None
    from toktui.agents import agent  # noqa: PLC0415  only here does a metric parse

    parser = agent(call.agent)
    if parser.is_document(source.log.path):
        return None
    found = parser.parse(quote.line, parser.start(source.log.path)).sightings
    return any(s.tokens == call.tokens for s in found) if found else None


def _price(
    book: RateBook, call: _Call
) -> tuple[Derivation | None, tuple[Priced, ...], str]:
    """The derivation with the stored parts, or the parts alone and why."""
    tier, geo = TIERS[call.tier], call.geo or None
    if call.cost_nusd is None:
        missing = why_unpriced(
            book, model=call.model, at_ms=call.at_ms, tier=tier, geo=geo,
            web_search=call.web_search,
        )
        return None, (), missing
    today = derive(
        book, model=call.model, at_ms=call.at_ms, tier=tier, geo=geo, tokens=call.tokens,
        web_search=call.web_search,
    )
    stored = None
    if today is None or today.cost.rate_id != call.rate_id or not _gives(today, call):
        stored = derive_stored(
            book, call.rate_row, at_ms=call.at_ms, geo=geo, tokens=call.tokens,
            web_search=call.web_search,
        )
    note = "" if _gives(today, call) else _OTHER_RATES
    for found in (stored, today):
        if found is not None and _gives(found, call):
            return found, _priced(found), note
    counts = (*(getattr(call, bucket) for bucket in BUCKETS), call.web_search)
    parts = tuple(
        Priced(part, count, None, None, nusd, part)
        for part, count, nusd in zip(PARTS, counts, call.part_nusd, strict=True)
        if count or nusd
    )
    return None, parts, note


def _gives(found: Derivation | None, call: _Call) -> bool:
    return found is not None and tuple(found.cost.parts) == call.part_nusd


def _priced(found: Derivation) -> tuple[Priced, ...]:
    return tuple(
        Priced(line.part, line.count, line.rate, line.per, line.nusd, line.rate_of)
        for line in found.lines
    )


def total_nusd(calls: Sequence[CallSeen]) -> int | None:
    """The cost of the calls that have one; None if none has."""
    known = [call.cost_nusd for call in calls if call.cost_nusd is not None]
    return sum(known) if known else None
