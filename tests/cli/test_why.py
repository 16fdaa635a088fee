"""`toktui why` and `toktui sessions`: evidence that adds up, found by any unique beginning."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

S1 = "5e5510aa-0000-4000-8000-000000000001"
S2 = "5e5510aa-0000-4000-8000-000000000002"
S3 = "6e5510aa-0000-4000-8000-000000000003"
SEARCHING = "msg_01BBBBBBBBBBBBBBBBBB0001"


def test_a_call_is_explained_down_to_the_byte(logs: Any, document: Any):
    logs.raw('{"type":"user","sessionId":"x"}')
    name = logs.call(cache_creation_input_tokens=50, server_tool_use={"web_search_requests": 2})
    log = next(logs.home.rglob("*.jsonl"))
    found = document("why", name)
    (call,) = found["calls"]
    (seen,) = call["sightings"]
    line = log.read_bytes().splitlines()[1]
    assert (found["schema"], found["kind"]) == ("toktui.why/1", "call")
    assert seen["counted"] is seen["gives_numbers"] is True
    assert seen["offset"] == log.read_bytes().index(line)
    assert seen["length"] in (len(line), len(line) + 1)
    assert seen["log"] == str(log)
    assert '"input_tokens": 100' in seen["excerpt"]
    assert {part["part"]: part["count"] for part in call["parts"]} == {
        "input": 100, "cache_read": 1000, "cache_write_5m": 50, "output": 10, "fees": 2,
    }  # fmt: skip
    assert sum(part["cost_nusd"] for part in call["parts"]) == call["cost_nusd"]
    for part in call["parts"]:
        assert part["count"] * part["rate_nusd"] // part["per"] == part["cost_nusd"]
    assert call["rates"]["source"]


def test_the_text_adds_up_to_the_shown_total(logs: Any, toktui: Any):
    shown = toktui("why", logs.call()).stdout
    amounts = [line.split("$")[-1] for line in shown.splitlines() if "/M" in line]
    total = next(line for line in shown.splitlines() if line.strip().startswith("total"))
    assert len(amounts) == 3
    nano = [round(float(text) * 1e9) for text in amounts]
    assert sum(nano) == round(float(total.split("$")[1]) * 1e9)


def test_any_unique_beginning_is_enough(logs: Any, document: Any):
    logs.call(session=S1)
    logs.call(session=S3)
    assert document("why", "6")["id"] == S3
    assert document("why", S3)["kind"] == "session"
    assert document("why", "msg_01AAAAAAAAAAAAAAAAAA0002")["calls"][0]["session"] == S3


def test_an_ambiguous_beginning_names_the_candidates(logs: Any, toktui: Any):
    logs.call(session=S1)
    logs.call(session=S2)
    shown = toktui("why", "5e55", exit_code=2).stderr
    assert S1 in shown
    assert S2 in shown


def test_an_id_that_nothing_has_is_a_usage_error(logs: Any, toktui: Any):
    logs.call()
    assert "sessions" in toktui("why", "zzz", exit_code=2).stderr
    toktui("why", "", exit_code=2)


def test_a_whole_id_beats_ids_that_begin_with_it(logs: Any, document: Any):
    logs.call(session="abc")
    logs.call(session="abcd")
    assert document("why", "abc")["id"] == "abc"


def test_an_id_that_two_agents_have_is_told_apart_by_the_agent(
    logs: Any, toktui: Any, document: Any, home: Path
):
    logs.call(session="abc")
    row = {"role": "assistant", "sessionID": "abc", "modelID": "m", "tokens": {"input": 3},
           "time": {"created": 1_795_262_400_000, "completed": 1_795_262_400_001}}  # fmt: skip
    path = home / ".local/share/opencode/storage/message/abc/msg_1.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(row))
    said = toktui("why", "abc", exit_code=2).stderr
    assert "claude-code:abc" in said
    assert document("why", "opencode:abc")["calls"][0]["tokens"]["input"] == 3
    assert document("why", "claude-code:ab")["calls"][0]["tokens"]["input"] == 100
    assert "No session or call" in toktui("why", "codex:abc", exit_code=2).stderr


def test_wildcards_of_sql_mean_nothing(logs: Any, toktui: Any):
    logs.call()
    for text in ("%", "_", "*", "'", '"', "msg%"):
        toktui("why", text, exit_code=2)


def test_copies_are_shown_with_their_reason_when_asked_for(logs: Any, document: Any):
    name = logs.call(output_tokens=1)
    logs.call(message_id=name, output_tokens=10)
    (call,) = document("why", name)["calls"]
    assert call["copies"] == {"stream": 1}
    assert [s["counted"] for s in call["sightings"]] == [True, False]
    assert [s["gives_numbers"] for s in call["sightings"]] == [False, True]
    logs.call(message_id=name, output_tokens=10, session=S2, at="2026-11-21T13:00:00.000Z")
    (call,) = document("why", name, "--copies")["calls"]
    assert [s["reason"] for s in call["sightings"]] == [None, "stream", "resume"]


def test_a_log_that_is_gone_leaves_the_stored_row(logs: Any, document: Any, toktui: Any):
    name = logs.call()
    toktui("sync")
    shutil.rmtree(logs.home / ".claude")
    (call,) = document("why", name)["calls"]
    (seen,) = call["sightings"]
    assert (seen["state"], seen["excerpt"]) == ("gone", None)
    assert seen["stored"]["total"] == call["tokens"]["total"] == 1110
    assert call["cost_nusd"] is not None
    shown = toktui("why", name).stdout
    assert "the log is gone" in shown
    assert "cache read 1,000" in shown


def test_a_log_that_was_written_anew_is_no_evidence(logs: Any, document: Any, toktui: Any):
    name = logs.call()
    toktui("sync")
    log = next(logs.home.rglob("*.jsonl"))
    log.write_bytes(b'{"type":"user"}\n' * 500)
    (call,) = document("why", name, "--no-sync")["calls"]
    assert call["sightings"][0]["state"] == "changed"
    assert "written anew" in toktui("why", name, "--no-sync").stdout


def test_an_unpriced_call_says_what_is_missing(logs: Any, document: Any, toktui: Any):
    name = logs.call(model="mystery-1")
    (call,) = document("why", name)["calls"]
    assert call["cost_nusd"] is call["rates"] is None
    assert "rate book" in call["note"]
    shown = toktui("why", name).stdout
    assert "–" in shown
    assert "$0" not in shown


def test_a_session_is_the_sum_of_its_calls(logs: Any, document: Any, toktui: Any):
    for _ in range(3):
        logs.call()
    found = document("why", S1)
    assert found["totals"]["calls"] == len(found["calls"]) == 3
    assert found["totals"]["cost_nusd"] == sum(call["cost_nusd"] for call in found["calls"])
    assert "Total: 3,330 tokens" in toktui("why", S1).stdout


def test_a_cost_of_other_rates_than_todays_is_explained_by_those_of_the_store(
    logs: Any, document: Any, toktui: Any
):
    name = logs.call(inference_geo="us", server_tool_use={"web_search_requests": 2})
    (before,) = document("why", name)["calls"]
    toktui("prices", "set", "claude-opus-4-8", "--input", "99")
    (call,) = document("why", name)["calls"]
    assert before["note"] is None
    assert "reprice" in call["note"]
    assert call | {"note": None} == before
    assert call["rates"]["multipliers"][0]["name"] == "geo us"
    shown = toktui("why", name).stdout
    assert call["rates"]["source"] in shown
    assert "x $5.00/M x 1.1" in shown
    assert "reprice" in shown


def test_a_rate_of_the_store_that_gives_another_cost_explains_nothing(
    home: Path, logs: Any, document: Any, toktui: Any
):
    name = logs.call()
    before = document("why", name)["calls"][0]["cost_nusd"]
    toktui("prices", "set", "claude-opus-4-8", "--input", "99")
    with closing(sqlite3.connect(home.parent / "data/toktui.db", isolation_level=None)) as db:
        db.execute("update rate set body = replace(body, '25000', '26000')")
        (body,) = db.execute("select body from rate").fetchone()
    assert "26000000000" in body
    (call,) = document("why", name, "--no-sync")["calls"]
    assert call["cost_nusd"] == before == sum(part["cost_nusd"] for part in call["parts"])
    assert call["rates"] is None
    assert {part["rate_nusd"] for part in call["parts"]} == {None}
    assert "reprice" in call["note"]


def searched(logs: Any, session: str, *, count: int = 3) -> Path:
    """A call that searches, and the row with the result."""
    request = {
        "type": "assistant", "sessionId": session, "timestamp": "2026-11-21T12:00:00.000Z",
        "message": {
            "id": SEARCHING, "model": "claude-opus-4-8", "stop_reason": "tool_use",
            "content": [{"type": "tool_use", "id": "toolu_ws1", "name": "WebSearch"}],
            "usage": {"input_tokens": 10, "output_tokens": 5},
        },
    }  # fmt: skip
    result = {
        "type": "user", "sessionId": session,
        "message": {"content": [{"type": "tool_result", "tool_use_id": "toolu_ws1"}]},
        "toolUseResult": {"searchCount": count},
    }  # fmt: skip
    logs.raw(json.dumps(request), session=session)
    return logs.raw(json.dumps(result), session=session)


def test_a_search_fee_shows_the_result_row_that_counted_it(logs: Any, document: Any, toktui: Any):
    log = searched(logs, S1)
    searched(logs, S2)
    (call,) = document("why", SEARCHING, "--copies")["calls"]
    (found,) = call["searches"]
    line = log.read_bytes().splitlines()[1]
    assert call["fees"]["web_search"] == found["count"] == 3
    assert (found["log"], found["offset"]) == (str(log), log.read_bytes().index(line))
    assert found["length"] in (len(line), len(line) + 1)
    assert '"searchCount": 3' in found["excerpt"]
    assert f"searches: 3: {log} at byte" in toktui("why", SEARCHING).stdout


def test_of_copies_of_a_search_the_one_that_was_charged_is_shown(logs: Any, document: Any):
    searched(logs, S1, count=1)
    log = searched(logs, S2, count=2)
    (call,) = document("why", SEARCHING)["calls"]
    assert call["fees"]["web_search"] == 2
    assert [(s["count"], s["log"]) for s in call["searches"]] == [(2, str(log))]


def test_searches_that_the_call_itself_counts_have_no_result_row(logs: Any, document: Any):
    name = logs.call(server_tool_use={"web_search_requests": 2})
    assert document("why", name)["calls"][0]["searches"] == []


def test_a_result_row_that_was_overwritten_is_no_evidence(
    logs: Any, document: Any, toktui: Any
):
    log = searched(logs, S1)
    toktui("sync")
    was = log.read_bytes()
    request, result, _ = was.split(b"\n")
    log.write_bytes(request + b"\n" + b'{"type":"user"}'.ljust(len(result)) + b"\n")
    (call,) = document("why", SEARCHING)["calls"]
    assert call["fees"]["web_search"] == 3
    assert [(s["state"], s["excerpt"]) for s in call["searches"]] == [("changed", None)]
    assert "written anew" in toktui("why", SEARCHING).stdout


def test_prompts_and_answers_are_not_in_the_evidence_of_a_short_excerpt(logs: Any, document: Any):
    (call,) = document("why", logs.call())["calls"]
    assert len(call["sightings"][0]["excerpt"]) <= 402


def test_sessions_come_latest_first_with_their_totals(logs: Any, document: Any):
    logs.call(session=S1, at="2026-11-20T10:00:00.000Z")
    logs.call(session=S2, at="2026-11-21T10:00:00.000Z", model="mystery-1", project="/p/blog")
    found = document("sessions")
    assert found["schema"] == "toktui.sessions/1"
    assert [s["id"] for s in found["sessions"]] == [S2, S1]
    latest, first = found["sessions"]
    assert (latest["cost_nusd"], latest["unpriced_calls"]) == (None, 1)
    assert (first["project"], first["models"]) == ("/home/dev/shop", ["claude-opus-4-8"])
    assert first["tokens"]["total"] == 1110
    assert first["first_call_at"] == "2026-11-20T10:00:00Z"


def test_sessions_can_be_filtered_and_limited(logs: Any, document: Any, toktui: Any):
    for number in range(40):
        logs.call(session=f"5e5510aa-{number:04}", at=f"2026-11-{1 + number // 2:02}T10:00:00.000Z")
    logs.call(session=S3, model="claude-sonnet-5", project="/p/blog")

    def ids(*options: str) -> int:
        return len(document("sessions", "--tz", "UTC", *options)["sessions"])

    assert ids() == 41
    assert ids("--limit", "5") == 5
    assert ids("--model", "claude-sonnet-*") == ids("--project", "blog") == 1
    assert ids("--agent", "codex") == 0
    assert ids("--since", "2026-11-20", "--until", "2026-11-20") == 2
    assert "30 of 41" in toktui("sessions").stdout
    assert "No sessions" in toktui("sessions", "--agent", "codex").stdout
