"""The one writing connection: names, rows and the sums over them, nothing about agents or prices.

The caller opens a transaction around everything that belongs together.
"""

from __future__ import annotations

from collections import defaultdict
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, NamedTuple

from toktui.model import FLAG_SUM, Tokens
from toktui.store.estimates import PLACEHOLDER
from toktui.store.shares import share_again
from toktui.store.spreads import ESTIMATED, drop_spreads
from toktui.store.standing import stand_again
from toktui.store.sums import Sums

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Generator, Iterable, Mapping, Sequence


Conversation = tuple[int, int]
"""The numbers of a session and of the agent inside it."""


class CallRow(NamedTuple):
    """A row of the table `call`, without its stamp."""

    id: int
    agent: int
    key: str
    session: int
    agent_id: int
    at_ms: int
    project: int
    branch: int
    version: int
    model: int
    priced: int
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
    window: int
    rate: int
    cost_nusd: int | None
    cost_input: int
    cost_cache_read: int
    cost_cache_write_5m: int
    cost_cache_write_1h: int
    cost_output: int
    cost_fees: int
    saved_nusd: int
    reported_nusd: int | None

    @property
    def tokens(self) -> Tokens:
        """The buckets."""
        return Tokens(*self[15:21])

    @property
    def price(self) -> Price:
        """What the call costs, and by which rate."""
        return Price(self.priced, self.rate, self.cost_nusd, *self[25:32])

    def at(self, price: Price) -> CallRow:
        """The row at another price."""
        return CallRow(*self[:10], price.priced, *self[11:23], *price[1:], self.reported_nusd)


class Price(NamedTuple):
    """The columns of a call row that the rate book decides; `cost_nusd` None is unpriced."""

    priced: int = 0
    rate: int = 0
    cost_nusd: int | None = None
    cost_input: int = 0
    cost_cache_read: int = 0
    cost_cache_write_5m: int = 0
    cost_cache_write_1h: int = 0
    cost_output: int = 0
    cost_fees: int = 0
    saved_nusd: int = 0


CALL_COLUMNS: Final = CallRow._fields
_PUT_CALL: Final = (
    f"insert or replace into call ({', '.join(CALL_COLUMNS)}, stamp) "
    f"values ({', '.join('?' * len(CALL_COLUMNS))}, ?)"
)
_NEW_CALL: Final = _PUT_CALL.replace(" or replace", "")


_DROP_ESTIMATE: Final = "delete from estimate where call = ?"
_AWAIT: Final = (
    "replace into waiting (call, turn) select id, random() from call"
    f" where id = ? and exactness = {PLACEHOLDER}"
)


def keep_price(row: CallRow, old: CallRow | None) -> CallRow:
    """The row at the price that the call has, if what is priced did not change.

    A newer rate book changes prices only when the user says so; unpriced calls are not kept so.
    """
    if old is None or old.cost_nusd is None or row.price == old.price:
        return row
    return row if _what_is_priced(row) != _what_is_priced(old) else row.at(old.price)


def _what_is_priced(row: CallRow) -> tuple[object, ...]:
    is_sum = row.flags & FLAG_SUM
    return (row.model, row.tier, row.geo, row.at_ms, row.tokens, row.web_search, is_sum)


class Writer:
    """All writing to one open store. Not for two threads at once."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self.db = db
        self._names: dict[str, int] = {"": 0}
        self._sessions: dict[tuple[int, str], int] = {}
        self._sums = Sums(db)
        self._copies: defaultdict[tuple[int, str], int] = defaultdict(int)
        self._spans: dict[int, tuple[int, int]] = {}
        self._shrunk: set[int] = set()
        self._changed: dict[Conversation, int] = {}
        self._reweighed: set[int] = set()
        self._last_call = 0
        self.stamp = 0
        self.on_flush: Callable[[Mapping[Conversation, int]], None] | None = None
        """Hears of each conversation whose calls changed, with the first time at which one came,
        changed or went, when calls and rollups are written."""

    @contextmanager
    def transaction(self) -> Generator[None]:
        """Everything inside commits together with the sums, or nothing does."""
        self.db.execute("begin immediate")
        try:
            yield
            self.flush()
            self.db.execute("commit")
        except BaseException:
            if self.db.in_transaction:
                self.db.execute("rollback")
            self.forget_caches()
            raise

    def forget_caches(self) -> None:
        """After a rollback, or when another connection wrote: nothing remembered holds."""
        self._names = {"": 0}
        self._sessions.clear()
        self._sums.forget()
        self._copies.clear()
        self._spans.clear()
        self._shrunk.clear()
        self._changed.clear()
        self._reweighed.clear()
        self._last_call = 0

    def forget_names(self) -> None:
        """Names and sessions were taken out."""
        self._names = {"": 0}
        self._sessions.clear()

    def name(self, text: str) -> int:
        """The number of a word that many rows share."""
        known = self._names.get(text)
        if known is None:
            found = self.db.execute("select id from name where text = ?", (text,)).fetchone()
            if found is None:
                found = self.db.execute(
                    "insert into name (text) values (?) returning id", (text,)
                ).fetchone()
            known = self._names[text] = int(found[0])
        return known

    def session(self, agent: int, key: str) -> int:
        """The number of a session, made on first use."""
        known = self._sessions.get((agent, key))
        if known is None:
            found = self.db.execute(
                "select id from session where agent = ? and key = ?", (agent, key)
            ).fetchone()
            if found is None:
                found = self.db.execute(
                    "insert into session (agent, key) values (?, ?) returning id", (agent, key)
                ).fetchone()
            known = self._sessions[agent, key] = int(found[0])
        return known

    def new_call_id(self) -> int:
        """A number that no call has had in this transaction."""
        return self.new_call_ids(1)[0]

    def new_call_ids(self, count: int) -> range:
        """Numbers that no call has had in this transaction."""
        if not self._last_call:
            row = self.db.execute(
                "select max(coalesce((select max(id) from call), 0),"
                " coalesce((select max(call) from sighting), 0))"
            ).fetchone()
            self._last_call = int(row[0])
        first = self._last_call + 1
        self._last_call += count
        return range(first, first + count)

    def put_calls(self, rows: Iterable[CallRow], before: Sequence[CallRow] = ()) -> None:
        """Writes calls; `before` are the stored rows that they replace or that are to go."""
        new = list(rows)
        for row in before:
            self._sums.take_out(row)
            self._shrunk.add(row.session)
            conversation = row.session, row.agent_id
            first = self._changed.get(conversation, row.at_ms)
            self._changed[conversation] = min(first, row.at_ms)
        self._put(_PUT_CALL, new)
        drop_spreads(self.db, [row.id for row in before if row.exactness == ESTIMATED])
        changed = {row.id for row in (*new, *before) if row.exactness == PLACEHOLDER}
        if changed:
            self.db.executemany(_DROP_ESTIMATE, [(call,) for call in changed])
            self._reweighed |= changed

    def lines_changed(self, row: CallRow) -> None:
        """Other lines, or more, report a call that is itself as it was."""
        if row.exactness == PLACEHOLDER:
            self._reweighed.add(row.id)

    def add_calls(self, rows: Sequence[CallRow]) -> None:
        """Writes calls with numbers that `new_call_ids` gave in this transaction."""
        self._put(_NEW_CALL, rows)

    def _put(self, statement: str, rows: Sequence[CallRow]) -> None:
        self._sums.add(rows)
        spans, changed, stamp = self._spans, self._changed, (self.stamp,)
        for row in rows:
            session, at_ms = row[3], row[5]
            conversation = session, row[4]
            first = changed.get(conversation)
            if first is None or at_ms < first:
                changed[conversation] = at_ms
            span = spans.get(session)
            if span is None:
                spans[session] = (at_ms, at_ms)
            elif at_ms > span[1]:
                spans[session] = (span[0], at_ms)
            elif at_ms < span[0]:
                spans[session] = (at_ms, span[1])
            if row[13] == PLACEHOLDER:
                self._reweighed.add(row[0])
        self.db.executemany(statement, [row + stamp for row in rows])

    def drop_calls(self, rows: Sequence[CallRow]) -> None:
        """Takes calls out, with their share of every sum."""
        self.put_calls((), rows)
        self.db.executemany("delete from call where id = ?", [(row.id,) for row in rows])

    def add_copies(self, agent: int, reason: str, rows: int) -> None:
        """Changes the number of copies of a reason."""
        if rows:
            self._copies[agent, reason] += rows

    def copies_change(self) -> dict[str, int]:
        """What this transaction has changed so far, by reason, all agents together."""
        change: defaultdict[str, int] = defaultdict(int)
        for (_, reason), rows in self._copies.items():
            change[reason] += rows
        return dict(change)

    def _await_estimates(self) -> None:
        """Calls that lack output, and are new or others than before, wait for an estimate."""
        self.db.executemany(_AWAIT, [(call,) for call in self._reweighed])
        self._reweighed.clear()

    def flush(self) -> None:
        """Brings what this transaction has changed into the rollups: at its end, and where it
        changes more than is to be held in memory."""
        self._await_estimates()
        changed, self._changed = self._changed, {}
        sessions = {session for session, _ in changed}
        shrunk = bool(self._shrunk)
        self._flush_spans()
        self._sums.flush(sessions, shrunk=shrunk)
        stand_again(self.db, sessions)
        share_again(self.db, sessions)
        if self.on_flush is not None:
            self.on_flush(changed)
        self.db.executemany(
            "insert into copy_total (agent, reason, rows) values (?, ?, ?) "
            "on conflict (agent, reason) do update set rows = rows + excluded.rows",
            [(agent, reason, rows) for (agent, reason), rows in self._copies.items() if rows],
        )
        self._copies.clear()

    def _flush_spans(self) -> None:
        """First and last call of each session that changed, and the project that it began in."""
        begun = [
            session
            for session, (first, _) in self._spans.items()
            if self._begins_at(session, first)
        ]
        self.db.executemany(
            "update session set first_ms = min(coalesce(first_ms, ?1), ?1),"
            " last_ms = max(coalesce(last_ms, ?2), ?2) where id = ?3",
            [(first, last, session) for session, (first, last) in self._spans.items()],
        )
        self._spans.clear()
        self.db.executemany(
            "update session set"
            " first_ms = (select min(at_ms) from call where session = ?1),"
            " last_ms = (select max(at_ms) from call where session = ?1) where id = ?1",
            [(session,) for session in self._shrunk],
        )
        self.db.executemany(
            "update session set project = coalesce((select project from call where session = ?1"
            " order by at_ms, key limit 1), project) where id = ?1",
            [(session,) for session in {*begun, *self._shrunk}],
        )
        self._shrunk.clear()

    def _begins_at(self, session: int, at_ms: int) -> bool:
        first = self.db.execute("select first_ms from session where id = ?", (session,)).fetchone()
        return first is None or first[0] is None or at_ms <= first[0]
