"""Every agent that logs what was sent shows what fills a window, whatever the form of its logs."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.properties.lab import NOW_MS, Lab, write
from toktui.metrics.composition import Composition, load_composition
from toktui.pricing.rates import load_book

AT = "2026-11-20T09:0{}:00.000Z"
MS = 1_795_165_200_000
ASKED, SAID, HEARD, THOUGHT = "ask " * 300, "say " * 200, "hear " * 500, "think " * 100
FIRST, LAST = 20_000, 21_500


def lines(path: Path, rows: list[dict[str, Any]]) -> None:
    write(path, b"".join(json.dumps(row).encode() + b"\n" for row in rows))


def pi(home: Path) -> None:
    def row(nth: int, **message: Any) -> dict[str, Any]:
        return {"type": "message", "id": f"r{nth}", "parentId": f"r{nth - 1}" if nth > 1 else None,
                "timestamp": AT.format(nth), "message": message}  # fmt: skip

    def answer(nth: int, prompt: int, *content: dict[str, Any]) -> dict[str, Any]:
        return row(nth, role="assistant", model="claude-opus-4-8", content=list(content),
                   usage={"input": prompt, "output": 9}, responseId=f"msg_{nth}")  # fmt: skip

    call = {"type": "toolCall", "id": "t1", "name": "bash", "arguments": {"command": "run"}}
    rows = [
        {"type": "session", "version": 3, "id": "s1", "timestamp": AT.format(0), "cwd": "/w"},
        row(1, role="user", content=[{"type": "text", "text": ASKED}]),
        answer(2, FIRST, {"type": "thinking", "thinking": THOUGHT},
               {"type": "text", "text": SAID}, call),
        row(3, role="toolResult", toolCallId="t1", toolName="bash",
            content=[{"type": "text", "text": HEARD}]),
        answer(4, LAST, {"type": "text", "text": "end"}),
    ]  # fmt: skip
    lines(home / ".pi/agent/sessions/--w--/2026-11-20_s1.jsonl", rows)


def _gemini() -> list[dict[str, Any]]:
    told = [{"functionResponse": {"id": "t1", "response": {"output": HEARD}}}]
    call = {"id": "t1", "name": "bash", "args": {"command": "run"}, "result": told}
    return [
        {"id": "u1", "type": "user", "timestamp": AT.format(1), "content": [{"text": ASKED}]},
        {"id": "g1", "type": "gemini", "timestamp": AT.format(2), "content": SAID, "model": "g-3",
         "thoughts": [{"subject": "", "description": THOUGHT}], "toolCalls": [call],
         "tokens": {"input": FIRST, "output": 9, "total": FIRST + 9}},
        {"id": "g2", "type": "gemini", "timestamp": AT.format(3), "content": "end", "model": "g-3",
         "tokens": {"input": LAST, "output": 9, "total": LAST + 9}},
    ]  # fmt: skip


def gemini_document(home: Path) -> None:
    document = {"sessionId": "s1", "messages": _gemini()}
    write(home / ".gemini/tmp/w/chats/session-1.json", json.dumps(document).encode())


def gemini_lines(home: Path) -> None:
    asked, first, last = _gemini()
    early = {k: v for k, v in first.items() if k != "toolCalls"}
    rows = [{"sessionId": "s1", "kind": "main"}, asked, early, first, last]
    lines(home / ".gemini/tmp/w/chats/session-1.jsonl", rows)


def qwen(home: Path) -> None:
    def row(nth: int, kind: str, role: str, *parts: dict[str, Any], prompt: int = 0) -> Any:
        used = {"promptTokenCount": prompt, "candidatesTokenCount": 9,
                "totalTokenCount": prompt + 9}  # fmt: skip
        return {"uuid": f"r{nth}", "parentUuid": f"r{nth - 1}" if nth > 1 else None,
                "sessionId": "s1", "timestamp": AT.format(nth), "type": kind, "model": "q-3",
                "message": {"role": role, "parts": list(parts)},
                **({"usageMetadata": used} if prompt else {})}  # fmt: skip

    call = {"functionCall": {"id": "t1", "name": "bash", "args": {"command": "run"}}}
    told = {"functionResponse": {"id": "t1", "name": "bash", "response": {"output": HEARD}}}
    rows = [
        row(1, "user", "user", {"text": ASKED}),
        row(2, "assistant", "model", {"text": THOUGHT, "thought": True}, {"text": SAID}, call,
            prompt=FIRST),
        row(3, "tool_result", "user", told),
        row(4, "assistant", "model", {"text": "end"}, prompt=LAST),
    ]  # fmt: skip
    lines(home / ".qwen/projects/-w/chats/s1.jsonl", rows)


def _opencode() -> list[tuple[str, dict[str, Any], list[dict[str, Any]]]]:
    def answer(nth: int, prompt: int) -> dict[str, Any]:
        times = {"created": MS + nth * 60_000, "completed": MS + nth * 60_000 + 9}
        return {"id": f"msg_{nth}", "sessionID": "s1", "role": "assistant", "modelID": "g-5",
                "providerID": "x", "time": times, "path": {"cwd": "/w"},
                "tokens": {"input": prompt, "output": 9, "reasoning": 0, "total": prompt + 9,
                           "cache": {"read": 0, "write": 0}}}  # fmt: skip

    state = {"status": "completed", "input": {"command": "run"}, "output": HEARD}
    tool = {"type": "tool", "tool": "bash", "callID": "t1", "state": state}
    user = {"id": "msg_1", "sessionID": "s1", "role": "user", "time": {"created": MS}}
    return [
        ("msg_1", user, [{"type": "text", "text": ASKED}]),
        ("msg_2", answer(2, FIRST), [{"type": "reasoning", "text": THOUGHT},
                                     {"type": "text", "text": SAID}, tool]),
        ("msg_3", answer(3, LAST), [{"type": "text", "text": "end"}]),
    ]  # fmt: skip


def opencode_files(home: Path) -> None:
    storage = home / ".local/share/opencode/storage"
    for name, message, parts in _opencode():
        write(storage / f"message/s1/{name}.json", json.dumps(message).encode())
        for nth, part in enumerate(parts):
            write(storage / f"part/{name}/prt_{nth}.json", json.dumps(part).encode())


def opencode_database(home: Path) -> None:
    path = home / ".local/share/opencode/opencode.db"
    path.parent.mkdir(parents=True)
    db = sqlite3.connect(path)
    db.execute("create table session (id text primary key, parent_id text, directory text)")
    db.execute("create table message (id text primary key, session_id text, time_created integer,"
               " time_updated integer, data text)")  # fmt: skip
    db.execute("create table part (id text primary key, message_id text, session_id text,"
               " data text)")  # fmt: skip
    db.execute("insert into session values ('s1', null, '/w')")
    for name, message, parts in _opencode():
        db.execute("insert into message values (?, 's1', ?, ?, ?)",
                   (name, MS, MS, json.dumps(message)))  # fmt: skip
        for nth, part in enumerate(parts):
            db.execute("insert into part values (?, ?, 's1', ?)",
                       (f"prt_{name}_{nth}", name, json.dumps(part)))  # fmt: skip
    db.commit()
    db.close()


def cline(home: Path) -> None:
    task = home / ".config/Code/User/globalStorage/saoudrizwan.claude-dev/tasks/1795165200000"
    said = [
        {"ts": MS + n * 60_000, "type": "say", "say": "api_req_started",
         "text": json.dumps({"request": "x", "tokensIn": prompt, "tokensOut": 9, "cost": 0.1})}
        for n, prompt in ((1, FIRST), (2, LAST))
    ]  # fmt: skip
    use = {"type": "tool_use", "id": "t1", "name": "bash", "input": {"command": "run"}}
    sent = [
        {"role": "user", "content": [{"type": "text", "text": ASKED}]},
        {"role": "assistant", "content": [{"type": "thinking", "thinking": THOUGHT},
                                          {"type": "text", "text": SAID}, use]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1",
                                      "content": HEARD}]},
        {"role": "assistant", "content": [{"type": "text", "text": "end"}]},
    ]  # fmt: skip
    write(task / "ui_messages.json", json.dumps(said).encode())
    write(task / "api_conversation_history.json", json.dumps(sent).encode())


def kimi(home: Path) -> None:
    def row(nth: int, kind: str, **fields: Any) -> dict[str, Any]:
        return {"type": kind, "time": MS + nth * 1_000, **fields}

    def event(nth: int, kind: str, **fields: Any) -> dict[str, Any]:
        told = {"type": kind, "uuid": f"e{nth}", **fields}
        return row(nth, "context.append_loop_event", event=told)

    def end(nth: int, step: str, prompt: int) -> dict[str, Any]:
        used = {"inputOther": prompt, "output": 9}
        return event(nth, "step.end", usage=used) | {
            "event": {"type": "step.end", "uuid": step, "usage": used}
        }

    call = {"toolCallId": "t1", "name": "bash", "args": {"command": "run"}}
    user = {"role": "user", "content": [{"type": "text", "text": ASKED}]}
    rows = [
        row(1, "context.append_message", message=user),
        event(2, "step.begin"),
        event(3, "content.part", part={"type": "think", "think": THOUGHT}),
        event(4, "content.part", part={"type": "text", "text": SAID}),
        event(5, "tool.call", **call),
        end(6, "e2", FIRST),
        event(7, "tool.result", toolCallId="t1", result={"output": HEARD}),
        event(8, "step.begin"),
        event(9, "content.part", part={"type": "text", "text": "end"}),
        end(10, "e8", LAST),
    ]
    lines(home / ".kimi/sessions/0123/s1/wire.jsonl", rows)


Logs = Callable[[Path], None]
AGENTS: list[Logs] = [
    pi, gemini_document, gemini_lines, qwen, opencode_files, opencode_database, cline, kimi,
]  # fmt: skip


def composed(home: Path, tell: Logs) -> Composition:
    tell(home)
    lab = Lab(home)
    lab.sync()
    (session,) = lab.db.execute("select id from session").fetchone()
    found = load_composition(lab.db, load_book(), session, lambda text: len(text.split()), NOW_MS)
    assert found is not None
    return found


@pytest.mark.parametrize("tell", AGENTS, ids=lambda tell: tell.__name__)
def test_the_parts_of_the_last_prompt_add_up_to_it(tell: Logs, home: Path) -> None:
    found = composed(home, tell)
    parts = {part.kind: part for part in found.parts}
    assert found.prompt == LAST == sum(part.tokens for part in found.parts)
    assert parts["call"].tool == parts["result"].tool == "bash"
    assert {"system", "prompt", "text", "thinking", "call", "result"} == set(parts)
    assert parts["system"].tokens > FIRST * 0.9
    assert parts["result"].tokens > parts["prompt"].tokens > parts["text"].tokens
    assert all(part.count == 1 for part in found.parts if part.kind != "system")


def test_a_document_that_is_half_written_says_nothing(home: Path) -> None:
    gemini_document(home)
    lab = Lab(home)
    lab.sync()
    (session,) = lab.db.execute("select id from session").fetchone()
    log = next(home.rglob("session-1.json"))
    log.write_bytes(log.read_bytes()[:-40])
    assert load_composition(lab.db, load_book(), session, len, NOW_MS) is None
