"""`toktui now`: one look, quick, and complete in the shape of its contract."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import toktui.ingest.context
from toktui import clock

NOW_MS = clock.parse_ms("2026-11-21T12:00:00.000Z") or 0
RATES = {"tokens_per_min", "output_tokens_per_min", "nusd_per_hour", "usd_per_hour"}


@pytest.fixture
def noon(monkeypatch: pytest.MonkeyPatch) -> None:
    """The commands' clock stands at noon."""
    monkeypatch.setattr(
        toktui.ingest.context.Context.__init__, "__defaults__",
        tuple(
            (lambda: NOW_MS) if default is clock.now_ms else default
            for default in toktui.ingest.context.Context.__init__.__defaults__ or ()
        ),
    )  # fmt: skip


def ago(**span: float) -> str:
    at = datetime(2026, 11, 21, 12, tzinfo=UTC) - timedelta(**span)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def grown(logs: Any) -> None:
    """Every log grew ten seconds before noon."""
    for log in logs.home.rglob("*.jsonl"):
        os.utime(log, (NOW_MS / 1000 - 10,) * 2)


@pytest.mark.usefixtures("noon")
def test_the_document_has_the_shape_of_the_contract(logs: Any, document: Any):
    logs.call(at=ago(minutes=3), cache_creation_input_tokens=600)
    grown(logs)
    found = document("now", "--tz", "UTC")
    assert list(found) == ["schema", "at", "burn", "today", "sessions", "limits"]
    assert (found["schema"], found["at"]) == ("toktui.now/1", "2026-11-21T12:00:00Z")
    assert set(found["burn"]) == {"1", "5", "15"}
    assert all(set(burn) == RATES for burn in found["burn"].values())
    assert found["today"]["calls"] == 1
    (session,) = found["sessions"]
    assert set(session) == {
        "id", "parent", "agent", "project", "model", "state", "last_call_at", "context_tokens",
        "context_window", "burn", "cost_nusd", "cache_hit_rate", "cache_expires_at", "next_turn",
    }  # fmt: skip
    assert session["state"] == "working"
    assert session["context_tokens"] == 1700
    assert session["cache_expires_at"] == "2026-11-21T12:02:00Z"
    assert set(session["next_turn"]) == {"warm_nusd", "cold_nusd"}


@pytest.mark.usefixtures("noon")
def test_the_burn_is_per_minute_of_wall_time(logs: Any, document: Any):
    logs.call(at=ago(minutes=3))
    grown(logs)
    burn = document("now")["burn"]
    assert burn["1"]["tokens_per_min"] == 0
    assert burn["5"]["tokens_per_min"] == 1110 / 5
    assert burn["15"]["tokens_per_min"] == 1110 / 15
    assert burn["5"]["usd_per_hour"] == burn["5"]["nusd_per_hour"] / 1e9


@pytest.mark.usefixtures("noon")
def test_an_unpriced_burn_is_null_and_not_0(
    logs: Any, document: Any, toktui: Any, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("COLUMNS", "140")
    logs.call(at=ago(minutes=3), model="mystery-1")
    grown(logs)
    burn = document("now")["burn"]
    assert burn["5"]["nusd_per_hour"] is None
    assert burn["1"]["nusd_per_hour"] == 0
    assert "mystery-1" in toktui("now").stdout


@pytest.mark.usefixtures("noon")
def test_only_hot_logs_are_read_and_the_rest_is_said(logs: Any, toktui: Any, document: Any):
    logs.call(at=ago(minutes=3))
    grown(logs)
    logs.call(session="01d", at=ago(hours=30))
    old = next(logs.home.rglob("01d.jsonl"))
    os.utime(old, (NOW_MS / 1000 - 86_400,) * 2)
    result = toktui("now", "--json")
    assert '"calls":1' in result.stdout
    assert "1 log" in result.stderr
    assert document("report", "all")["totals"]["calls"] == 2
    assert toktui("now").stderr == ""


def test_an_idle_machine_has_no_sessions_and_rates_of_0(document: Any, toktui: Any):
    toktui("sync")
    found = document("now")
    assert found["sessions"] == found["limits"] == []
    assert found["burn"]["5"]["nusd_per_hour"] == 0
    assert "No session is active" in toktui("now").stdout


def test_the_first_lines_fit_a_narrow_terminal(
    logs: Any, toktui: Any, monkeypatch: pytest.MonkeyPatch
):
    logs.call()
    monkeypatch.setenv("COLUMNS", "60")
    narrow = toktui("now").stdout.splitlines()
    assert max(map(len, narrow)) <= 60
    monkeypatch.setenv("COLUMNS", "120")
    wide = toktui("now").stdout
    assert wide.replace("·", "").split() == "\n".join(narrow).replace("·", "").split()
