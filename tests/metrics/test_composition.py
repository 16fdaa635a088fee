"""The parts of a prompt add up to what the provider reported, whatever the log has of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ingest.victim import context
from tests.properties.lab import NOW_MS, Lab, write
from tests.properties.worlds import stamp
from toktui.ingest import access
from toktui.ingest.count_prompt import IMAGE_TOKENS
from toktui.metrics.compose import compose_apart
from toktui.metrics.composition import Composition, _rounded, load_composition
from toktui.pricing.calibrate import calibration_for
from toktui.pricing.rates import load_book
from toktui.pricing.tokenizer import count
from toktui.store.connect import connect_reader

SESSION = "5e5510aa-0000-4000-8000-000000000001"
MODEL = "claude-opus-4-8"


def words(text: str) -> int:
    """Stands in for the tokenizer."""
    return len(text.split())


class Transcript:
    """Rows of Claude Code, each the child of the one before."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []

    def row(self, kind: str, *, parent: str | None = "", **fields: Any) -> str:
        number = len(self.rows) + 1
        before = self.rows[-1]["uuid"] if self.rows else None
        self.rows.append(
            {
                "type": kind, "uuid": f"u{number}", "sessionId": SESSION, "cwd": "/w",
                "timestamp": stamp(number / 60), "parentUuid": before if parent == "" else parent,
            } | fields
        )  # fmt: skip
        return f"u{number}"

    def says(self, *content: dict[str, Any], prompt: int, **fields: Any) -> str:
        number = len(self.rows) + 1
        usage = {"input_tokens": 0, "cache_read_input_tokens": prompt, "output_tokens": 5}
        message = {
            "id": f"msg_01{number:022d}", "model": MODEL, "stop_reason": "end_turn",
            "content": list(content), "usage": usage,
        }  # fmt: skip
        return self.row("assistant", message=message, **fields)

    def asks(self, *content: dict[str, Any] | str, **fields: Any) -> str:
        blocks = [{"type": "text", "text": c} if isinstance(c, str) else c for c in content]
        return self.row("user", message={"content": blocks}, **fields)

    def composed(self, home: Path) -> Composition | None:
        path = home / f".claude/projects/-w/{SESSION}.jsonl"
        write(path, b"".join(json.dumps(row).encode() + b"\n" for row in self.rows))
        lab = Lab(home)
        lab.sync()
        (number,) = lab.db.execute("select id from session").fetchone()
        return load_composition(lab.db, load_book(), number, words, NOW_MS)


def test_another_process_says_the_same(home: Path, tmp_path: Path):
    talk = Transcript()
    talk.asks("What is to be done?")
    talk.says(text("this"), prompt=20_000)
    talk.asks("Do it.")
    talk.says(text("done"), prompt=20_100)
    talk.composed(home)
    here = context(home, tmp_path / "data")
    access.sync(here)
    db = connect_reader(here.paths.store)
    (number,) = db.execute("select id from session").fetchone()
    here_said = load_composition(db, load_book(), number, count, NOW_MS)
    db.close()
    assert here_said is not None
    assert compose_apart(here.paths.store, number, NOW_MS) == here_said


def text(said: str) -> dict[str, Any]:
    return {"type": "text", "text": said}


def call(name: str, id: str, **given: str) -> dict[str, Any]:
    return {"type": "tool_use", "id": id, "name": name, "input": given}


def result(id: str, said: object) -> dict[str, Any]:
    return {"type": "tool_result", "tool_use_id": id, "content": said}


def tokens(found: Composition | None) -> dict[tuple[str, str], int]:
    assert found is not None
    assert sum(part.tokens for part in found.parts) == found.prompt
    return {(part.kind, part.tool): part.tokens for part in found.parts}


@pytest.fixture
def talk() -> Transcript:
    """A prompt, a tool, its result, an answer. The text is a tenth of the first prompt."""
    talk = Transcript()
    talk.asks("word " * 1_000)
    talk.says(text("said " * 100), call("Bash", "t1", command="run it"), prompt=20_000)
    talk.asks(result("t1", "out " * 2_000))
    return talk


def test_every_part_is_found_and_they_add_up(talk: Transcript, home: Path):
    talk.says(text("end"), prompt=24_000)
    found = talk.composed(home)
    parts = tokens(found)
    assert found is not None
    assert found.prompt == 24_000
    assert set(parts) == {
        ("system", ""), ("prompt", ""), ("text", ""), ("call", "Bash"), ("result", "Bash"),
    }  # fmt: skip
    assert parts["result", "Bash"] == pytest.approx(2 * parts["prompt", ""], rel=0.02)


def test_system_and_tools_are_what_the_first_prompt_had_beyond_its_text(
    talk: Transcript, home: Path
):
    talk.says(text("end"), prompt=24_000)
    ratio = calibration_for(MODEL, {}).ratio
    assert tokens(talk.composed(home))["system", ""] == pytest.approx(20_000 - ratio * 1_000, abs=2)


def test_the_answer_itself_is_no_part_of_its_prompt(talk: Transcript, home: Path):
    talk.says(text("answer " * 9_000), prompt=24_000)
    assert tokens(talk.composed(home))["text", ""] < 500


def test_all_results_of_tools_that_were_called_at_once_are_there(talk: Transcript, home: Path):
    one = talk.says(call("Read", "t2", path="a"), prompt=24_000)
    other = talk.says(call("Grep", "t3", path="b"), prompt=24_000)
    talk.asks(result("t2", "r " * 500), parent=one)
    last = talk.asks(result("t3", "g " * 500), parent=other)
    talk.says(text("end"), prompt=26_000, parent=last)
    parts = tokens(talk.composed(home))
    assert parts["result", "Read"] == pytest.approx(parts["result", "Grep"], abs=1)


def test_a_branch_that_was_left_is_not_sent(talk: Transcript, home: Path):
    before = talk.rows[-1]["uuid"]
    talk.says(text("wrong way"), prompt=24_000)
    talk.asks("left " * 5_000)
    talk.says(text("again"), prompt=24_100, parent=before)
    assert tokens(talk.composed(home))["prompt", ""] < 3_000


def test_after_a_compaction_there_is_the_summary_and_what_came_since(talk: Transcript, home: Path):
    talk.says(text("end"), prompt=24_000)
    talk.row("system", parent=None, subtype="compact_boundary")
    talk.asks("short " * 300, isCompactSummary=True)
    talk.says(text("go on"), prompt=19_000)
    talk.asks("and " * 50)
    talk.says(text("end"), prompt=19_100)
    parts = tokens(talk.composed(home))
    assert set(parts) == {("system", ""), ("summary", ""), ("prompt", ""), ("text", "")}


def test_images_files_and_reminders_are_parts_of_their_own(talk: Transcript, home: Path):
    talk.row("attachment", attachment={"type": "file", "content": "line " * 400})
    talk.row("attachment", attachment={"type": "task_reminder", "content": "todo " * 100})
    talk.row("attachment", attachment={"type": "hook_cancelled", "content": "never sent"})
    talk.asks({"type": "image", "source": {"data": "QUJD" * 10_000}})
    talk.says(text("end"), prompt=28_000)
    found = talk.composed(home)
    parts = tokens(found)
    assert found is not None
    assert parts["file", ""] > parts["reminder", ""] > 0
    assert parts["image", ""] == pytest.approx(found.scale * IMAGE_TOKENS, abs=2)


def test_hidden_thinking_weighs_by_its_seal(talk: Transcript, home: Path):
    talk.says(
        {"type": "thinking", "thinking": "", "signature": "x" * 10_300}, call("Bash", "t4"),
        prompt=24_000,
    )  # fmt: skip
    talk.asks(result("t4", "done"))
    talk.says(text("end"), prompt=27_000)
    assert tokens(talk.composed(home))["thinking", ""] > 1_500


def test_where_the_log_is_gone_nothing_is_said(talk: Transcript, home: Path):
    talk.says(text("end"), prompt=24_000)
    path = home / f".claude/projects/-w/{SESSION}.jsonl"
    write(path, b"".join(json.dumps(row).encode() + b"\n" for row in talk.rows))
    lab = Lab(home)
    lab.sync()
    path.unlink()
    (number,) = lab.db.execute("select id from session").fetchone()
    assert load_composition(lab.db, load_book(), number, words, NOW_MS) is None


def test_a_log_with_more_than_what_was_sent_still_adds_up(talk: Transcript, home: Path):
    talk.says(text("end"), prompt=30)
    assert sum(tokens(talk.composed(home)).values()) == 30


def test_rows_that_are_their_own_ancestors_end(talk: Transcript, home: Path):
    talk.rows[0]["parentUuid"] = talk.rows[-1]["uuid"]
    talk.says(text("end"), prompt=24_000)
    assert sum(tokens(talk.composed(home)).values()) == 24_000


def codex_rows(home: Path, *items: dict[str, Any], prompts: tuple[int, int]) -> Composition | None:
    """A rollout: the first response, the items, the second response."""
    thread = "019d6d29-8cf7-7fe3-adc9-8c3e4d9d5603"

    def counted(total: int, at: float) -> dict[str, Any]:
        usage = {"input_tokens": total, "cached_input_tokens": 0, "output_tokens": 5}
        seen = {"input_tokens": sum(p for p in prompts if p <= total), "output_tokens": 5}
        info = {"total_token_usage": seen | {"cached_input_tokens": 0}, "last_token_usage": usage}
        payload = {"type": "token_count", "info": info}
        return {"timestamp": stamp(at), "type": "event_msg", "payload": payload}

    def item(**payload: Any) -> dict[str, Any]:
        return {"timestamp": stamp(1), "type": "response_item", "payload": payload}

    def message(role: str, said: str) -> dict[str, Any]:
        return item(type="message", role=role, content=[{"type": "input_text", "text": said}])

    rows = [
        {"timestamp": stamp(0), "type": "session_meta", "payload": {"id": thread, "cwd": "/w"}},
        {"timestamp": stamp(0), "type": "turn_context", "payload": {"model": "gpt-5.4"}},
        message("user", "word " * 500),
        item(type="function_call", name="shell", arguments="{}", call_id="c1"),
        counted(prompts[0], 1),
        item(type="function_call_output", call_id="c1", output="out " * 1_000),
        *items,
        message("assistant", "done"),
        counted(prompts[1], 2),
    ]
    path = home / f".codex/sessions/2026/11/20/rollout-2026-11-20T09-00-00-{thread}.jsonl"
    write(path, b"".join(json.dumps(row).encode() + b"\n" for row in rows))
    lab = Lab(home)
    lab.sync()
    (number,) = lab.db.execute("select id from session").fetchone()
    return load_composition(lab.db, load_book(), number, words, NOW_MS)


def test_a_rollout_of_codex_is_taken_apart_too(home: Path):
    parts = tokens(codex_rows(home, prompts=(9_000, 11_000)))
    assert set(parts) == {("system", ""), ("prompt", ""), ("call", "shell"), ("result", "shell")}
    assert parts["result", "shell"] == pytest.approx(2 * parts["prompt", ""], rel=0.05)


def test_what_codex_compacted_is_no_longer_sent(home: Path):
    kept = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "kept"}]}
    compacted = {
        "timestamp": stamp(1.5), "type": "compacted",
        "payload": {"message": "sum " * 200, "replacement_history": [kept]},
    }  # fmt: skip
    parts = tokens(codex_rows(home, compacted, prompts=(9_000, 11_000)))
    assert set(parts) == {("system", ""), ("summary", ""), ("prompt", "")}


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=20))
def test_rounding_keeps_the_sum_and_moves_no_part_by_a_whole(values: list[float]):
    total = round(sum(values))
    shares = [value * total / sum(values) if sum(values) else 0 for value in values]
    whole = _rounded(shares, total)
    assert sum(whole) == (total if sum(values) else min(total, len(values)))
    assert all(abs(a - b) < 1.001 for a, b in zip(shares, whole, strict=True))
