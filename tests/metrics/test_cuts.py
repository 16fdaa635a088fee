"""Models, projects and what if: parts add up to the whole, and rollups to their calls."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest

from tests.metrics.big_store import write_big_store
from tests.metrics.conftest import NOW
from toktui.clock import DAY_MS, Range
from toktui.dev.sample import Conversation, settle_home
from toktui.metrics.cut import One, slices_of
from toktui.metrics.filters import NO_FILTERS, Filters
from toktui.metrics.models import ModelRow, Models, load_models
from toktui.metrics.parts import KEYS, load_whole
from toktui.metrics.projects import Projects, load_projects
from toktui.metrics.question import ALWAYS
from toktui.metrics.rates_used import all_rates
from toktui.metrics.scope import read_scope
from toktui.metrics.session_list import ListQuestion, load_page
from toktui.metrics.what_if import otherwise, token_ratio
from toktui.metrics.what_if_piles import MOST_READ
from toktui.model import Tokens
from toktui.pricing.price import price
from toktui.pricing.rates import RateBook
from toktui.store.connect import connect_reader, connect_writer

ZONES = ("UTC", "America/New_York", "Asia/Kathmandu", "Pacific/Kiritimati")
WEEK = Range(NOW - NOW % DAY_MS - 6 * DAY_MS, NOW - NOW % DAY_MS + DAY_MS)
MEANT = (
    (NO_FILTERS, ALWAYS),
    (Filters(agents=("codex",)), ALWAYS),
    (Filters(models=("*opus*",)), WEEK),
    (Filters(projects=("*shop*",), any_case=True), ALWAYS),
    (Filters(models=("no-such-model",)), ALWAYS),
    (NO_FILTERS, Range(NOW + 90 * DAY_MS, NOW + 91 * DAY_MS)),
)


def models(
    db: sqlite3.Connection, book: RateBook, filters: Filters = NO_FILTERS,
    within: Range = ALWAYS, zone: str = "UTC",
) -> Models:  # fmt: skip
    return load_models(
        db, book, filters=filters, within=within, now_ms=NOW, zone=ZoneInfo(zone)
    )


def projects(
    db: sqlite3.Connection, filters: Filters = NO_FILTERS, within: Range = ALWAYS,
    zone: str = "UTC",
) -> Projects:  # fmt: skip
    return load_projects(db, filters=filters, within=within, now_ms=NOW, zone=ZoneInfo(zone))


def of_calls(
    db: sqlite3.Connection, filters: Filters, within: Range
) -> tuple[int, int, int]:
    """Calls, cost and tokens, call by call."""
    rows = db.execute(
        "select agent, model, priced_as, project, branch, cost_nusd,"
        " input + cache_read + cache_write_5m + cache_write_1h + output from calls"
        " where at_ms >= ? and at_ms < ?",
        (within.start_ms, within.end_ms),
    ).fetchall()
    kept = [
        row for row in rows
        if filters.fits(agent=row[0], model=row[1], priced_as=row[2], project=row[3], branch=row[4])
    ]  # fmt: skip
    return len(kept), sum(row[5] or 0 for row in kept), sum(row[6] for row in kept)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize(("filters", "within"), MEANT)
def test_models_and_projects_add_up_to_their_calls(
    zone: str, filters: Filters, within: Range, db: sqlite3.Connection, book: RateBook
):
    calls, nusd, tokens = of_calls(db, filters, within)
    for found in (models(db, book, filters, within, zone), projects(db, filters, within, zone)):
        assert (found.sums.calls, found.sums.priced_nusd, found.sums.tokens) == (
            calls, nusd, tokens,
        )  # fmt: skip
        assert sum(row.sums.calls for row in found.rows) == calls
        assert sum(row.sums.priced_nusd for row in found.rows) == nusd
        assert sum(sum(row.costs) for row in found.rows) == nusd
        assert sum(sum(row.tokens) for row in found.rows) == tokens


def test_the_parts_of_each_project_add_up_to_it_by_every_key(db: sqlite3.Connection):
    found = projects(db)
    assert len(found.rows) > 2
    for row in found.rows:
        whole = load_whole(
            db, KEYS, filters=NO_FILTERS, within=ALWAYS, zone=ZoneInfo("UTC"),
            one=One(folders=row.folders),
        )  # fmt: skip
        assert whole.sums.priced_nusd == row.sums.priced_nusd
        for key in KEYS:
            parts = [part for part in whole.parts if part.key == key]
            assert sum(part.sums.priced_nusd for part in parts) == row.sums.priced_nusd
            assert sum(part.sums.calls for part in parts) == row.sums.calls
            assert sum(sum(part.costs) for part in parts) == row.sums.priced_nusd
        assert whole.kinds is not None
        assert sum(kind.nusd for kind in whole.kinds) == row.sums.priced_nusd
        assert sum(kind.calls for kind in whole.kinds) == row.sums.calls


def test_the_sessions_of_a_model_are_those_that_used_it(db: sqlite3.Connection, book: RateBook):
    for row in models(db, book).rows:
        whole = load_whole(
            db, ("project",), filters=NO_FILTERS, within=ALWAYS, zone=ZoneInfo("UTC"),
            one=One(model=row.name, tier=row.tier),
        )  # fmt: skip
        assert whole.sums == row.sums or whole.sums.priced_nusd == row.sums.priced_nusd
        assert whole.sessions
        if len(whole.sessions) < 100:
            assert sum(session.calls for session in whole.sessions) == row.sums.calls
            assert sum(session.nusd or 0 for session in whole.sessions) == row.sums.priced_nusd


def test_sub_agents_are_told_by_their_type(db: sqlite3.Connection):
    names: set[str] = set()
    for row in projects(db).rows:
        whole = load_whole(
            db, ("agent",), filters=NO_FILTERS, within=ALWAYS, zone=ZoneInfo("UTC"),
            one=One(folders=row.folders),
        )  # fmt: skip
        names |= {kind.name for kind in whole.kinds or ()}
    assert "conversation" in names
    assert len(names) > 1


def test_what_is_unpriced_comes_first_and_says_why(db: sqlite3.Connection, book: RateBook):
    rows = models(db, book).rows
    unpriced = [bool(row.sums.unpriced) for row in rows]
    assert unpriced == sorted(unpriced, reverse=True)
    assert unpriced[0]
    assert rows[0].missing == "The rate book does not have this model."
    assert rows[0].effective == (None,) * 5
    assert rows[0].per_output is None
    assert all(row.rates and not row.missing for row in rows if not row.sums.unpriced)


def test_an_effective_price_is_the_rate_where_only_one_applied(
    db: sqlite3.Connection, book: RateBook
):
    (row,) = (row for row in models(db, book).rows if row.name == "claude-opus-4-6")
    (used,) = row.rates
    for price_, rate, tokens in zip(
        row.effective, used.rate.bands[0].rates, row.sums.buckets, strict=True
    ):
        assert price_ == (rate if tokens else None)


def alternatives(
    db: sqlite3.Connection, book: RateBook, row: ModelRow, others: tuple[str, ...] | None = None
):
    return otherwise(
        db, book, name=row.name, tier=row.tier, sums=row.sums, filters=NO_FILTERS,
        slices=slices_of(db, ALWAYS, ZoneInfo("UTC")), now_ms=NOW, others=others,
    )  # fmt: skip


def calls_of(db: sqlite3.Connection, row: ModelRow) -> list[tuple[Tokens, int]]:
    rows = db.execute(
        "select input, cache_read, cache_write_5m, cache_write_1h, output, web_search from calls"
        " where coalesce(priced_as, model) = ? and tier = ?",
        (row.name, row.tier),
    )
    return [(Tokens(*numbers), searches) for *numbers, searches in rows]


@pytest.mark.parametrize(
    "other", ["claude-opus-4-8", "claude-sonnet-4-5", "gpt-5.5", "gpt-5-mini", "claude-haiku-5-5"]
)
def test_another_model_costs_what_its_rates_of_today_make_of_each_call(
    other: str, db: sqlite3.Connection, book: RateBook
):
    for row in models(db, book).rows:
        if row.name == other:
            continue
        (found,) = (w for w in alternatives(db, book, row, (other,)) if w.kind == "model")
        costs = [
            price(book, model=other, at_ms=NOW, tokens=tokens, web_search=searches)
            for tokens, searches in calls_of(db, row)
        ]
        if None in costs:
            assert found.low_nusd is None
            assert found.note
            continue
        assert found.is_exact
        one_by_one = sum(cost.total_nusd for cost in costs if cost)
        assert abs((found.low_nusd or 0) - one_by_one) <= len(costs) / 2


def test_without_a_cache_every_prompt_token_costs_what_input_costs(
    db: sqlite3.Connection, book: RateBook
):
    row = next(row for row in models(db, book).rows if row.name == "claude-opus-4-6")
    (found,) = (w for w in alternatives(db, book, row, ()) if w.kind == "no cache")
    costs = [
        price(
            book, model=row.name, at_ms=NOW, web_search=searches,
            tokens=Tokens(input=tokens.prompt, output=tokens.output),
        )
        for tokens, searches in calls_of(db, row)
    ]  # fmt: skip
    assert found.low_nusd == found.high_nusd == sum(cost.total_nusd for cost in costs if cost)


def test_as_batch_tokens_cost_half_and_fees_the_same(db: sqlite3.Connection, book: RateBook):
    row = next(row for row in models(db, book).rows if row.name == "claude-opus-4-6")
    (found,) = (w for w in alternatives(db, book, row, ()) if w.name == "batch")
    tokens = row.sums.priced_nusd - row.sums.cost_fees
    assert found.low_nusd == round(Fraction(tokens, 2)) + row.sums.cost_fees


def test_other_cache_writes_change_only_the_writes(db: sqlite3.Connection, book: RateBook):
    for row in models(db, book).rows:
        for found in alternatives(db, book, row, ()):
            if found.kind == "short writes":
                assert found.low_nusd is not None
                assert found.low_nusd < row.sums.priced_nusd
            if found.kind == "long writes":
                assert found.low_nusd is not None
                assert found.low_nusd > row.sums.priced_nusd


def test_a_ratio_is_known_only_between_models_that_were_measured():
    assert token_ratio("claude-opus-4-6", "claude-opus-4-6") == 1
    ratio = token_ratio("claude-opus-4-5", "claude-opus-4-6")
    assert ratio == pytest.approx(1.313 / 1.222)
    assert token_ratio("claude-opus-4-6", "gpt-5-mini") is None


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    path = tmp_path_factory.mktemp("large") / "toktui.db"
    write_big_store(path, calls=3 * MOST_READ + 6000, now_ms=NOW)
    connection = connect_reader(path)
    yield connection
    connection.close()


def test_of_more_calls_than_can_be_read_the_truth_lies_in_the_range(
    large: sqlite3.Connection, book: RateBook
):
    row = next(row for row in models(large, book).rows if row.name == "claude-opus-5-5")
    (found,) = (w for w in alternatives(large, book, row, ("gpt-5.5",)) if w.kind == "model")
    costs = [
        price(book, model="gpt-5.5", at_ms=NOW, tokens=tokens, web_search=searches)
        for tokens, searches in calls_of(large, row)
    ]
    true = sum(cost.total_nusd for cost in costs if cost)
    assert found.low_nusd is not None
    assert found.high_nusd is not None
    assert found.low_nusd - len(costs) <= true <= found.high_nusd + len(costs)


def test_no_question_scans_the_calls(large: sqlite3.Connection, book: RateBook):
    statements: list[str] = []
    large.set_trace_callback(statements.append)
    for row in models(large, book).rows:
        alternatives(large, book, row)
        load_whole(
            large, ("project",), filters=NO_FILTERS, within=WEEK, zone=ZoneInfo("UTC"),
            one=One(model=row.name, tier=row.tier),
        )  # fmt: skip
    for row in projects(large).rows[:3]:
        load_whole(
            large, KEYS, filters=NO_FILTERS, within=WEEK, zone=ZoneInfo("UTC"),
            one=One(folders=row.folders),
        )  # fmt: skip
    large.set_trace_callback(None)
    asked = [text for text in statements if text.lstrip().startswith("select")]
    assert asked
    plans = [row[3] for text in asked for row in large.execute(f"explain query plan {text}")]
    assert [plan for plan in plans if plan.startswith(("SCAN t", "SCAN call"))] == []


def test_sub_agents_of_any_number_of_calls_are_told(
    large: sqlite3.Connection, db: sqlite3.Connection
):
    whole = load_whole(
        large, ("agent",), filters=NO_FILTERS, within=ALWAYS, zone=ZoneInfo("UTC"), one=One()
    )
    assert whole.kinds is not None
    (kind,) = whole.kinds
    assert (kind.name, kind.calls) == ("conversation", 3 * MOST_READ + 6000)
    assert kind.nusd == whole.sums.priced_nusd


@pytest.mark.parametrize(("filters", "within"), MEANT)
def test_sub_agents_and_sessions_add_up_under_any_filter(
    filters: Filters, within: Range, db: sqlite3.Connection
):
    whole = load_whole(
        db, ("agent",), filters=filters, within=within, zone=ZoneInfo("Asia/Kathmandu"), one=One()
    )
    assert whole.kinds is not None
    assert sum(kind.calls for kind in whole.kinds) == whole.sums.calls
    assert sum(kind.nusd for kind in whole.kinds) == whole.sums.priced_nusd
    if within == ALWAYS and len(whole.sessions) < 100:
        assert sum(session.calls for session in whole.sessions) == whole.sums.calls


def test_a_session_is_listed_with_what_it_did_on_a_branch(tmp_path: Path, book: RateBook):
    log = Conversation(tmp_path / "home", "5e55aaaa-0000-4000-8000-000000000001", "/w/one")
    log.turn(NOW - 9_000)
    log.branch = "b2"
    log.turn(NOW - 8_000)
    log.turn(NOW - 7_000)
    log.write(NOW - 7_000)
    settle_home(tmp_path / "home", tmp_path / "data/toktui.db", book, NOW)
    db = connect_reader(tmp_path / "data/toktui.db")
    calls: dict[str, int] = {}
    for branch in ("main", "b2"):
        whole = load_whole(
            db, ("branch",), filters=Filters(branches=(branch,)), within=ALWAYS,
            zone=ZoneInfo("UTC"), one=One(folders=("/w/one",)),
        )  # fmt: skip
        (session,) = whole.sessions
        assert whole.kinds is not None
        assert session.calls == sum(kind.calls for kind in whole.kinds) == whole.sums.calls
        calls[branch] = session.calls
    assert calls == {"main": 1, "b2": 2}
    for text, found in (("branch:b2", 1), ("branch:b2 project:one", 1), ("branch:b3", 0)):
        scope = read_scope(text, now_ms=NOW, zone=ZoneInfo("UTC")).scope
        assert scope is not None
        assert load_page(db, ListQuestion(), NOW, scope).found == found
    db.close()


def test_all_rates_of_a_model_are_listed_each_once(db: sqlite3.Connection, book: RateBook):
    found = all_rates(db, book, "claude-opus-4-6", "standard")
    assert [used.rate.valid_from for used in found] == sorted(
        (used.rate.valid_from for used in found), key=lambda day: day or date.min
    )
    assert len({used.rate.rate_id for used in found}) == len(found) == 2
    assert found[0].until == found[1].rate.valid_from
    assert found[-1].until is None


def test_folders_of_one_repository_are_one_project(
    tmp_path: Path, db: sqlite3.Connection
):
    copy = connect_writer(tmp_path / "toktui.db")
    db.backup(copy)
    apart = projects(db)
    one, other = (row.project for row in apart.rows[:2])
    copy.execute(
        "insert into repository (id, place, folder, branch, upstream, tip, mine)"
        " values (7, '/x/.git', '/x', 'main', 0, '', 0)"
    )
    copy.execute(
        "insert into workplace (project, repository, why)"
        " select id, 7, '' from name where text in (?, ?)",
        (one, other),
    )
    together = projects(copy)
    joined = next(row for row in together.rows if row.project == "/x")
    assert joined.folders == tuple(sorted((one, other)))
    assert len(together.rows) == len(apart.rows) - 1
    assert together.sums == apart.sums
    assert joined.sums.priced_nusd == sum(row.sums.priced_nusd for row in apart.rows[:2])
    whole = load_whole(
        copy, KEYS, filters=NO_FILTERS, within=ALWAYS, zone=ZoneInfo("UTC"),
        one=One(folders=joined.folders),
    )  # fmt: skip
    assert whole.sums.priced_nusd == joined.sums.priced_nusd
    assert {part.name for part in whole.parts if part.key == "project"} == {one, other}
    assert sum(kind.nusd for kind in whole.kinds or ()) == joined.sums.priced_nusd
    copy.close()


def test_models_of_resellers_are_named_only_if_they_are_used(
    db: sqlite3.Connection, book: RateBook
):
    reselled = next(name for name, entry in book.entries.items()
                    if entry.line.provider == "openrouter")
    row = models(db, book).rows[-1]
    found = alternatives(db, book, msgspec.structs.replace(row, name=reselled))
    providers = {
        entry.line.provider for one in found if one.kind == "model" and not one.used
        if (entry := book.entry(one.name))
    }  # fmt: skip
    assert providers >= {"anthropic", "openai", "google"}
    assert "openrouter" not in providers
