"""Every command on a store whose sums leave 64 bits."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from toktui.store.absurd import MOST

LARGEST = (1 << 53) - 1
CALLS = 1_030
ABSURD = "ab5u4d00-0000-4000-8000-000000000001"
USAGE = dict.fromkeys(
    ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens", "output_tokens"),
    LARGEST,
)


@pytest.fixture
def absurd(logs: Any) -> list[str]:
    """The ids of absurd calls in an hour of a session; a sane one is beside them."""
    logs.call()
    return [
        logs.call(
            at=f"2026-11-20T12:{n // 60 % 60:02}:{n % 60:02}.000Z",
            session=ABSURD,
            project="/home/dev/absurd",
            **USAGE,
        )
        for n in range(CALLS)
    ]


def integers(value: object) -> Iterator[int]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from integers(each)
    elif isinstance(value, int):
        yield value


def test_sync_reads_them_once_and_then_there_is_nothing_new(absurd: list[str], document: Any):
    assert document("sync")["calls"] == {"new": CALLS + 1, "updated": 0}
    again = document("sync")
    assert again["calls"] == {"new": 0, "updated": 0}
    assert again["store"]["calls"] == CALLS + 1


def test_every_report_stops_at_64_bits(absurd: list[str], document: Any):
    document("sync")
    for period in ("day", "week", "month", "all"):
        for by in ((), ("--by", "agent,model"), ("--by", "project,branch"), ("--by", "session")):
            found = document("report", period, *by, "--no-sync")
            totals = found["totals"]
            assert totals["calls"] == CALLS + 1
            assert totals["tokens"]["input"] == totals["tokens"]["total"] == MOST
            assert max(integers(found)) == MOST
            assert all(isinstance(row["tokens"]["total"], int) for row in found["rows"])


def test_a_limited_report_by_session_stops_at_64_bits(absurd: list[str], document: Any):
    found = document("report", "day", "--by", "session", "--since", "2026-11-20")
    rows = {row["session"]: row for row in found["rows"]}
    assert rows[ABSURD]["tokens"]["output"] == MOST
    assert rows[ABSURD]["cost_nusd"] is None
    assert [row["calls"] for row in found["rows"]] == [CALLS, 1]


def test_a_report_for_people_shows_them(absurd: list[str], toktui: Any):
    for style in ((), ("--csv",), ("--markdown",)):
        shown = toktui("report", *style).stdout
        assert "2026-11-20" in shown
        assert "e+" not in shown


def test_sessions_are_listed_with_them(absurd: list[str], toktui: Any, document: Any):
    found = {session["id"]: session for session in document("sessions")["sessions"]}
    assert found[ABSURD]["calls"] == CALLS
    assert found[ABSURD]["tokens"]["total"] == MOST
    assert found[ABSURD]["cost_nusd"] is None
    assert toktui("sessions").stdout


def test_a_look_and_the_doctor_go_on(absurd: list[str], toktui: Any, document: Any):
    toktui("sync")
    assert document("now")["schema"] == "toktui.now/1"
    found = document("doctor")
    assert found["store"]["sums_match"] is True
    assert found["store"]["calls"] == CALLS + 1
    assert any("too large to be true" in warning for warning in found["warnings"])
    assert toktui("now").stdout
    assert toktui("doctor").stdout


def test_why_says_that_no_count_can_be_so_large(absurd: list[str], toktui: Any, document: Any):
    call = document("why", absurd[0])["calls"][0]
    assert call["cost_nusd"] is None
    assert call["tokens"]["input"] == LARGEST
    assert "too large to be true" in toktui("why", absurd[0]).stdout
    assert document("why", ABSURD)["totals"]["calls"] == CALLS


def test_they_can_be_forgotten(absurd: list[str], toktui: Any, document: Any):
    toktui("sync")
    toktui("data", "forget", "--project", "/home/dev/absurd", "--yes")
    totals = document("report", "all")["totals"]
    assert totals["calls"] == 1
    assert totals["tokens"]["total"] == 1110


def test_a_backup_of_them_can_be_restored(absurd: list[str], toktui: Any, document: Any):
    toktui("sync")
    toktui("data", "backup")
    toktui("data", "restore", "latest", "--yes")
    assert document("report", "all", "--no-sync")["totals"]["tokens"]["total"] == MOST


def test_repricing_leaves_them_without_a_price(absurd: list[str], toktui: Any, document: Any):
    toktui("sync")
    toktui("reprice", "--dry-run")
    toktui("reprice")
    assert document("report", "all")["totals"]["unpriced_calls"] == CALLS


def test_a_ledger_of_an_absurd_session_is_settled(absurd: list[str], logs: Any, document: Any):
    entry = {"inputTokens": LARGEST, "outputTokens": LARGEST, "cacheReadInputTokens": LARGEST}
    row = {
        "type": "cost-state",
        "sessionId": ABSURD,
        "timestamp": "2026-11-20T13:00:00.000Z",
        "modelUsage": {"claude-opus-4-8": entry},
    }
    logs.raw(json.dumps(row), session=ABSURD)
    assert document("sync")["store"]["calls"] == CALLS + 1
