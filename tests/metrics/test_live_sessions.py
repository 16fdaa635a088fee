"""The list of sessions and one of them, on small stores made of logs."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.metrics.big_store import write_big_store
from tests.metrics.conftest import NOW
from toktui.clock import HOUR_MS
from toktui.metrics.filters import Filters
from toktui.metrics.live import load_live
from toktui.metrics.scope import Scope
from toktui.metrics.session_detail import DetailQuestion, load_detail
from toktui.metrics.session_list import SORTS, ListQuestion, Sort, load_page
from toktui.pricing.rates import RateBook
from toktui.store.connect import connect_reader


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("descending", [True, False])
def test_every_order_holds_every_session_once(sort: Sort, descending: bool, db: sqlite3.Connection):
    question = ListQuestion(sort=sort, descending=descending)
    page = load_page(db, question, NOW)
    assert len({row.number for row in page.rows}) == page.found == len(page.rows)


@pytest.mark.parametrize("sort", SORTS)
def test_windows_are_parts_of_one_order(sort: Sort, db: sqlite3.Connection):
    whole = load_page(db, ListQuestion(sort=sort), NOW).rows
    parts = [
        row
        for first in range(0, len(whole), 7)
        for row in load_page(db, ListQuestion(sort=sort, first=first, count=7), NOW).rows
    ]
    assert tuple(parts) == whole


def test_a_filter_finds_agent_project_model_and_id(db: sqlite3.Connection):
    for text, fits in (
        ("codex", lambda row: row.agent == "codex"),
        ("SHOP", lambda row: "shop" in row.project),
        ("house-model", lambda row: row.model == "house-model-7b"),
        ("9e3779b1", lambda row: row.id.startswith("9e3779b1")),
    ):
        page = load_page(
            db, ListQuestion(), NOW, Scope(Filters(words=(text,), any_case=True), text=text)
        )
        assert page.rows
        assert all(map(fits, page.rows))


def test_sums_of_a_session_are_those_of_its_calls(db: sqlite3.Connection, book: RateBook):
    for row in load_page(db, ListQuestion(), NOW).rows[:12]:
        detail = load_detail(db, book, DetailQuestion(row.number, count=100_000), NOW)
        assert detail is not None
        assert len(detail.calls) == row.sums.calls
        assert sum(c.call.cost_nusd or 0 for c in detail.calls) == row.sums.priced_nusd
        assert sum(map(sum, (step.parts for step in detail.steps))) == row.sums.priced_nusd
        assert sum(step.calls for step in detail.steps) == row.sums.calls
        assert sum(model.sums.priced_nusd for model in detail.models) == row.sums.priced_nusd
        assert sum(row.sums.parts) == row.sums.priced_nusd


def test_a_session_that_is_gone_is_none(db: sqlite3.Connection, book: RateBook):
    assert load_detail(db, book, DetailQuestion(10**9), NOW) is None


def test_sessions_that_are_long_over_cost_no_look_at_their_calls(
    db: sqlite3.Connection, book: RateBook
):
    def looks(now_ms: int) -> tuple[int, int]:
        statements: list[str] = []
        db.set_trace_callback(statements.append)
        live = load_live(db, now_ms, ZoneInfo("UTC"), book)
        db.set_trace_callback(None)
        return sum("order by c.exactness = " in one for one in statements), len(live.sessions)

    later = NOW + 10 * HOUR_MS
    (of_the_day,) = db.execute(
        "select count(*) from session where last_ms > ?", (later - 24 * HOUR_MS,)
    ).fetchone()
    looked, listed = looks(later)
    # Those of a model whose cache may live for a day are looked at.
    assert looked < of_the_day
    assert listed == 0
    assert looks(NOW)[1] > 0


def test_no_look_scans_the_calls(tmp_path: Path, book: RateBook):
    write_big_store(tmp_path / "toktui.db", calls=600, now_ms=NOW)
    db = connect_reader(tmp_path / "toktui.db")
    plans: list[str] = []
    statements: list[str] = []
    db.set_trace_callback(statements.append)
    load_live(db, NOW, ZoneInfo("UTC"), book)
    load_page(db, ListQuestion(), NOW)
    load_detail(db, book, DetailQuestion(3), NOW)
    db.set_trace_callback(None)
    for statement in statements:
        if statement.lstrip().startswith("select"):
            plan = [row[3] for row in db.execute(f"explain query plan {statement}")]
            # What was looked up by an index before, and is small, may be walked through.
            made = {row.split()[1] for row in plan if row.startswith(("MATERIALIZE", "CO-ROUTINE"))}
            plans += [row for row in plan if row.split()[1] not in made]
    db.close()
    assert plans
    assert [plan for plan in plans if plan.startswith(("SCAN c", "SCAN call"))] == []
    assert [plan for plan in plans if plan in ("SCAN q", "SCAN quarter", "SCAN x")] == []
