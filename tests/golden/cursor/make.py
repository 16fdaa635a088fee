"""Makes the databases of the golden cases: `python -m tests.golden.cursor.make`.

SQLite's files are no reading matter, so what is in them is written here. Everything is invented.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.golden.cursor.talks import Row, answered, asked, chat, ended, lines, wrapped

HERE = Path(__file__).parent
USER = "home/.config/Cursor/User"
CANARY = "CANARY-not-to-be-read"


def bubble(kind: int, name: str, **more: Any) -> dict[str, Any]:
    counts = {"inputTokens": more.pop("given", 0), "outputTokens": more.pop("output", 0)}
    return {"_v": 3, "type": kind, "bubbleId": name, "text": "", "tokenCount": counts, **more}


def conversation(name: str, headers: str, **more: Any) -> tuple[str, Any]:
    """`headers` is `p:b1 a:b2`: prompts and answers in their order."""
    named = [{"bubbleId": one[2:], "type": 1 if one[0] == "p" else 2} for one in headers.split()]
    return f"composerData:{name}", {
        "composerId": name, "createdAt": 1_762_000_000_000,
        "fullConversationHeadersOnly": named, **more,
    }  # fmt: skip


def database(path: Path, table: str, rows: list[tuple[str, Any]], *, mode: str = "delete") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    db = sqlite3.connect(path)
    db.execute("pragma page_size = 1024")
    db.execute(f"pragma journal_mode = {mode}")
    db.execute("create table ItemTable (key text unique on conflict replace, value blob)")
    db.execute("create table if not exists cursorDiskKV (key text unique, value blob)")
    db.execute("insert into ItemTable values ('cursorAuth/accessToken', ?)", (CANARY,))
    db.executemany(
        f"insert into {table} values (?, ?)",
        [(k, v if isinstance(v, str | bytes) else json.dumps(v)) for k, v in rows],
    )
    db.commit()
    db.close()


def counted() -> None:
    """Cursor 1.7: the last message of a turn has the turn's counts."""
    case, c = HERE / "1.7-counted", "c0ffee00-0000-4000-8000-000000000001"
    d = "c0ffee00-0000-4000-8000-000000000002"

    def at(minute: int, second: int = 0) -> dict[str, str]:
        return {"createdAt": f"2025-11-01T12:{minute:02}:{second:02}.000Z"}

    model = {"modelInfo": {"modelName": "gpt-5"}}
    bubbles = [
        # A turn in pieces; only the last one is counted, only the first one names the model.
        (c, bubble(1, "p1", text="why does the kite fall?", requestId="gen-1", **model, **at(1))),
        (c, bubble(2, "a1", thinking={"text": "wind?"}, requestId="gen-1", usageUuid="gen-1",
                   **model, **at(1, 1))),
        (c, bubble(2, "a2", toolFormerData={"name": "grep", "rawArgs": "{}"}, **at(1, 2))),
        (c, bubble(2, "a3", text="It has no tail.", usageUuid="gen-1", given=20_000, output=450,
                   **at(1, 30))),
        # Auto: no message names a model, the conversation says `default`.
        (c, bubble(1, "p2", text="and now?", requestId="gen-2", **at(5))),
        (c, bubble(2, "a4", text="Now it flies.", usageUuid="gen-2", given=21_000, output=90,
                   **at(5, 9))),
        # A turn that was stopped before anything was written or counted: nothing.
        (c, bubble(1, "p3", text="stop", requestId="gen-3", **at(6))),
        (c, bubble(2, "a5", usageUuid="gen-3", **at(6, 1))),
        # Numbers that are none.
        (c, bubble(1, "p4", text="again", requestId="gen-4", **at(7))),
        (c, bubble(2, "a6", text="Yes.", usageUuid="gen-4", given=-5, output=7, **at(7, 1))),
        # An answer that was taken back is named nowhere; it was paid.
        (c, bubble(2, "zz", text="No.", usageUuid="gen-5", given=500, output=5, **at(8))),
        # A copy of the conversation keeps the ids of its turns.
        (d, bubble(1, "q1", text="why does the kite fall?", requestId="gen-1", **model, **at(1))),
        (d, bubble(2, "r1", text="It has no tail.", usageUuid="gen-1", given=20_000, output=450,
                   **at(1, 30), **model)),
        # Before October 2025 messages had no time; the turn has no id.
        (d, bubble(1, "q2", text="old")),
        (d, bubble(2, "r2", text="older", given=1_000, output=10.0, **model)),
    ]  # fmt: skip
    rows: list[tuple[str, Any]] = [
        conversation(c, "p:p1 a:a1 a:a2 a:a3 p:p2 a:a4 p:p3 a:a5 p:p4 a:a6",
                     modelConfig={"modelName": "default"}, contextTokenLimit=272_000,
                     contextTokensUsed=59_459),
        conversation(d, "p:q1 a:r1 p:q2 a:r2", subComposerIds=["c0ffee-child"]),
        *((f"bubbleId:{owner}:{b['bubbleId']}", b) for owner, b in bubbles),
        ("bubbleId:task-call_1\nfc_2:b-9", "{}"),
        ("bubbleId:" + c + ":broken", '{"type": 2, "te'),
        ("agentKv:blob:aa11", '{"role":"assistant","content":"It has no tail."}'),
        ("checkpointId:x:y", "{}"),
    ]  # fmt: skip
    database(case / USER / "globalStorage/state.vscdb", "cursorDiskKV", rows, mode="wal")
    work = case / USER / "workspaceStorage/f00d"
    listed = {"allComposers": [{"composerId": c}, {"composerId": d}], "selectedComposerId": c}
    database(work / "state.vscdb", "ItemTable", [("composer.composerData", listed)])
    (work / "workspace.json").write_text('{"folder": "file:///home/dev/kites%20and%20more"}\n')


def text_only() -> None:
    """Cursor 3: every count is 0."""
    case, c = HERE / "3.7-text-only", "c0ffee00-0000-4000-8000-000000000003"
    bubbles = [
        bubble(1, "p1", text="x" * 400, requestId="gen-10", createdAt="2026-09-01T08:00:00.000Z"),
        bubble(2, "a1", thinking={"text": "t" * 100, "signature": ""}, usageUuid="gen-10",
               createdAt="2026-09-01T08:00:01.000Z",
               modelInfo={"modelName": "claude-4.6-sonnet-thinking"}),
        bubble(2, "a2", toolFormerData={"name": "read", "rawArgs": "r" * 60},
               createdAt="2026-09-01T08:00:02.000Z"),
        bubble(2, "a3", text="y" * 241, usageUuid="gen-10", createdAt="2026-09-01T08:00:09.000Z"),
        bubble(1, "p2", text="thanks", requestId="gen-11", createdAt="2026-09-01T08:01:00.000Z"),
        bubble(2, "a4", text="Any time.", usageUuid="gen-11", createdAt=1_788_249_661_000,
               modelInfo={"modelName": "composer-2.5"}),
    ]  # fmt: skip
    rows: list[tuple[str, Any]] = [
        conversation(c, "p:p1 a:a1 a:a2 a:a3 p:p2 a:a4"),
        *((f"bubbleId:{c}:{b['bubbleId']}", b) for b in bubbles),
    ]
    database(case / USER / "globalStorage/state.vscdb", "cursorDiskKV", rows)


def spooled() -> None:
    """The same turns told by the database, the hook and an export; the logs of toktui's own stand
    beside the database."""
    case, c = HERE / "spooled", "c0ffee00-0000-4000-8000-000000000004"
    folder = case / USER / "globalStorage"
    sonnet = {"modelInfo": {"modelName": "claude-4.6-sonnet"}}
    bubbles = [
        b
        for nth, minute in ((1, 0), (2, 30), (3, 50))
        for b in (
            bubble(1, f"p{nth}", text="q" * 40, requestId=f"gen-{nth}", **sonnet,
                   createdAt=f"2026-10-05T09:{minute:02}:00.000Z"),
            bubble(2, f"a{nth}", text="a" * 80, usageUuid=f"gen-{nth}", **sonnet,
                   createdAt=f"2026-10-05T09:{minute:02}:05.000Z"),
        )
    ]  # fmt: skip
    rows: list[tuple[str, Any]] = [
        conversation(c, "p:p1 a:a1 p:p2 a:a2 p:p3 a:a3"),
        *((f"bubbleId:{c}:{b['bubbleId']}", b) for b in bubbles),
    ]
    database(folder / "state.vscdb", "cursorDiskKV", rows)

    def stop(nth: int, at: str, *counts: object, **more: object) -> dict[str, object]:
        names = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens")
        return {
            "type": "stop", "at": f"2026-10-05T{at}Z", "conversation_id": c,
            "generation_id": f"gen-{nth}", "model": "default", "cursor_version": "3.7.21",
            "workspace_roots": ["/srv/kites"], **dict(zip(names, counts, strict=False)), **more,
        }  # fmt: skip

    def row(at: str, model: str, *counts: object, nth: int = 0, **more: str) -> dict[str, object]:
        names = (
            "Input (w/ Cache Write)",
            "Input (w/o Cache Write)",
            "Cache Read",
            "Output Tokens",
        )
        told = dict(zip(names, map(str, counts), strict=True))
        return {"type": "csv", "nth": nth, "row": {"Date": at, "Model": model, **told, **more}}

    stops = [
        # Input with the caches inside; the export says what was what.
        stop(1, "09:01:00", 3140, 20, 3000, 40),
        stop(1, "09:01:00", 3140, 20, 3000, 40),
        # Nobody else tells of this one.
        stop(4, "11:00:00", 7, 8, 9, 0),
        stop(5, "11:01:00"),
        stop(6, "11:02:00", -1, 2),
        stop(7, "11:03:00", 1.5, 2),
        stop(8, "later", 1, 2),
    ]
    exported = [
        row("2026-10-05T09:00:40.000Z", "claude-4.6-sonnet", 40, 100, 3000, 20, Cost="$0.50"),
        # Other counts than the text lets guess, but the turn's time and model.
        row("2026-10-05T09:30:20.000Z", "claude-4.6-sonnet-thinking", 0, 900, 100, 77, Cost="-"),
        # Twice the very same, and nobody else tells of either.
        row("2026-10-05T18:00:00.000Z", "gpt-5", 0, "1,005", 0, 6, Kind="Included"),
        row("2026-10-05T18:00:00.000Z", "gpt-5", 0, "1,005", 0, 6, Kind="Included", nth=1),
        row("2026-10-05T18:10:00.000Z", "gpt-5", 0, 5, 0, 6, Kind="Errored, No Charge"),
        row("2026-10-05T18:20:00.000Z", "gpt-5", 0, "-5", 0, 6),
        row("October", "gpt-5", 0, 5, 0, 6),
    ]
    for name, records in (("stop", stops), ("csv", exported)):
        lines = [json.dumps(record) for record in records]
        torn = '{"type":"stop","at":"2026-10-05T12' if name == "stop" else ""
        lines.insert(2, torn)
        (folder / f"{name}-000001.jsonl").write_text("\n".join(lines) + "\n")


def talks() -> None:
    """Conversations of which there is text, in part told by the hook and by the database."""
    case, own = HERE / "3.20-transcripts", HERE / "3.20-transcripts/home/.cursor"
    c, d, e, f, g, h = (f"c0ffee00-0000-4000-8000-00000000001{n}" for n in range(6))
    before, during = "c0ffee00-0000-4000-8000-0000000000b1", "c0ffee00-0000-4000-8000-0000000000b2"
    nine = 1_791_190_800_000  # 2026-10-05T09:00Z
    kites, sails = own / "projects/srv-kites", own / "projects/srv-sails"

    def at(minute: int) -> int:
        return nine + minute * 60_000 + 17_000

    def keep(path: Path, data: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    first = [
        # Before the hook was there: its text is all that is left; the chat has its thoughts, too.
        asked("why does the kite fall?", at(1)), answered("Let me see.", Grep={"pattern": "tail"}),
        answered(""), answered("It has no tail.", Task={"prompt": "count the tails"}),
        # Several prompts without an answer between them are one turn.
        asked("wait", at(11)), asked("go on", at(12)), answered("A tail it is."),
        # Told by the hook, missed by it, told again, not told yet.
        asked("go on", at(21)), answered("It flies."), asked("and?", at(31)), answered("Higher."),
        asked("now?", at(41)), answered("Still."), asked("go on", at(51)), answered("Gone."),
    ]  # fmt: skip
    broken = b'{"role":"assistant","message":{"content":[{"type":"te\n\n[3]\n{"role":7}\n'
    odd: list[Row] = [
        {"role": "assistant", "message": {"content": [None, 3, {"type": "text", "text": 5}]}},
        {"role": "user", "message": {"content": [{"type": "tool_result", "content": "x"}]}},
        {"role": "assistant", "message": None}, {"type": "unheard of"},
    ]  # fmt: skip
    talk = kites / "agent-transcripts" / c
    keep(talk / f"{c}.jsonl", lines([*first[:4], *odd]) + broken + lines([*first[4:], ended()]))
    task = [asked("count the tails", at(2)), answered("There are two of them.")]
    keep(talk / "subagents" / f"{before}.jsonl", lines(task))
    task = [asked("count again", at(22)), answered("Now there are three.")]
    keep(talk / "subagents" / f"{during}.jsonl", lines(task))
    keep(kites / ".workspace-trusted", json.dumps({"workspacePath": "/srv/kites"}).encode())
    # An old one, in the layout of the command line: no tags, no times, a turn that was stopped.
    rows = [
        {"role": "user", "message": {"content": "old"}}, answered("Older."),
        {"role": "user", "message": {"content": "stop"}}, ended("aborted"),
        {"role": "user", "message": {"content": "old"}}, answered("Oldest."), ended(),
    ]  # fmt: skip
    keep(sails / "agent-transcripts" / f"{d}.jsonl", lines(rows))
    # The first transcripts were plain text; of this one there is a newer one, of the other not.
    text = "user:\nold\nassistant:\nOlder.\nuser:\nold\nA:\nOldest.\n\nuser:\nstop\n"
    keep(sails / "agent-transcripts" / f"{d}.txt", text.encode())
    text = "user:\n<user_query>\nthen?\n</user_query>\nA:\n[Thinking] Hm.\nThen it fell.\n\n" + (
        "[Tool call] Shell\n  command: ls\n[Tool result] Shell\nkites and more kites\nA:\nSo it is."
    )
    keep(sails / "agent-transcripts" / f"{h}.txt", text.encode())
    # The editor's own: its database has it all.
    rows = [asked("how high?", at(5)), answered("A mile."), ended()]
    keep(sails / "agent-transcripts" / e / f"{e}.jsonl", lines(rows))
    storage = case / USER / "globalStorage"
    database(storage / "state.vscdb", "cursorDiskKV", [
        conversation(e, "p:p1 a:a1"),
        (f"bubbleId:{e}:p1", bubble(1, "p1", text="how high?", requestId="gen-20")),
        (f"bubbleId:{e}:a1", bubble(2, "a1", text="A mile.", createdAt="2026-10-05T09:05:30Z")),
    ])  # fmt: skip

    def stop(nth: int, minute: int, talk: str) -> Row:
        return {
            "type": "stop", "at": f"2026-10-05T09:{minute:02}:00Z", "conversation_id": talk,
            "generation_id": f"gen-{nth}", "model": "composer-2.5", "input_tokens": 900,
            "output_tokens": nth, "cache_read_tokens": 1000, "workspace_roots": ["/srv/kites"],
        }  # fmt: skip

    keep(storage / "stop-000001.jsonl", lines([stop(21, 25, c), stop(22, 45, c)]))
    _chats(own / "chats/00ff", at, c, f, g)


def _chats(folder: Path, at: Callable[[int], int], c: str, f: str, g: str) -> None:
    system: list[Row] = [
        {"role": "system", "content": "You fly kites."},
        {"role": "user", "content": "<user_info>\nOS: linux\n</user_info>"},
    ]

    def query(text: str, minute: int | None = None) -> Row:
        when = at(minute) if minute is not None else None
        return {"role": "user", "content": [{"type": "text", "text": wrapped(text, when)}]}

    def reply(nth: int, *content: Row) -> Row:
        return {"role": "assistant", "id": str(nth), "content": list(content)}

    thought = {"type": "reasoning", "text": "A kite without a tail turns over in any wind."}
    call = {"type": "tool-call", "toolName": "Grep", "args": {"pattern": "tail"}}
    result: Row = {"role": "tool", "content": [{"type": "tool-result", "result": "none"}]}
    one = [*system, query("why does the kite fall?", 1), reply(1, thought, call), result,
           reply(2, {"type": "text", "text": "It has no tail."})]  # fmt: skip
    meta = {"createdAt": at(0), "lastUsedModel": "claude-4.6-sonnet"}
    chat(folder / c / "store.db", [(at(1), one[:3]), (at(2), one)], agentId=c, **meta)
    # Nobody else tells of this one; what it said at first was summed up later.
    two = [*system, query("fold it"), reply(1, {"type": "text", "text": "Folded twice."}),
           query("go on"), reply(2, {"type": "text", "text": "Folded again."})]  # fmt: skip
    three = [*system, two[4], two[5], query("go on", 9), reply(3, call), {"role": 7}]
    chat(folder / f / "store.db", [(at(6), two[:4]), (at(7), two), (at(9), three)],
         agentId=f, **meta)  # fmt: skip
    # Of one that never had an answer there is nothing.
    chat(folder / g / "store.db", [(at(6), two[:3])], agentId=g, **meta)


if __name__ == "__main__":
    counted()
    text_only()
    spooled()
    talks()
