"""Commits that an agent ran are facts: hash, time and session, never a word of the message."""

from __future__ import annotations

import json
from typing import Any

import pytest

from toktui.agents import agent
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
    import msgspec

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
])  # fmt: skip
def test_a_command_that_commits_is_known(command: str, is_one: bool) -> None:
    assert commits(command) is is_one


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
