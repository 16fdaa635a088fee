"""What calls probably used beyond their logs is told beside every sum, and is in none of them."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.cli.conftest import NOON, Logs, Toktui

Document = Callable[..., dict[str, Any]]
SESSION = "5e5510aa-0000-4000-8000-000000000001"
CALL = "msg_01AAAAAAAAAAAAAAAAAAPLAC"
WORDS = "These are the words that the model said. " * 30


def interrupted(
    logs: Logs, *, message_id: str = CALL, text: str = WORDS, model: str = "claude-opus-4-8"
) -> None:
    """A response that never got its final output."""
    content: list[object] = [
        {"type": "text", "text": text},
        {"type": "tool_use", "id": "t1", "name": "Edit", "input": {"path": "a.py", "text": "b"}},
    ]
    usage = {"input_tokens": 100, "output_tokens": 1}
    message = {
        "id": message_id, "model": model, "content": content, "stop_reason": None, "usage": usage,
    }  # fmt: skip
    row = {"type": "assistant", "sessionId": SESSION, "timestamp": NOON, "message": message}
    logs.raw(json.dumps(row), session=SESSION)


@pytest.fixture
def synced(logs: Logs, toktui: Toktui) -> Logs:
    logs.call()
    interrupted(logs)
    said = toktui("sync", "--estimates").stderr
    assert "estimated the output of 1 call" in said
    return logs


def test_a_report_has_it_beside_its_sums(synced: Logs, document: Document):
    report = document("report", "all", "--by", "model")
    (row,) = report["rows"]
    more = row["probable"]
    assert row["tokens"]["output"] == 10 + 1
    assert more == report["totals"]["probable"]
    assert more["calls"] == row["exactness"]["placeholder"] == 1
    assert 0 < more["low"] < more["output"] < more["high"]
    assert more["cost_nusd"] == more["output"] * 25_000
    assert more["cost_low_nusd"] < more["cost_nusd"] < more["cost_high_nusd"]
    assert more["cost_usd"] == more["cost_nusd"] / 1e9


def test_reports_of_exact_calls_have_no_such_field(
    logs: Logs, toktui: Toktui, document: Document
):
    logs.call()
    toktui("sync", "--estimates")
    report = document("report")
    assert "probable" not in report["totals"]
    assert "probable" not in report["rows"][0]


def test_before_it_is_estimated_it_is_unknown_and_not_0(
    logs: Logs, toktui: Toktui, document: Document
):
    interrupted(logs)
    assert "probable" not in document("report")["totals"]
    shown = toktui("report").stdout
    assert "1 call never got its final output count; `toktui sync --estimates`" in shown
    assert "Probably" not in shown


def test_the_table_shows_it_quietly(synced: Logs, toktui: Toktui):
    shown = toktui("report", env={"COLUMNS": "200"}).stdout
    assert re.search(r"List cost +Probably", shown)
    assert re.search(r"never got its final output count: probably \+\d+ tokens", shown)
    assert "in no other figure above" in shown


def test_csv_has_it_in_its_last_columns(synced: Logs, toktui: Toktui, document: Document):
    more = document("report", "all")["totals"]["probable"]
    text = toktui("report", "all", "--csv").stdout
    (row,) = csv.DictReader(io.StringIO(text))
    names = list(row)
    assert names.index("probable_calls") == names.index("unpriced_calls") + 1
    assert names[-3:] == ["estimated_output", "estimated_output_low", "estimated_output_high"]
    assert int(row["probable_calls"]) == 1
    assert [int(row[f"probable_output{end}"]) for end in ("", "_low", "_high")] == [
        more["output"], more["low"], more["high"],
    ]  # fmt: skip
    assert float(row["probable_cost_usd"]) == pytest.approx(more["cost_usd"])


def test_csv_without_it_has_empty_cells(logs: Logs, toktui: Toktui):
    logs.call()
    (row,) = csv.DictReader(io.StringIO(toktui("report", "all", "--csv").stdout))
    assert row["probable_output"] == row["probable_cost_low_usd"] == ""


def test_nobody_is_told_to_estimate_what_cannot_be(logs: Logs, toktui: Toktui):
    log = logs.home / ".copilot/session-state/1/events.jsonl"
    log.parent.mkdir(parents=True)
    data = {"messageId": "m1", "model": "gpt-5", "outputTokens": 7, "content": "x"}
    log.write_text(json.dumps({"type": "assistant.message", "id": "e1", "timestamp": NOON,
                               "data": data}) + "\n")  # fmt: skip
    shown = " ".join(toktui("report").stdout.split())
    assert "1 call never got its final output count; nothing tells more of it." in shown
    assert "--estimates" not in shown


def test_sessions_and_now_have_it_too(synced: Logs, document: Document):
    (session,) = document("sessions")["sessions"]
    assert session["probable"]["calls"] == 1
    today = document("now")["today"]
    assert today.get("probable") is None  # of another day


def test_why_shows_how_it_was_estimated(synced: Logs, toktui: Toktui, document: Document):
    (call,) = document("why", CALL)["calls"]
    more, method = call["probable"], call["probable"]["method"]
    assert more["estimated"] == more["output"] + 1
    assert method["source"] == "shipped"
    assert more["estimated"] == pytest.approx(
        method["ratio"] * method["tokens"] + method["frames"], abs=1
    )
    assert (method["tools"], method["arguments"]) == (1, 2)
    shown = toktui("why", CALL).stdout
    assert f"probably +{more['output']:,} output" in shown
    joined = " ".join(shown.split())
    assert f"tokens (o200k_base) x {method['ratio']:g} + 1 tool x 22 + 2 arguments x 21" in joined
    assert "when toktui was made" in joined


def test_why_says_that_nothing_could_be_estimated(logs: Logs, toktui: Toktui, document: Document):
    interrupted(logs)
    assert "probable" not in document("why", CALL)["calls"][0]
    assert "there is no estimate of it" in toktui("why", CALL).stdout


def test_why_says_that_nobody_measured_the_model(logs: Logs, toktui: Toktui):
    interrupted(logs, model="claude-haiku-4-5")
    toktui("sync", "--estimates")
    assert "nobody measured this model" in " ".join(toktui("why", CALL).stdout.split())


def test_special_tokens_and_endless_runs_are_text(logs: Logs, toktui: Toktui, document: Document):
    interrupted(logs, text="<|endoftext|>" + " " * 300_000 + "\ud800")
    toktui("sync", "--estimates")
    assert document("report")["totals"]["probable"]["output"] > 1_000


def test_a_second_time_there_is_nothing_to_estimate(synced: Logs, toktui: Toktui):
    assert "estimated" not in toktui("sync", "--estimates").stderr
