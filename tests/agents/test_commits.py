"""Commits that an agent ran are facts: hash, time and session, never a word of the message."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.properties.lab import stopwatch
from toktui.agents import agent
from toktui.agents._cursor_turns import Bubble
from toktui.agents._cursor_turns import committed as cursor_committed
from toktui.agents._opencode_commits import committed
from toktui.agents.commits import commits, ran
from toktui.facts import decode_ran
from toktui.model import Fact

AT = "2026-11-21T12:00:00.000Z"
SAID = "[main 0a1b2c3d] Secret words\n 1 file changed, 2 insertions(+)\n"


def claude(name: str, *rows: dict[str, Any]) -> tuple[list[Fact], Any]:
    return read("claude-code", f"/x/{name}.jsonl", *rows)


def read(name: str, path: str, *rows: dict[str, Any]) -> tuple[list[Fact], Any]:
    """What a log says; every line that is silent says nothing, and the state survives a restart."""
    module = agent(name)
    state = module.start(path)
    facts: list[Fact] = []
    for row in rows:
        line = json.dumps(row, separators=(",", ":")).encode()
        silent = module.is_silent(line, 0, len(line), state)
        state = module.load_state(msgspec.msgpack.encode(state))
        parsed = module.parse(line, state)
        if silent:
            assert not parsed.facts
        facts += parsed.facts
    return [fact for fact in facts if fact.kind == "commit"], state


def shell(tool: str, command: str) -> dict[str, Any]:
    block = {"type": "tool_use", "id": tool, "name": "Bash", "input": {"command": command}}
    message = {
        "id": "msg_01AAAAAAAAAAAAAAAAAA0001", "model": "claude-opus-4-8", "content": [block],
        "stop_reason": "tool_use", "usage": {"input_tokens": 1, "output_tokens": 1},
    }  # fmt: skip
    return {"type": "assistant", "sessionId": "s1", "timestamp": AT, "message": message}


def result(tool: str, content: object = SAID) -> dict[str, Any]:
    block = {"type": "tool_result", "tool_use_id": tool, "content": content}
    return {"type": "user", "sessionId": "s1", "timestamp": AT, "message": {"content": [block]}}


@pytest.mark.parametrize(("command", "is_one"), [
    ("git commit -m x", True), ("cd a && git -C b commit --amend", True), ("git merge x", True),
    ("git log --oneline", False), ("echo commit", False), ("git status; echo commit", False),
    ("digit commit", False), ("git committed", False), ("git " + "x" * 500 + " commit", False),
])  # fmt: skip
def test_a_command_that_commits_is_known(command: str, is_one: bool) -> None:
    assert commits(command) is is_one


@pytest.mark.parametrize("word", ["git ", "commit ", "am ", "git commi"])
def test_no_command_is_looked_at_for_long(word: str) -> None:
    began = stopwatch()
    assert commits(word * 20_000) is False
    assert stopwatch() - began < 0.2


def test_the_answer_of_git_names_the_hash() -> None:
    (fact,) = ran(SAID, "s1", 7)
    assert (fact.kind, fact.subject, fact.at_ms) == ("commit", "0a1b2c3d", 7)
    assert decode_ran(fact.body).session == "s1"
    assert b"Secret" not in fact.body
    assert ran("[main (root-commit) 0a1b2c3] x\n", "s1", 7)[0].subject == "0a1b2c3"
    assert ran("see [main 0a1b2c3] x\n[notes] y\n[x 123] z\n", "s1", 7) == ()


@pytest.mark.parametrize("content", [SAID, [{"type": "text", "text": SAID}]])
def test_claude_codes_shell_is_followed_to_its_result(content: object) -> None:
    facts, state = claude("s1", shell("toolu_1", "git commit -m x"), result("toolu_1", content))
    assert [fact.subject for fact in facts] == ["0a1b2c3d"]
    assert state.commits == []


def test_what_another_tool_printed_is_no_commit() -> None:
    assert claude("s1", shell("toolu_1", "cat notes"), result("toolu_1"))[0] == []
    assert claude("s1", shell("toolu_1", "git commit"), result("toolu_2"))[0] == []
    facts, _ = claude("s1", shell("toolu_1", "git commit"), result("toolu_1"), result("toolu_1"))
    assert len(facts) == 1


def test_commands_whose_result_never_comes_are_forgotten() -> None:
    _, state = claude("s1", *(shell(f"toolu_{n}", "git commit") for n in range(50)))
    assert state.commits == [f"toolu_{n}" for n in range(42, 50)]


@pytest.mark.parametrize("output", [SAID, json.dumps({"output": SAID, "metadata": {}}),
                                    {"content": SAID, "success": True}])  # fmt: skip
def test_codexs_shell_is_followed_to_its_result(output: object) -> None:
    call = {"type": "function_call", "name": "shell", "call_id": "call_1",
            "arguments": json.dumps({"command": ["bash", "-lc", "git commit -m x"]})}  # fmt: skip
    answer = {"type": "function_call_output", "call_id": "call_1", "output": output}
    rows = [{"timestamp": AT, "type": "response_item", "payload": p} for p in (call, answer)]
    name = "/x/rollout-2026-11-21T12-00-00-019a0000-0000-7000-8000-000000000001.jsonl"
    facts, state = read("codex", name, *rows)
    assert [fact.subject for fact in facts] == ["0a1b2c3d"]
    assert decode_ran(facts[0].body).session == state.thread
    assert state.commits == []
    assert read("codex", name, rows[1])[0] == []


LINES: dict[str, tuple[str, list[dict[str, Any]]]] = {
    "pi": ("2026-11-21T12-00-00_s1.jsonl", [
        {"type": "session", "id": "s1", "timestamp": AT, "cwd": "/srv/kites"},
        {"type": "message", "id": "1", "timestamp": AT, "message": {
            "role": "assistant", "content": [{
                "type": "toolCall", "id": "toolu_1", "name": "bash",
                "arguments": {"command": "git add -A && git commit -m 'x'"}}]}},
        {"type": "message", "id": "2", "timestamp": AT, "message": {
            "role": "toolResult", "toolCallId": "toolu_1", "toolName": "bash",
            "content": [{"type": "text", "text": SAID}]}},
    ]),
    "copilot-cli": ("s1/events.jsonl", [
        {"type": "tool.execution_start", "timestamp": AT, "data": {
            "toolCallId": "call_1", "toolName": "bash",
            "arguments": {"command": "git commit -m x", "description": "y"}}},
        {"type": "tool.execution_complete", "timestamp": AT, "data": {
            "toolCallId": "call_1", "success": True, "result": {"content": SAID}}},
    ]),
    "kimi-code": ("sessions/w/s1/wire.jsonl", [
        {"type": "context.append_loop_event", "time": 1_795_262_400_000, "event": {
            "type": "tool.call", "toolCallId": "tool_1", "name": "Shell",
            "args": {"command": "git commit -m x"}}},
        {"type": "context.append_loop_event", "time": 1_795_262_400_000, "event": {
            "type": "tool.result", "toolCallId": "tool_1", "result": {"output": SAID}}},
    ]),
    "gemini-cli": ("tmp/shop/chats/s1.jsonl", [
        {"id": "m1", "timestamp": AT, "type": "gemini", "content": "", "toolCalls": [{
            "id": "run_1", "name": "run_shell_command", "args": {"command": "git commit -m x"},
            "result": [{"functionResponse": {
                "id": "run_1", "response": {"output": f"Command: x\nOutput: y\n{SAID}"}}}]}]},
    ]),
    "qwen-code": ("projects/w/chats/s1.jsonl", [
        {"uuid": "1", "sessionId": "s1", "timestamp": AT, "type": "assistant", "message": {
            "role": "model", "parts": [{"functionCall": {
                "id": "call_1", "name": "run_shell_command",
                "args": {"command": "git commit -m x"}}}]}},
        {"uuid": "2", "parentUuid": "1", "sessionId": "s1", "timestamp": AT, "type": "tool_result",
         "message": {"role": "user", "parts": [{"functionResponse": {
             "id": "call_1", "response": {"output": SAID}}}]}},
    ]),
}  # fmt: skip


@pytest.mark.parametrize("name", LINES)
def test_the_tools_of_other_agents_are_followed_to_their_results(name: str) -> None:
    path, rows = LINES[name]
    facts, state = read(name, f"/home/dev/{path}", *rows)
    assert [(fact.subject, fact.at_ms) for fact in facts] == [("0a1b2c3d", 1_795_262_400_000)]
    assert decode_ran(facts[0].body).session == state.session != ""
    assert state.commits == []
    text = json.dumps(rows)
    for harmless in ("git log", "make commit"):
        changed = json.loads(text.replace("git add -A && ", "").replace("git commit", harmless))
        assert read(name, f"/home/dev/{path}", *changed)[0] == []


@pytest.mark.parametrize("name", LINES)
def test_a_line_of_tools_that_is_malformed_is_no_commit_and_no_error(name: str) -> None:
    path, rows = LINES[name]
    for replaced in ('"toolu_1"', '"call_1"', '"tool_1"', '"run_1"'):
        for value in ("null", "7", "[]", '"\\u0000"', '"a b"'):
            changed = json.loads(json.dumps(rows).replace(replaced, value))
            if changed != rows:
                assert read(name, f"/home/dev/{path}", *changed)[0] == []


@pytest.mark.parametrize("time", [2**64, 10**30, -1, 1.5, True, None])
def test_a_commit_without_a_readable_time_has_none(time: Any) -> None:
    path, rows = LINES["kimi-code"]
    facts, _ = read("kimi-code", f"/home/dev/{path}", rows[0], rows[1] | {"time": time})
    assert [(fact.subject, fact.at_ms) for fact in facts] == [("0a1b2c3d", None)]


def test_a_document_of_gemini_tells_of_commits_too(tmp_path: Path) -> None:
    (row,) = LINES["gemini-cli"][1]
    path = tmp_path / "tmp/shop/chats/session-1.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"sessionId": "s1", "messages": [row]}))
    (fact,) = agent("gemini-cli").read(str(path), b"").facts
    assert (fact.subject, decode_ran(fact.body).session) == ("0a1b2c3d", "s1")


OPENCODE_PART = {
    "id": "prt_1", "messageID": "msg_1", "sessionID": "ses_a", "type": "tool", "callID": "c",
    "tool": "bash", "state": {
        "status": "completed", "input": {"command": "git commit -m x"}, "output": SAID,
        "time": {"start": 1, "end": 1_795_262_400_000}},
}  # fmt: skip


@pytest.mark.parametrize("part", [
    {**OPENCODE_PART, "type": "text"}, {**OPENCODE_PART, "state": None},
    {**OPENCODE_PART, "state": {**OPENCODE_PART["state"], "input": {"command": "git log"}}},
    {**OPENCODE_PART, "state": {**OPENCODE_PART["state"], "output": None}},
    {**OPENCODE_PART, "state": {**OPENCODE_PART["state"], "input": "git commit"}},
])  # fmt: skip
def test_a_part_of_opencode_without_a_commit_tells_of_none(part: dict[str, Any]) -> None:
    assert committed(json.dumps(part).encode(), "s") == ()
    (fact,) = committed(json.dumps(OPENCODE_PART).encode(), "s")
    assert (fact.subject, fact.at_ms) == ("0a1b2c3d", 1_795_262_400_000)


@pytest.mark.parametrize("result", [json.dumps({"output": SAID}), json.dumps({"contents": SAID}),
                                    SAID])  # fmt: skip
def test_a_terminal_of_cursor_is_followed(result: str) -> None:
    tool = {"name": "run_terminal_cmd", "rawArgs": json.dumps({"command": "git commit -m x"}),
            "result": result}  # fmt: skip
    bubble = {"type": 2, "createdAt": AT, "toolFormerData": tool}
    (fact,) = cursor_committed(msgspec.convert(bubble, Bubble), "c0ffee")
    assert (fact.subject, fact.at_ms) == ("0a1b2c3d", 1_795_262_400_000)
    for harmless in ({**tool, "rawArgs": "{}"}, {**tool, "result": None}, {**tool, "result": "[]"}):
        said = msgspec.convert(bubble | {"toolFormerData": harmless}, Bubble)
        assert cursor_committed(said, "c0ffee") == ()
