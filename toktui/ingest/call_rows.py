"""The row of a call: its numbers, its place, and its price at the rates of its time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from toktui.model import EXACTNESS, FLAG_SUM, TIERS
from toktui.pricing.price import price_at
from toktui.store.writer import CallRow, Price

if TYPE_CHECKING:
    from toktui.agents.resolve import Resolved
    from toktui.evidence import Evidence
    from toktui.model import Tier, Tokens
    from toktui.pricing.periods import Rate
    from toktui.pricing.price import Cost
    from toktui.pricing.rates import RateBook
    from toktui.store.writer import Writer

_UNPRICED: Final = Price()


class CallRows:
    """Makes rows of calls for one writer, with one rate book."""

    def __init__(self, writer: Writer, book: RateBook) -> None:
        self._writer = writer
        self._book = book
        self._rates: dict[str, tuple[int, int]] = {}

    def clear(self) -> None:
        """Forgets the numbers of rate rows, which a rollback may have undone."""
        self._rates.clear()

    def resolved(self, agent: int, call: int, key: str, r: Resolved, searches: int) -> CallRow:
        """The row of a resolved call, priced at the rates of its time."""
        place = (r.agent_id, r.at_ms, r.project, r.branch, r.version)
        numbers = (EXACTNESS.index(r.exactness), r.flags, r.window, r.reported_nusd)
        return self.row(agent, call, key, r.session, place, numbers, r.numbers, searches)

    def row(
        self,
        agent: int,
        call: int,
        key: str,
        session: str,
        place: tuple[str, int, str, str, str],
        numbers: tuple[int, int, int, int | None],
        e: Evidence,
        searches: int,
    ) -> CallRow:
        """`place` is sub-agent, time, project, branch, version; `numbers` are exactness, flags,
        window, reported cost."""
        writer, t = self._writer, e.tokens
        agent_id, at_ms, project, branch, version = place
        exactness, flags, window, reported_nusd = numbers
        web_search = e.web_search or searches
        price = self.price(e.model, at_ms, e.tier, e.geo, t, web_search, flags)
        return CallRow(
            call,
            agent,
            key,
            writer.session(agent, session),
            writer.name(agent_id),
            at_ms,
            writer.name(project),
            writer.name(branch),
            writer.name(version),
            writer.name(e.model),
            price[0],
            TIERS.index(e.tier),
            e.geo,
            exactness,
            flags,
            t.input,
            t.cache_read,
            t.cache_write_5m,
            t.cache_write_1h,
            t.output,
            t.reasoning,
            web_search,
            window,
            *price[1:],
            reported_nusd,
        )

    def priced(self, row: CallRow, model: str) -> CallRow:
        """The row at the rates of its time; `model` is the log's own name."""
        tier = TIERS[row.tier]
        return row.at(
            self.price(model, row.at_ms, tier, row.geo, row.tokens, row.web_search, row.flags)
        )

    def price(
        self,
        model: str,
        at_ms: int,
        tier: Tier,
        geo: str,
        tokens: Tokens,
        web_search: int,
        flags: int,
    ) -> Price:
        """The price of a call at the rates of its time; `model` is the log's own name."""
        book = self._book
        # What `pricing.price.price` does, with the rate at hand.
        rate = book.rate_for(model, at_ms, tier)
        bands = None if rate is None else book.bands(rate, geo)
        if rate is None or bands is None:
            return _UNPRICED
        if flags & FLAG_SUM:
            bands = bands[:1]
        cost = price_at(rate, bands, tokens, web_search)
        if cost is None:
            return _UNPRICED
        known = self._rates.get(cost.rate_id)
        if known is None:
            known = self._rate(cost, rate)
        return Price._make((known[1], known[0], cost.total_nusd, *cost.parts, cost.saved_nusd))

    def _rate(self, cost: Cost, found: Rate | None) -> tuple[int, int]:
        """The numbers of the rate row that priced a call, and of the model that it names."""
        priced_as = self._writer.name(cost.priced_as)
        row = self._writer.db.execute(
            "select id from rate where key = ?", (cost.rate_id,)
        ).fetchone()
        if row is None:
            body = msgspec.json.encode({"book": self._book.version, "rate": found}).decode()
            row = self._writer.db.execute(
                "insert into rate (key, priced_as, body) values (?, ?, ?) returning id",
                (cost.rate_id, priced_as, body),
            ).fetchone()
        known = self._rates[cost.rate_id] = (int(row[0]), priced_as)
        return known
