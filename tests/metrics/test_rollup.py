"""Long ranges are sums of days and of what is left at their ends: the same as of their calls."""

from __future__ import annotations

import datetime
import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toktui.clock import DAY_MS, QUARTER_MS, Range, day_start_ms
from toktui.metrics.filters import NO_FILTERS, Filters, columns_of, conditions
from toktui.metrics.history import HistoryQuestion, load_review
from toktui.metrics.question import Question
from toktui.metrics.range_sums import groups_in, sums_in
from toktui.metrics.report import load_report
from toktui.metrics.rollup import last_of, rows_of, values_of
from toktui.metrics.scope import Scope
from toktui.metrics.sessions_in import sessions_in
from toktui.metrics.spans import Span
from toktui.metrics.sums import Sums
from toktui.metrics.top_sessions import top_sessions
from toktui.metrics.year import load_year
from toktui.pricing.rates import load_book
from toktui.store.connect import connect_writer
from toktui.store.migrate import migrate
from toktui.store.rollups import MEASURES
from toktui.store.sums import measures
from toktui.store.writer import CALL_COLUMNS, CallRow, Writer

FIRST = datetime.date(2026, 10, 1)
DAYS = 60
"""Over the end of summer time in Europe, America, and the beginning of it in the south."""
FIRST_MS = day_start_ms(FIRST, ZoneInfo("UTC"))
ZONES = [
    ZoneInfo(name)
    for name in (
        "UTC", "Europe/Paris", "America/St_Johns", "Asia/Kathmandu", "Asia/Kolkata",
        "Australia/Lord_Howe", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Pacific/Chatham",
        "Africa/Casablanca", "America/Los_Angeles",
    )
]  # fmt: skip
KEYS = ("agent", "model", "priced", "tier", "project", "branch")
FILTERS = (
    NO_FILTERS, Filters(agents=("one",)), Filters(models=("m1",)), Filters(projects=("p2",)),
    Filters(branches=("main",)), Filters(words=("p1",), any_case=True),
)  # fmt: skip


class Calls(list[CallRow]):
    def __repr__(self) -> str:
        return f"{len(self)} calls"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some hundred calls: some close together, some alone on their day, some days without."""
    path = tmp_path_factory.mktemp("rollup") / "toktui.db"
    db = connect_writer(path)
    migrate(db)
    writer, rng = Writer(db), Random(11)
    with writer.transaction():
        names = {
            word: writer.name(word)
            for word in ("one", "two", "m1", "m2", "/w/p1", "/w/p2", "main", "b2")
        }
        for number in range(1, 700):
            day = int(rng.triangular(0, DAYS, 25))
            quarter = rng.choice((0, 1, 4, 8, 21, 22, 23, 40, 70, 88, 91, 92, 94, 95))
            at_ms = FIRST_MS + day * DAY_MS + quarter * QUARTER_MS + rng.randrange(QUARTER_MS)
            agent = names[rng.choice(("one", "two"))]
            model = names[rng.choice(("m1", "m2"))]
            priced = rng.random() < 0.8
            cost = rng.randrange(10**9)
            values = dict.fromkeys(CALL_COLUMNS, 0) | {
                "id": number, "agent": agent, "key": f"k{number}", "geo": "", "at_ms": at_ms,
                "session": writer.session(agent, f"s{rng.randrange(40)}"), "model": model,
                "project": names[rng.choice(("/w/p1", "/w/p2"))],
                "branch": names[rng.choice(("main", "b2"))], "tier": rng.randrange(2),
                "priced": model if priced else 0, "exactness": rng.randrange(4),
                "input": rng.randrange(99), "cache_read": rng.randrange(10**6),
                "output": rng.randrange(999), "cost_nusd": cost if priced else None,
                "cost_output": cost if priced else 0, "saved_nusd": rng.randrange(-99, 10**6),
                "reported_nusd": None,
            }  # fmt: skip
            writer.put_calls([CallRow(**values)])  # type: ignore[arg-type]
    db.close()
    return path


@pytest.fixture(scope="module")
def db(store: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(f"file:{store}?mode=ro", uri=True, isolation_level=None)
    yield connection
    connection.close()


@pytest.fixture(scope="module")
def calls(db: sqlite3.Connection) -> list[CallRow]:
    rows = db.execute(f"select {', '.join(CALL_COLUMNS)} from call")
    return Calls(CallRow(*row) for row in rows)


def fitting(db: sqlite3.Connection, calls: list[CallRow], filters: Filters) -> list[CallRow]:
    where = " and ".join(conditions(db, filters, columns_of("c"))) or "1"
    kept = {number for (number,) in db.execute(f"select c.id from call c where {where}")}
    return [call for call in calls if call.id in kept]


quarters = st.integers(-3 * 96, (DAYS + 4) * 96).map(lambda n: FIRST_MS // QUARTER_MS + n)
midnights = st.builds(
    lambda zone, day: day_start_ms(FIRST + datetime.timedelta(days=day), zone) // QUARTER_MS,
    st.sampled_from(ZONES), st.integers(-3, DAYS + 4),
)  # fmt: skip
some_edges = st.lists(st.one_of(quarters, midnights), min_size=2, max_size=9).map(sorted)
all_days = st.sampled_from(ZONES).map(
    lambda zone: [
        day_start_ms(FIRST + datetime.timedelta(days=day), zone) // QUARTER_MS
        for day in range(DAYS + 1)
    ]
)
edges_of = st.one_of(some_edges, all_days)
keys_of = st.lists(st.sampled_from(KEYS), unique=True, max_size=4).map(tuple)


@settings(max_examples=250)
@given(edges=edges_of, keys=keys_of, filters=st.sampled_from(FILTERS))
def test_pieces_of_any_range_are_the_sums_of_their_calls(
    edges: list[int], keys: tuple[str, ...], filters: Filters, db: sqlite3.Connection,
    calls: list[CallRow],
):  # fmt: skip
    want: dict[tuple[int, tuple[int, ...]], list[int]] = {}
    last: dict[tuple[int, ...], int] = {}
    for call in fitting(db, calls, filters):
        quarter = call.at_ms // QUARTER_MS
        place = tuple(getattr(call, key) for key in keys)
        for piece, (start, end) in enumerate(pairwise(edges)):
            if start <= quarter < end:
                known = want.setdefault((piece, place), [0] * len(MEASURES))
                want[piece, place] = [a + b for a, b in zip(known, measures(call), strict=True)]
                last[place] = max(last.get(place, 0), quarter)
    where = conditions(db, filters, columns_of("t"))
    found = rows_of(db, edges, keys, MEASURES, where)
    assert {(row.piece, row.keys): list(row.sums) for row in found} == want
    assert len(found) == len(want)
    if keys:
        assert last_of(db, edges, keys, where) == last
        assert values_of(db, edges, keys, where) == set(last)


@settings(max_examples=100)
@given(
    start=st.one_of(quarters, midnights), length=st.integers(0, 40 * DAY_MS),
    filters=st.sampled_from(FILTERS),
)  # fmt: skip
def test_a_range_may_end_at_any_millisecond(
    start: int, length: int, filters: Filters, db: sqlite3.Connection, calls: list[CallRow]
):
    within = Range(start * QUARTER_MS, start * QUARTER_MS + length)
    meant = [
        call for call in fitting(db, calls, filters)
        if within.start_ms <= call.at_ms < within.end_ms
    ]  # fmt: skip
    sums = sums_in(db, within, filters=filters)
    assert sums.calls == len(meant)
    assert sums.priced_nusd == sum(call.cost_nusd or 0 for call in meant)
    assert sums.tokens == sum(call.tokens.total for call in meant)
    assert sums.saved_nusd == sum(call.saved_nusd for call in meant)
    by = groups_in(db, within, ("agent", "branch"), filters=filters)
    assert sum(group.sums[0] for group in by) == len(meant)


@pytest.mark.parametrize("zone", ZONES, ids=str)
def test_the_days_of_a_year_are_those_of_the_zone(
    zone: ZoneInfo, db: sqlite3.Connection, calls: list[CallRow]
):
    want: defaultdict[str, int] = defaultdict(int)
    for call in calls:
        at = datetime.datetime.fromtimestamp(call.at_ms / 1000, zone)
        want[at.date().isoformat()] += call.cost_nusd or 0
    last = FIRST + datetime.timedelta(days=DAYS + 1)
    found = {day.day.isoformat(): day.sums.priced_nusd for day in load_year(db, last, zone)}
    assert {day: n for day, n in found.items() if n} == {day: n for day, n in want.items() if n}


@pytest.mark.parametrize("zone", ZONES, ids=str)
@pytest.mark.parametrize("filters", FILTERS)
def test_a_review_tells_each_session_what_it_did_inside(
    zone: ZoneInfo, filters: Filters, db: sqlite3.Connection, calls: list[CallRow]
):
    span = Span("days", FIRST + datetime.timedelta(days=9), FIRST + datetime.timedelta(days=33))
    now_ms = FIRST_MS + 90 * DAY_MS
    review = load_review(db, load_book(), HistoryQuestion(span, filters), now_ms, zone)
    within = span.range(zone)
    want: defaultdict[int, int] = defaultdict(int)
    for call in fitting(db, calls, filters):
        if within.start_ms <= call.at_ms < within.end_ms:
            want[call.session] += call.cost_nusd or 0
    dearest = sorted(want.values(), reverse=True)[: len(review.sessions)]
    assert [found.sums.priced_nusd for found in review.sessions] == dearest
    assert all(want[found.row.number] == found.sums.priced_nusd for found in review.sessions)


def said(db: sqlite3.Connection) -> tuple[object, ...]:
    """What a store says of all that the newer rollups are for."""
    edges = [FIRST_MS // QUARTER_MS + n for n in (5, 700, 1900, 4000)]
    rows = rows_of(db, edges, ("model", "project"), MEASURES)
    within = Range(FIRST_MS + 3 * DAY_MS, FIRST_MS + 30 * DAY_MS)
    filters = Filters(branches=("b2",), projects=("p1",))
    scopes = (Scope(filters), Scope(filters, within), Scope(NO_FILTERS, within))
    reports = [
        load_report(db, Question(by=by, filters=filters), ZONES[1])
        for by in (("session", "branch"), ("session",), ("project",))
    ]
    tops = top_sessions(db, within, filters, Sums(calls=1), most=9)
    return (
        sorted((row.piece, row.keys, tuple(row.sums)) for row in rows),
        [sorted(sessions_in(db, scope)) for scope in scopes],
        sorted(values_of(db, edges, ("branch", "agent"))),
        last_of(db, edges, ("branch", "tier")),
        [(top.row.number, top.sums) for top in tops],
        reports,
    )


def test_an_older_store_that_can_only_be_read_says_the_same(
    db: sqlite3.Connection, calls: list[CallRow], tmp_path: Path
):
    older = sqlite3.connect(tmp_path / "older.db", isolation_level=None)
    db.backup(older)
    older.execute("drop view utc_days")
    for table in ("day", "day_model", "session_part"):
        older.execute(f"drop table {table}")
    assert said(older) == said(db)
    older.close()


@pytest.mark.parametrize("filters", [
    *FILTERS, Filters(branches=("b2",), projects=("p1",), models=("m2",)),
])  # fmt: skip
@pytest.mark.parametrize("days", [(0, DAYS), (3, 9), (20, 21), (70, 80)])
def test_sessions_are_those_with_a_call_that_fits(
    filters: Filters, days: tuple[int, int], db: sqlite3.Connection, calls: list[CallRow]
):
    within = Range(*(FIRST_MS + day * DAY_MS + 5 for day in days))
    meant = {
        call.session for call in fitting(db, calls, filters)
        if within.start_ms <= call.at_ms < within.end_ms
    }  # fmt: skip
    assert sessions_in(db, Scope(filters, within)) == meant
