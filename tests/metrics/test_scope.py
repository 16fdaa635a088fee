"""The filter that holds on all screens: how it is typed, and what it leaves."""

from __future__ import annotations

import sqlite3
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.metrics.conftest import NOW
from toktui.metrics.filters import columns_of, conditions
from toktui.metrics.live import load_live
from toktui.metrics.scope import Scope, read_scope
from toktui.metrics.sessions_in import sessions_in
from toktui.pricing.rates import load_book

UTC = ZoneInfo("UTC")


def scope(text: str) -> Scope:
    found = read_scope(text, now_ms=NOW, zone=UTC)
    assert found.scope is not None, found.problem
    return found.scope


def fits(text: str, **call: str) -> bool:
    usual = {"agent": "codex", "model": "gpt-5", "priced_as": "gpt-5", "project": "/x/Shop-API",
             "branch": "main"}  # fmt: skip
    return scope(text).filters.fits(**(usual | call))


@pytest.mark.parametrize(
    "text",
    ["", "agent:cod", "agent:=codex", "agent:CODEX", "agent:x,codex", "agent:x agent:codex",
     "model:gpt*", "project:shop", "project:shop*", "project:/x/", "branch:main", "shop GPT",
     'project:"shop-api"', "agent:"],
)  # fmt: skip
def test_what_fits(text: str):
    assert fits(text)


@pytest.mark.parametrize(
    "text", ["agent:=cod", "model:pt*", "project:/y/", "branch:x", "shop nothing", "agent:codex y"]
)
def test_what_does_not(text: str):
    assert not fits(text)


def test_a_model_is_found_by_the_name_that_screens_show():
    assert fits("model:opus*", model="claude-opus-4-6")
    assert fits("model:=opus-4-6", model="anthropic/claude-opus-4-6")
    assert not fits("model:=opus", model="claude-opus-4-6")


def test_days_are_those_of_the_zone_and_may_be_in_the_future():
    assert scope("since:today").within.start_ms == NOW // 86_400_000 * 86_400_000
    assert scope("since:2999-01-01").within.start_ms > NOW


@pytest.mark.parametrize(
    ("text", "words"),
    [("sinc:7d", "sinc: is no key; there are agent"), ("since:7", '"7" is not a day'),
     ("since:today until:yesterday", "is before since"), ("[b]x:y", "is no key")],
)  # fmt: skip
def test_what_means_nothing_is_said(text: str, words: str):
    found = read_scope(text, now_ms=NOW, zone=UTC)
    assert found.scope is None
    assert words in found.problem


@given(st.text())
def test_anything_can_be_typed(text: str):
    found = read_scope(text, now_ms=NOW, zone=UTC)
    assert (found.scope is None) is bool(found.problem)


@pytest.mark.parametrize(
    "text",
    ["agent:codex", "model:haiku", "model:opus infra", "project:shop since:7d", "since:today",
     "until:2026-11-20 codex", "branch:main", "branch:main since:today model:opus", "nothing",
     "since:2999-01-01"],
)  # fmt: skip
def test_sessions_in_a_scope_are_those_with_a_call_in_it(db: sqlite3.Connection, text: str):
    meant = scope(text)
    where = "".join(f" and {each}" for each in conditions(db, meant.filters, columns_of("c")))
    found = db.execute(
        f"select distinct session from call c where at_ms >= ? and at_ms < ?{where}", meant.within
    )
    assert sessions_in(db, meant) == {number for (number,) in found}


def test_the_live_numbers_are_those_of_the_scope(db: sqlite3.Connection):
    whole = load_live(db, NOW, UTC, load_book())
    parts = [load_live(db, NOW, UTC, load_book(), scope(f"agent:={agent}"))
             for agent in sorted({cost.agent for cost in whole.hour.agents})]  # fmt: skip
    assert len(parts) > 1
    assert sum(part.today.sums.priced_nusd for part in parts) == whole.today.sums.priced_nusd
    assert sum(part.headline.tokens for part in parts) == whole.headline.tokens
    assert sum(len(part.sessions) for part in parts) == len(whole.sessions)
    assert load_live(db, NOW, UTC, load_book(), scope("nothing")).today.sums.calls == 0
