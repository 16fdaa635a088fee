"""`toktui why SESSION --context` takes the last prompt of a session apart."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import NOON, Logs, Toktui
from toktui.store.lock import StoreLock

Document = Callable[..., dict[str, Any]]
SESSION = "5e5510aa-0000-4000-8000-000000000001"


@pytest.fixture
def talk(logs: Logs) -> Logs:
    """A prompt, a tool with its result, and the answer."""

    def row(kind: str, number: int, content: list[dict[str, Any]], **more: Any) -> None:
        message = {"role": kind, "content": content} | more
        logs.raw(
            json.dumps(
                {
                    "type": kind, "uuid": f"u{number}", "parentUuid": f"u{number - 1}",
                    "sessionId": SESSION, "timestamp": NOON, "cwd": "/w", "message": message,
                }
            ),
            session=SESSION,
        )  # fmt: skip

    def says(number: int, content: dict[str, Any], prompt: int) -> None:
        usage = {"cache_read_input_tokens": prompt, "output_tokens": 5}
        row(
            "assistant", number, [content], id=f"msg_01{number:022d}", model="claude-opus-4-8",
            stop_reason="end_turn", usage=usage,
        )  # fmt: skip

    row("user", 1, [{"type": "text", "text": "Secret words of a prompt. " * 40}])
    says(2, {"type": "tool_use", "id": "t1", "name": "Bash", "input": {"command": "ls"}}, 18_000)
    row("user", 3, [{"type": "tool_result", "tool_use_id": "t1", "content": "a b c " * 400}])
    says(4, {"type": "text", "text": "Done."}, 20_000)
    return logs


def test_the_parts_add_up_to_the_prompt(talk: Logs, document: Document):
    found = document("why", SESSION, "--context")
    assert found["schema"] == "toktui.context/1"
    assert found["prompt_tokens"] == 20_000 == sum(part["tokens"] for part in found["parts"])
    assert found["call"] == f"msg_01{4:022d}"
    assert found["context_window"] == 1_000_000 or found["context_window"] == 200_000
    kinds = {(part["kind"], part["tool"]) for part in found["parts"]}
    assert kinds == {("system", None), ("prompt", None), ("call", "Bash"), ("result", "Bash")}
    assert sum(part["share"] for part in found["parts"]) == pytest.approx(1, abs=0.01)


def test_people_read_it_as_a_table_without_any_text_of_the_session(talk: Logs, toktui: Toktui):
    shown = toktui("why", SESSION, "--context").stdout
    assert "sent 20,000 tokens to claude-opus-4-8" in shown
    assert "results of Bash" in shown
    assert "The sum is the provider's" in shown
    assert "Secret" not in shown


def test_a_call_has_no_context_of_its_own(talk: Logs, toktui: Toktui):
    failed = toktui("why", f"msg_01{4:022d}", "--context", exit_code=1)
    assert "is a call" in failed.stderr


def test_a_session_without_its_text_says_so(logs: Logs, toktui: Toktui):
    logs.call()
    failed = toktui("why", SESSION, "--context", exit_code=1)
    assert "Nothing can be said" in failed.stderr


def test_a_second_look_needs_no_log(talk: Logs, document: Document, toktui: Toktui, home: Path):
    first = document("why", SESSION, "--context")
    assert first["log"] == "read"
    assert document("why", SESSION, "--context") == first
    for log in home.rglob("*.jsonl"):
        log.unlink()
    gone = document("why", SESSION, "--context")
    assert gone == first | {"log": "gone"}
    shown = toktui("why", SESSION, "--context", "--no-sync").stdout
    assert f"The log is gone: this was computed at {first['computed_at']}." in shown


def test_a_context_is_told_though_nothing_can_be_written(
    talk: Logs, document: Document, toktui: Toktui, tmp_path: Path
):
    toktui("sync")
    held = StoreLock(tmp_path / "data/toktui.lock")
    assert held.acquire("a stuck one")
    (tmp_path / "data/looked-at").write_bytes(b"in the way")
    assert document("why", SESSION, "--context", "--no-sync")["prompt_tokens"] == 20_000
    held.release()
