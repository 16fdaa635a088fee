"""Every grouping and filter of a report is what adding up the calls one by one gives."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toktui import clock
from toktui.metrics.filters import Filters, matches, matches_folder
from toktui.metrics.question import KEYS, Key, Question
from toktui.metrics.report import Totals, load_report
from toktui.metrics.select import source_for
from toktui.store.connect import connect_writer
from toktui.store.estimates import PLACEHOLDER
from toktui.store.migrate import migrate
from toktui.store.writer import CALL_COLUMNS, CallRow, Writer

ZONES = ("UTC", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Kiritimati")
START = clock.parse_ms("2026-10-28T00:00:00.000Z") or 0
MODELS = ("claude-opus-4-8", "claude-opus-4-8[1m]", "mystery-1")
PROJECTS = ("/home/dev/shop", "/home/dev/blog", "")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    """A few hundred calls, every column varied by its own step."""
    path: Path = tmp_path_factory.mktemp("store") / "toktui.db"
    db = connect_writer(path)
    migrate(db)
    writer = Writer(db)
    with writer.transaction():
        writer.put_calls([call(writer, n) for n in range(400)])
        for row in map(CallRow._make, db.execute(f"select {', '.join(CALL_COLUMNS)} from call")):
            if row.exactness == PLACEHOLDER:
                estimated(db, row)
    yield db
    db.close()


def call(writer: Writer, n: int) -> CallRow:
    agent = writer.name(("claude-code", "codex")[n % 2])
    model = MODELS[n % 3]
    priced = model != "mystery-1"
    values: dict[str, object] = dict.fromkeys(CALL_COLUMNS, 0)
    values |= {
        "id": n + 1,
        "agent": agent,
        "key": f"call-{n}",
        "session": writer.session(agent, f"session-{n % 7}"),
        "at_ms": START + n * 37 * 60_000 + n % 60_000,
        "project": writer.name(PROJECTS[n % 3 if n % 5 else 0]),
        "branch": writer.name(("main", "", "x")[n // 3 % 3]),
        "model": writer.name(model),
        "priced": writer.name("claude-opus-4-8") if priced else 0,
        "tier": n % 4 // 3,
        "geo": "",
        "exactness": n % 4,
        "input": n,
        "cache_read": 3 * n,
        "output": 7,
        "web_search": n % 11 // 10,
        "cost_nusd": 1000 * n if priced else None,
        "cost_input": 1000 * n if priced else 0,
        "reported_nusd": None,
    }
    return CallRow(*(values[name] for name in CALL_COLUMNS))


def estimated(db: sqlite3.Connection, row: CallRow) -> None:
    """An estimate that differs for every call."""
    cell = (
        row.at_ms // clock.QUARTER_MS, row.session, row.agent, row.model, row.priced, row.tier,
        row.project, row.branch,
    )  # fmt: skip
    unpriced = row.cost_nusd is None
    costs = (0, 0, 0) if unpriced else (7 * row.id, 5 * row.id, 9 * row.id)
    values = (row.id, 1, *cell, unpriced, row.id, row.id // 2, 2 * row.id, *costs)
    db.execute(f"insert into estimate values ({', '.join('?' * len(values))})", values)


def one_by_one(
    db: sqlite3.Connection, question: Question, zone: ZoneInfo
) -> dict[tuple[str | None, ...], list[int]]:
    """Calls, tokens, cost, searches, unpriced calls, output beyond the logs, its most and its cost
    of every group, from the calls."""
    columns = {"session": "session_id"}
    keys = [columns.get(key, key) for key in question.by]
    sums: defaultdict[tuple[str | None, ...], list[int]] = defaultdict(lambda: [0] * 8)
    f = question.filters
    for row in db.execute(
        "select at_ms, agent, model, priced_as, project, input + cache_read + cache_write_5m"
        " + cache_write_1h + output, cost_nusd, web_search, more, most, more_nusd"
        f"{''.join(f', {key}' for key in keys)} from calls left join"
        " (select c.key, e.output as more, e.high as most, e.cost_nusd as more_nusd"
        " from estimate e join call c on c.id = e.call) on key = call_id"
    ):
        at_ms, agent, model, priced_as, project, tokens, cost, searches, *rest = row
        more, words = rest[:3], rest[3:]
        if not question.within.start_ms <= at_ms < question.within.end_ms:
            continue
        if f.agents and agent not in f.agents:
            continue
        if f.models and not (matches(model, f.models) or matches(priced_as or "", f.models)):
            continue
        if f.projects and not matches_folder(project, f.projects):
            continue
        label = clock.LABELS[question.period](at_ms, zone)
        key = (label, *(word or None for word in words))
        for i, n in enumerate((1, tokens, cost or 0, searches, cost is None, *more)):
            sums[key][i] += n or 0
    return dict(sums)


def beyond(row: Totals) -> tuple[int, int, int]:
    """What was probably used beyond the logs: output, at most, nano-dollars."""
    more = row.probable
    return (more.output, more.high, more.cost_nusd or 0) if more else (0, 0, 0)


@given(
    by=st.lists(st.sampled_from(KEYS), unique=True),
    period=st.sampled_from(clock.PERIODS),
    zone=st.sampled_from(ZONES),
    days=st.one_of(st.none(), st.tuples(st.integers(0, 12), st.integers(0, 5))),
    agents=st.sampled_from([(), ("codex",)]),
    models=st.sampled_from([(), ("claude-*",), ("claude-opus-4-8[1m]",), ("claude-opus-4-8",)]),
    projects=st.sampled_from([(), ("shop",), ("/home/*",), ("nope",)]),
)
def test_a_report_is_the_sum_of_its_calls(
    store: sqlite3.Connection,
    by: list[Key],
    period: clock.Period,
    zone: str,
    days: tuple[int, int] | None,
    agents: tuple[str, ...],
    models: tuple[str, ...],
    projects: tuple[str, ...],
):
    in_zone = ZoneInfo(zone)
    within = clock.day_range(None, None, now_ms=START, zone=in_zone)
    if days is not None:
        first = clock.local_date(START + days[0] * clock.DAY_MS, in_zone)
        last = clock.local_date(START + sum(days) * clock.DAY_MS, in_zone)
        within = clock.day_range(
            first.isoformat(), last.isoformat(), now_ms=START, zone=in_zone
        )
    question = Question(
        period=period, by=tuple(by), within=within, filters=Filters(agents, models, projects)
    )
    report = load_report(store, question, in_zone)
    found = {
        (row.period, *(getattr(row, key) for key in by)): [
            row.calls, row.tokens.total, row.cost_nusd or 0, row.fees.web_search,
            row.unpriced_calls, *beyond(row),
        ]
        for row in report.rows
    }
    assert found == one_by_one(store, question, in_zone)
    assert len(found) == len(report.rows)
    assert report.totals.calls == sum(row.calls for row in report.rows)
    assert report.totals.tokens.total == sum(row.tokens.total for row in report.rows)
    more = zip((0, 0, 0), *map(beyond, report.rows), strict=True)
    assert list(beyond(report.totals)) == [sum(numbers) for numbers in more]


def test_the_rollups_answer_what_they_can():
    def table(question: Question) -> str:
        return source_for(question).table

    week = clock.day_range("7d", None, now_ms=START, zone=ZoneInfo("UTC"))
    assert table(Question()) == "session_total"
    assert table(Question(period="month")) == "quarter"
    assert table(Question(by=("project",))) == "quarter"
    assert table(Question(by=("agent", "model", "project", "branch", "tier"))) == "quarter"
    assert table(Question(period="day", within=week)) == "quarter"
    assert table(Question(by=("session", "model", "tier", "agent"))) == "session_total"
    assert table(Question(by=("session",), filters=Filters(models=("x",)))) == "session_total"
    assert table(Question(by=("session",), period="day")) == "call"
    assert table(Question(by=("session", "branch"))) == "session_part"
    assert table(Question(by=("session", "branch"), within=week)) == "call"


def test_a_pattern_is_exact_or_a_glob():
    assert matches("claude-opus-4-8[1m]", ("claude-opus-4-8[1m]",))
    assert matches("claude-opus-4-8", ("claude-*",))
    assert not matches("Claude-opus", ("claude-*",))
    assert not matches("", ("*",))


def test_a_folder_matches_by_its_path_or_its_last_part():
    assert matches_folder("/home/dev/shop", ("shop",))
    assert matches_folder("/home/dev/shop", ("/home/*",))
    assert matches_folder("/home/dev/shop/", ("sh*",))
    assert not matches_folder("/home/dev/shop", ("dev",))
    assert not matches_folder("/home/dev/shop", ("/shop",))
