"""Every public figure of any store, zone, range and filter is the sum of the calls it is about."""

from __future__ import annotations

import datetime
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.metrics.test_rollup import FILTERS, FIRST, FIRST_MS, ZONES, fitting
from tests.properties.lab import shipped_book
from toktui.clock import (
    DAY_MS,
    QUARTER_MS,
    Range,
    day_start_ms,
    local_date,
    month_label,
    week_label,
)
from toktui.metrics.card import load_card
from toktui.metrics.cut import One
from toktui.metrics.eaters import load_eaten
from toktui.metrics.filters import NO_FILTERS, Filters
from toktui.metrics.history import HistoryQuestion, load_review
from toktui.metrics.models import load_models
from toktui.metrics.outcomes import load_outcomes
from toktui.metrics.parts import KEYS, load_whole
from toktui.metrics.projects import load_projects
from toktui.metrics.question import Question
from toktui.metrics.report import load_report
from toktui.metrics.scope import Scope
from toktui.metrics.session_list import ListQuestion, load_page
from toktui.metrics.sessions import load_sessions
from toktui.metrics.spans import Span
from toktui.metrics.team_day import load_call_keys, load_day_sums, load_team_day
from toktui.model import TIERS
from toktui.store.migrate import migrate
from toktui.store.writer import CALL_COLUMNS, CallRow, Writer

DAYS = 75
"""Over two ends of months, and over the ends of summer time."""
NAMES = (
    "claude-code", "codex", "m1", "m2", "/w/p1", "/w/p2", "main", "b2", "", "sub",
)  # fmt: skip


@cache
def _empty() -> bytes:
    db = sqlite3.connect(":memory:", isolation_level=None)
    migrate(db)
    packed = db.serialize()
    db.close()
    return packed


class World:
    """A store of some calls, which were added, changed and taken out in several transactions."""

    def __init__(self, seed: int) -> None:
        rng = Random(seed)
        self.seed = seed
        self.db = sqlite3.connect(":memory:", isolation_level=None)
        self.db.deserialize(_empty())
        self.writer = Writer(self.db)
        self.rows: dict[int, CallRow] = {}
        with self.writer.transaction():
            self.names = {text: self.writer.name(text) for text in NAMES}
        for _ in range(rng.randrange(1, 5)):
            with self.writer.transaction():
                self._change(rng)
        self.calls = list(self.rows.values())

    def __repr__(self) -> str:
        return f"World({self.seed})"

    def _change(self, rng: Random) -> None:
        writer = self.writer
        new = [self._row(rng, number) for number in writer.new_call_ids(rng.randrange(1, 40))]
        writer.add_calls(new)
        known = list(self.rows)
        changed = rng.sample(known, min(len(known), rng.randrange(8)))
        put = [self._row(rng, number) for number in changed]
        writer.put_calls(put, [self.rows[number] for number in changed])
        self.rows |= {row.id: row for row in (*new, *put)}
        gone = rng.sample(known, min(len(known), rng.randrange(4)))
        writer.drop_calls([self.rows.pop(number) for number in gone])

    def _row(self, rng: Random, number: int) -> CallRow:
        names, writer = self.names, self.writer
        agent, model = names[rng.choice(NAMES[:2])], names[rng.choice(NAMES[2:4])]
        quarter = rng.choice((0, 1, 20, 21, 22, 40, 72, 88, 94, 95))
        at_ms = FIRST_MS + int(rng.triangular(0, DAYS, 30)) * DAY_MS + quarter * QUARTER_MS
        parts = [rng.randrange(10**9) if rng.random() < 0.9 else 0 for _ in range(6)]
        priced = rng.random() < 0.7
        values = dict.fromkeys(CALL_COLUMNS, 0) | {
            "id": number, "agent": agent, "key": f"k{number}", "geo": "",
            "at_ms": at_ms + rng.choice((0, 1, QUARTER_MS - 1, rng.randrange(QUARTER_MS))),
            "session": writer.session(agent, f"s{rng.randrange(9)}"), "model": model,
            "agent_id": names[rng.choice(("", "", "sub"))],
            "project": names[rng.choice(("/w/p1", "/w/p2", ""))],
            "branch": names[rng.choice(("main", "b2", ""))], "tier": rng.randrange(2),
            "priced": model if priced else 0, "exactness": rng.randrange(4),
            "input": rng.randrange(99), "cache_read": rng.randrange(10**6),
            "cache_write_5m": rng.randrange(99), "cache_write_1h": rng.randrange(99),
            "output": rng.randrange(999), "reasoning": rng.randrange(9),
            "web_search": rng.randrange(2), "cost_nusd": sum(parts) if priced else None,
            "reported_nusd": None,
        }  # fmt: skip
        if priced:
            costs = ("input", "cache_read", "cache_write_5m", "cache_write_1h", "output", "fees")
            values |= {f"cost_{name}": part for name, part in zip(costs, parts, strict=True)}
        return CallRow(**values)  # type: ignore[arg-type]

    def text(self, number: int) -> str:
        return next(text for text, known in self.names.items() if known == number)


@pytest.fixture(scope="module")
def worlds() -> Iterator[dict[int, World]]:
    """Stores by seed, made once."""
    made: dict[int, World] = {}
    yield made
    for world in made.values():
        world.db.close()


Found = tuple[int, int | None, int, int]


def amount(calls: Iterable[CallRow]) -> Found:
    """Number, cost, tokens and unpriced ones; a cost that nobody knows is None."""
    some = list(calls)
    unpriced = sum(call.cost_nusd is None for call in some)
    cost = None if some and unpriced == len(some) else sum(call.cost_nusd or 0 for call in some)
    return len(some), cost, sum(sum(call[15:20]) for call in some), unpriced


def of(sums: object) -> Found:
    """The same of `Sums`, or what has its names."""
    return sums.calls, sums.cost_nusd, sums.tokens, sums.unpriced  # type: ignore[attr-defined]


seeds = st.integers(0, 40)
zones = st.sampled_from(ZONES)
days = st.tuples(st.integers(-3, DAYS + 3), st.integers(1, DAYS)).map(
    lambda both: (FIRST + datetime.timedelta(days=both[0]), both[1])
)


@settings(max_examples=120)
@given(seed=seeds, zone=zones, days=days, filters=st.sampled_from(FILTERS), data=st.data())
def test_every_figure_is_the_sum_of_its_calls(
    seed: int, zone: ZoneInfo, days: tuple[datetime.date, int], filters: Filters,
    data: st.DataObject, worlds: dict[int, World],
):  # fmt: skip
    world = worlds[seed] = worlds.get(seed) or World(seed)
    db, calls = world.db, fitting(world.db, world.calls, filters)
    first, count = days
    last = first + datetime.timedelta(days=count - 1)
    after = last + datetime.timedelta(days=1)
    within = Range(day_start_ms(first, zone), day_start_ms(after, zone))
    inside = [call for call in calls if within.start_ms <= call.at_ms < within.end_ms]
    now_ms = FIRST_MS + (DAYS + 200) * DAY_MS

    review = load_review(
        db, shipped_book(), HistoryQuestion(Span("days", first, last), filters), now_ms, zone
    )
    assert of(review.sums) == amount(inside)
    for bar in review.bars:
        meant = [call for call in inside if bar.piece.within.start_ms <= call.at_ms
                 < bar.piece.within.end_ms]  # fmt: skip
        assert of(bar.sums) == amount(meant)
    for place in review.agents:
        assert of(place.sums) == amount(c for c in inside if world.text(c.agent) == place.name)

    projects = load_projects(db, filters=filters, within=within, now_ms=now_ms, zone=zone)
    assert of(projects.sums) == amount(inside)
    for row in projects.rows:
        meant = [call for call in inside if world.text(call.project) == row.project]
        assert of(row.sums) == amount(meant)
        assert sum(row.costs) == (amount(meant)[1] or 0)
        assert row.last_ms == max(call.at_ms for call in meant) // QUARTER_MS * QUARTER_MS

    models = load_models(
        db, shipped_book(), filters=filters, within=within, now_ms=now_ms, zone=zone
    )
    assert of(models.sums) == amount(inside)
    for row in models.rows:
        assert of(row.sums) == amount(
            c for c in inside
            if world.text(c.model) == row.name and TIERS[c.tier] == row.tier
        )  # fmt: skip

    one = One(model=data.draw(st.sampled_from(("m1", "m2"))))
    db.execute("begin")
    whole = load_whole(db, KEYS, filters=filters, within=within, zone=zone, one=one)
    db.execute("rollback")
    meant = [call for call in inside if world.text(call.model) == one.model]
    assert of(whole.sums) == amount(meant)
    for key in KEYS:
        parts = [part.sums for part in whole.parts if part.key == key]
        assert sum(part.calls for part in parts) == len(meant)
        assert sum(part.priced_nusd for part in parts) == (amount(meant)[1] or 0)
    assert whole.kinds is not None
    assert sum(kind.calls for kind in whole.kinds) == len(meant)
    assert sum(kind.nusd for kind in whole.kinds) == (amount(meant)[1] or 0)


@settings(max_examples=80)
@given(
    seed=seeds, zone=zones, days=days, filters=st.sampled_from(FILTERS),
    period=st.sampled_from(("day", "week", "month", "all")),
    by=st.lists(st.sampled_from(("agent", "model", "session", "branch", "tier")), unique=True),
)  # fmt: skip
def test_a_report_of_a_range_is_the_sum_of_its_calls(
    seed: int, zone: ZoneInfo, days: tuple[datetime.date, int], filters: Filters, period: str,
    by: list[str], worlds: dict[int, World],
):  # fmt: skip
    world = worlds[seed] = worlds.get(seed) or World(seed)
    db = world.db
    first, count = days
    after = first + datetime.timedelta(days=count)
    within = Range(day_start_ms(first, zone), day_start_ms(after, zone))
    inside = [
        call for call in fitting(db, world.calls, filters)
        if within.start_ms <= call.at_ms < within.end_ms
    ]  # fmt: skip
    sessions = dict(db.execute("select id, key from session"))

    def label(at_ms: int) -> str:
        match period:
            case "day":
                return local_date(at_ms, zone).isoformat()
            case "week":
                return week_label(at_ms, zone)
            case "month":
                return month_label(at_ms, zone)
            case _:
                return "all"

    def place(call: CallRow) -> tuple[str | None, ...]:
        words: dict[str, str | None] = {
            "agent": world.text(call.agent), "model": world.text(call.model),
            "session": sessions[call.session], "branch": world.text(call.branch) or None,
            "tier": TIERS[call.tier],
        }  # fmt: skip
        return (label(call.at_ms), *(words[key] for key in by))

    want: defaultdict[tuple[str | None, ...], list[CallRow]] = defaultdict(list)
    for call in inside:
        want[place(call)].append(call)
    question = Question(period=period, by=tuple(by), within=within, filters=filters)  # type: ignore[arg-type]
    report = load_report(db, question, zone)
    found = {
        (row.period, *(getattr(row, key) for key in by)): (
            row.calls, row.cost_nusd, row.tokens.total, row.unpriced_calls,
        )
        for row in report.rows
    }  # fmt: skip
    assert found == {key: amount(calls) for key, calls in want.items()}
    assert len(found) == len(report.rows)
    assert (report.totals.calls, report.totals.tokens.total) == amount(inside)[::2]


@settings(max_examples=80)
@given(seed=seeds, zone=zones, days=days, filters=st.sampled_from(FILTERS))
def test_sessions_outcomes_windows_and_what_a_team_is_sent_are_sums_of_calls(
    seed: int, zone: ZoneInfo, days: tuple[datetime.date, int], filters: Filters,
    worlds: dict[int, World],
):  # fmt: skip
    world = worlds[seed] = worlds.get(seed) or World(seed)
    db, calls = world.db, world.calls
    first, count = days
    after = first + datetime.timedelta(days=count)
    within = Range(day_start_ms(first, zone), day_start_ms(after, zone))
    by_session: defaultdict[int, list[CallRow]] = defaultdict(list)
    for call in calls:
        by_session[call.session].append(call)
    meant = {call.session for call in fitting(db, calls, filters)}
    lived = {
        call.session for call in fitting(db, calls, filters)
        if within.start_ms <= call.at_ms < within.end_ms
    }  # fmt: skip

    page = load_page(db, ListQuestion(count=1_000), FIRST_MS, Scope(filters, within))
    assert {row.number for row in page.rows} == lived
    assert page.found == len(lived)
    for row in page.rows:
        assert of(row.sums) == amount(by_session[row.number])
    for row in load_sessions(db, within=within, filters=filters).sessions:
        assert of(row.sums) == amount(by_session[row.number])

    ended = [
        some for number, some in by_session.items()
        if number in meant and within.start_ms <= max(c.at_ms for c in some) < within.end_ms
    ]  # fmt: skip
    outcomes = load_outcomes(db, zone=zone, scope=Scope(filters, within))
    costs = [amount(some)[1] for some in ended]
    known = [cost for cost in costs if cost is not None]
    assert outcomes.sessions == len(ended)
    assert outcomes.spent.nusd == (sum(known) if known else None)
    assert outcomes.spent.lacks == any(amount(some)[3] for some in ended)
    assert sum(week.spent.nusd or 0 for week in outcomes.weeks) == (outcomes.spent.nusd or 0)

    inside = [call for call in calls if within.start_ms <= call.at_ms < within.end_ms]
    eaten = load_eaten(db, "codex", "week", within)
    assert of(eaten) == amount(c for c in inside if world.text(c.agent) == "codex")
    day = load_team_day(db, within)
    assert sum(row.sums["calls"] for row in day) == len(inside)
    assert sum(row.sums["cost_nusd"] for row in day) == (amount(inside)[1] or 0)
    assert sum(map(len, load_call_keys(db, within).values())) == len(inside)
    quarters = [sums for _, sums in load_day_sums(db, within)]
    assert sum(one.tokens for one in quarters) == amount(inside)[2]
    if filters == NO_FILTERS:
        now_ms = within.end_ms - 1
        card = load_card(db, "month", now_ms=now_ms, zone=zone, projects=True)
        month = month_label(now_ms, zone)
        so_far = [c for c in calls if month_label(c.at_ms, zone) == month and c.at_ms <= now_ms]
        assert of(card.sums) == amount(so_far)
        assert sum(part.sums.priced_nusd for part in card.projects) == (amount(so_far)[1] or 0)
