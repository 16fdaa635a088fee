"""The evidence for a call or a session: log lines, rates and the multiplication."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Final

import msgspec

from toktui.ingest.quote import OpenLogs, Quote, quotes
from toktui.metrics.estimated import spread_of
from toktui.metrics.one_state import one_state
from toktui.metrics.searches import SearchRow, SearchSeen, search_rows, searches_seen
from toktui.metrics.why_estimate import EstimateSeen, load_estimate
from toktui.metrics.why_price import Priced, load_price
from toktui.metrics.why_rows import SELECT_CALLS, SourceSeen, StoredCall, load_sources
from toktui.model import EXACTNESS, FLAGS, REASONS, TIERS, Kind, Tokens
from toktui.store.estimates import PLACEHOLDER
from toktui.store.spreads import ESTIMATED

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence

    from toktui.metrics.find import Target
    from toktui.pricing.derive import Derivation
    from toktui.pricing.rates import RateBook

_COUNTED: Final = -1


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
    estimate: EstimateSeen | None
    """What it probably used beyond its counts, if its log never got the final one."""
    spread: tuple[int, int] | None
    """The range of its output, if that is estimated."""


class Why(msgspec.Struct, frozen=True):
    """The evidence for one target."""

    target: Target
    calls: tuple[CallSeen, ...]


def load_why(
    db: sqlite3.Connection, book: RateBook, target: Target, *, copies: bool = False
) -> Why:
    """Reads the store, then the logs that it names."""
    column = "id" if target.kind == "call" else "session"
    with one_state(db):
        rows = db.execute(SELECT_CALLS.format(column=column), (target.number,)).fetchall()
        calls = [StoredCall(*row) for row in rows]
        seen = [
            (
                call,
                load_sources(db, call.number),
                search_rows(db, call.key) if call.web_search else [],
                load_estimate(db, call.number) if call.exactness == PLACEHOLDER else None,
                spread_of(db, call.number) if call.exactness == ESTIMATED else None,
            )
            for call in calls
        ]
    with closing(OpenLogs()) as opened:
        return Why(target, tuple(_call(book, opened, *known, copies=copies) for known in seen))


def _call(
    book: RateBook,
    opened: OpenLogs,
    call: StoredCall,
    sources: Sequence[SourceSeen],
    searches: Sequence[SearchRow],
    estimate: EstimateSeen | None,
    spread: tuple[int, int] | None,
    *,
    copies: bool,
) -> CallSeen:
    derivation, parts, note = load_price(book, call)
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
        estimate=estimate,
        spread=spread,
    )


def _is_told_by(sources: Sequence[SourceSeen], call: StoredCall) -> bool:
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


def _sightings(opened: OpenLogs, call: StoredCall, source: SourceSeen) -> Iterator[SightingSeen]:
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


def _gives_numbers(
    call: StoredCall, source: SourceSeen, quote: Quote, *, only: bool
) -> bool | None:
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


def total_nusd(calls: Sequence[CallSeen]) -> int | None:
    """The cost of the calls that have one; None if none has."""
    known = [call.cost_nusd for call in calls if call.cost_nusd is not None]
    return sum(known) if known else None
