"""The one writing connection: names, rows and the sums over them, nothing about agents or prices.

The caller opens a transaction around everything that belongs together.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, NamedTuple

from toktui.model import EXACTNESS, Tokens
from toktui.store.absurd import any_absurd, guard_marked, is_marked, mark, unmark
from toktui.store.estimates import PLACEHOLDER
from toktui.store.schema import MEASURES, QUARTER_KEYS, QUARTER_MS, SESSION_KEYS

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Sequence


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


_TOTAL: Final = "(input + cache_read + cache_write_5m + cache_write_1h + output)"


def _upsert(table: str, keys: Sequence[str]) -> str:
    columns = (*keys, *MEASURES)
    sums = ", ".join(f"{m} = {m} + excluded.{m}" for m in MEASURES)
    return (
        f"insert into {table} ({', '.join(columns)}) values ({', '.join('?' * len(columns))}) "
        f"on conflict ({', '.join(keys)}) do update set {sums}"
    )


_SUMMED: Final = ", ".join((
    "count(*)",
    *(f"sum(exactness = {i})" for i in range(len(EXACTNESS))),
    "sum(cost_nusd is null)",
    *(f"sum({m})" for m in MEASURES[6:13]),
    f"sum(iif(exactness = {EXACTNESS.index('estimated')}, {_TOTAL}, 0))",
    f"sum(iif(cost_nusd is null, {_TOTAL}, 0))",
    *(f"coalesce(sum({m}), 0)" for m in MEASURES[15:]),
))  # fmt: skip
"""`measures` in SQL, over a group of rows of `call`."""


def _sum_new(table: str, keys: Sequence[str], first: str) -> str:
    sums = ", ".join(f"{m} = {m} + excluded.{m}" for m in MEASURES)
    return (
        f"insert into {table} ({', '.join((*keys, *MEASURES))})"
        f" select {first}, {', '.join(keys[1:])}, {_SUMMED} from call where id >= ?"
        f" group by {', '.join(str(i + 1) for i in range(len(keys)))} having true"
        f" on conflict ({', '.join(keys)}) do update set {sums}"
    )


_NEW_QUARTERS: Final = _sum_new("quarter", QUARTER_KEYS, f"at_ms / {QUARTER_MS}")
_NEW_TOTALS: Final = _sum_new("session_total", SESSION_KEYS, "session")
_ADD_QUARTER: Final = _upsert("quarter", QUARTER_KEYS)
_ADD_SESSION: Final = _upsert("session_total", SESSION_KEYS)
_REDO_QUARTER: Final = (
    f"insert into quarter ({', '.join((*QUARTER_KEYS, *MEASURES))})"
    f" select at_ms / {QUARTER_MS}, {', '.join(QUARTER_KEYS[1:])}, {_SUMMED} from call"
    " where session in (select id from session where last_ms >= ?1 and first_ms < ?2)"
    " and at_ms >= ?1 and at_ms < ?2"
    f" group by {', '.join(str(i + 1) for i in range(len(QUARTER_KEYS)))}"
)
_REDO_SESSION: Final = (
    f"insert into session_total ({', '.join((*SESSION_KEYS, *MEASURES))})"
    f" select {', '.join(SESSION_KEYS)}, {_SUMMED} from call where session = ?"
    f" group by {', '.join(SESSION_KEYS)}"
)
_DROP_ESTIMATE: Final = "delete from estimate where call = ?"
_AWAIT: Final = "replace into waiting (call, turn) select id, random() from call"
_NEVER: Final = 1 << 62
_ESTIMATED: Final = EXACTNESS.index("estimated")
_EXACTNESS_AT: Final = MEASURES.index("exact")


def measures(row: CallRow) -> list[int]:
    """What a call adds to every sum that it is in, in the order of MEASURES."""
    total = row.input + row.cache_read + row.cache_write_5m + row.cache_write_1h + row.output
    unpriced = row.cost_nusd is None
    sums = [
        *(1, 0, 0, 0, 0, int(unpriced)),
        *row[15:22],
        total if row.exactness == _ESTIMATED else 0,
        total if unpriced else 0,
        row.cost_nusd or 0,
        *row[25:32],
        row.reported_nusd or 0,
    ]
    sums[_EXACTNESS_AT + row.exactness] = 1
    return sums


def keep_price(row: CallRow, old: CallRow | None) -> CallRow:
    """The row at the price that the call has, if what is priced did not change.

    A newer rate book changes prices only when the user says so; unpriced calls are not kept so.
    """
    if old is None or old.cost_nusd is None or row.price == old.price:
        return row
    return row if _what_is_priced(row) != _what_is_priced(old) else row.at(old.price)


def _what_is_priced(row: CallRow) -> tuple[object, ...]:
    return (row.model, row.tier, row.geo, row.at_ms, row.tokens, row.web_search)


class Writer:
    """All writing to one open store. Not for two threads at once."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self.db = db
        self._names: dict[str, int] = {"": 0}
        self._sessions: dict[tuple[int, str], int] = {}
        self._quarters: dict[tuple[int, ...], list[int]] = {}
        self._totals: dict[tuple[int, ...], list[int]] = {}
        self._copies: defaultdict[tuple[int, str], int] = defaultdict(int)
        self._spans: dict[int, tuple[int, int]] = {}
        self._shrunk: set[int] = set()
        self._next_call = 0
        self._first_new = 0
        self._reweighed: set[int] = set()
        self._guarded = guard_marked(db)
        self.stamp = 0

    @contextmanager
    def transaction(self) -> Generator[None]:
        """Everything inside commits together with the sums, or nothing does."""
        self.db.execute("begin immediate")
        try:
            yield
            self._flush()
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
        self._quarters.clear()
        self._totals.clear()
        self._copies.clear()
        self._spans.clear()
        self._shrunk.clear()
        self._reweighed.clear()
        self._next_call = 0
        self._first_new = 0
        self._guarded = guard_marked(self.db)

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
        if not self._next_call:
            row = self.db.execute(
                "select max(coalesce((select max(id) from call), 0),"
                " coalesce((select max(call) from sighting), 0))"
            ).fetchone()
            self._next_call = int(row[0])
        if not self._first_new:
            self._first_new = self._next_call + 1
        self._next_call += 1
        return self._next_call

    def put_calls(self, rows: Iterable[CallRow], before: Sequence[CallRow] = ()) -> None:
        """Writes calls; `before` are the stored rows that they replace or that are to go.

        Rows that are new in this transaction are summed at its end, all at once.
        """
        new = list(rows)
        first_new = self._first_new or _NEVER
        for row in before:
            if row.id < first_new:
                self._count(row, -1)
                self._shrunk.add(row.session)
        for row in new:
            if row.id < first_new:
                self._count(row, 1)
                session, at_ms = row.session, row.at_ms
                span = self._spans.get(session)
                self._spans[session] = (
                    (at_ms, at_ms) if span is None else (min(span[0], at_ms), max(span[1], at_ms))
                )
        self.db.executemany(_PUT_CALL, [(*row, self.stamp) for row in new])
        changed = {row.id for row in (*new, *before) if row.exactness == PLACEHOLDER}
        if changed:
            self.db.executemany(_DROP_ESTIMATE, [(call,) for call in changed])
            self._reweighed |= changed

    def lines_changed(self, row: CallRow) -> None:
        """Other lines, or more, report a call that is itself as it was."""
        if row.exactness == PLACEHOLDER:
            self._reweighed.add(row.id)

    def add_calls(self, rows: Iterable[CallRow]) -> None:
        """Writes calls with numbers that `new_call_id` gave in this transaction."""
        stamp = self.stamp
        self.db.executemany(_NEW_CALL, [(*row, stamp) for row in rows])

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

    def _count(self, row: CallRow, sign: int) -> None:
        shared = (row.model, row.priced, row.tier)
        quarter = (row.at_ms // QUARTER_MS, row.agent, *shared, row.project, row.branch)
        total = (row.session, *shared)
        delta = measures(row)
        if sign < 0:
            delta = [-n for n in delta]
        for sums, key in ((self._quarters, quarter), (self._totals, total)):
            so_far = sums.get(key)
            sums[key] = list(delta) if so_far is None else [a + b for a, b in zip(so_far, delta)]  # noqa: B905

    def _await_estimates(self, first_new: int) -> None:
        """Calls that lack output, and are new or others than before, wait for an estimate."""
        if first_new:
            self.db.execute(f"{_AWAIT} where id >= ? and exactness = {PLACEHOLDER}", (first_new,))
        if self._reweighed:
            one = f"{_AWAIT} where id = ? and exactness = {PLACEHOLDER}"
            self.db.executemany(one, [(call,) for call in self._reweighed])
            self._reweighed.clear()

    def _flush(self) -> None:
        """Brings the sums of this transaction into the rollups."""
        first = self._first_new
        self._await_estimates(first)
        if first:
            self._span_new_calls(first)
        sessions = {*self._spans, *self._shrunk}
        shrunk = bool(self._shrunk)
        self._flush_spans()
        if not self._guarded and self._add_sums(first, sessions):
            mark(self.db)
            self._guarded = True
        if self._guarded:
            self._sum_again(first, sessions)
            if shrunk:
                unmark(self.db)
                self._guarded = is_marked(self.db)
        self._quarters.clear()
        self._totals.clear()
        self._first_new = 0
        self.db.executemany(
            "insert into copy_total (agent, reason, rows) values (?, ?, ?) "
            "on conflict (agent, reason) do update set rows = rows + excluded.rows",
            [(agent, reason, rows) for (agent, reason), rows in self._copies.items() if rows],
        )
        self._copies.clear()

    def _span_new_calls(self, first: int) -> None:
        """When the sessions of calls that this transaction has made began and ended."""
        for session, begin, end in self.db.execute(
            # Left alone, SQLite walks the index by session: every call of the store.
            "select session, min(at_ms), max(at_ms) from call not indexed where id >= ?"
            " group by session",
            (first,),
        ):
            span = self._spans.get(session, (begin, end))
            self._spans[session] = (min(span[0], begin), max(span[1], end))

    def _add_sums(self, first: int, sessions: set[int]) -> bool:
        """Adds new calls as they are at the end of the transaction, and what others became.

        True if a session is absurd: then the sums of all that was touched are to be made again.
        """
        try:
            if first:
                self.db.execute(_NEW_QUARTERS, (first,))
                self.db.execute(_NEW_TOTALS, (first,))
            self._add_changes(_ADD_QUARTER, self._quarters, "quarter", QUARTER_KEYS)
            self._add_changes(_ADD_SESSION, self._totals, "session_total", SESSION_KEYS)
        except OverflowError:
            return True
        except sqlite3.OperationalError as error:
            if "integer overflow" not in str(error):
                raise
            return True
        return any_absurd(self.db, sessions)

    def _add_changes(
        self,
        statement: str,
        sums: dict[tuple[int, ...], list[int]],
        table: str,
        keys: Sequence[str],
    ) -> None:
        changed = [(key, delta) for key, delta in sums.items() if any(delta)]
        self.db.executemany(statement, [(*key, *delta) for key, delta in changed])
        fell = [key for key, delta in changed if delta[0] < 0]
        if fell:
            where = " and ".join(f"{k} = ?" for k in keys)
            self.db.executemany(f"delete from {table} where calls = 0 and {where}", fell)

    def _sum_again(self, first: int, sessions: set[int]) -> None:
        """Makes the sums of everything touched from its calls: what stops at a number cannot be
        added to. The sessions' spans hold already."""
        quarters = {key[0] for key in self._quarters}
        if first:
            quarters.update(
                quarter
                for (quarter,) in self.db.execute(
                    f"select distinct at_ms / {QUARTER_MS} from call not indexed where id >= ?",
                    (first,),
                )
            )
        spans = [(q * QUARTER_MS, (q + 1) * QUARTER_MS) for q in quarters]
        self.db.executemany("delete from quarter where quarter = ?", [(q,) for q in quarters])
        self.db.executemany(_REDO_QUARTER, spans)
        touched = [(session,) for session in sessions]
        self.db.executemany("delete from session_total where session = ?", touched)
        self.db.executemany(_REDO_SESSION, touched)

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
