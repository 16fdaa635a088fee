"""Homes that no agent would write in one go: every odd thing that logs do, drawn from one seed.

A world is small and tangled: sessions that fork, resume and repeat each other, with few calls, few
times and few totals, so that ties, replays and copies meet often.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from random import Random

from tests.properties.golden_worlds import golden_world, with_own_ids

World = dict[Path, bytes]

_START = dt.datetime(2026, 11, 20, 9, tzinfo=dt.UTC)
FUTURE_MINUTES = 5 * 24 * 60
"""Rows that are this much later are refused until the clock has moved on."""


def stamp(minutes: float) -> str:
    """An ISO time, minutes after the world begins."""
    at = _START + dt.timedelta(minutes=minutes)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def lines(rows: list[object]) -> bytes:
    """Rows as a log."""
    return b"".join(json.dumps(row, separators=(",", ":")).encode() + b"\n" for row in rows)


def _uuid(kind: int, n: int) -> str:
    return f"{kind:08x}-0000-4000-8000-{n:012x}"


# ---- Claude Code ----


def claude_row(
    message_id: str,
    session: str,
    at: str | None,
    *,
    output: int = 10,
    stop: str | None = "end_turn",
    model: str = "claude-opus-5-5",
    content: list[object] | None = None,
    **more: object,
) -> dict[str, object]:
    """An assistant row."""
    usage = {
        "input_tokens": 3,
        "cache_creation_input_tokens": 40,
        "cache_read_input_tokens": 1000 + output,
        "output_tokens": output,
    }
    return {
        "type": "assistant",
        "sessionId": session,
        "timestamp": at,
        "cwd": "/w/shop",
        "gitBranch": "main",
        "version": "2.1.330",
        "message": {
            "id": message_id,
            "model": model,
            "role": "assistant",
            "stop_reason": stop,
            "content": content or [{"type": "text", "text": "done"}],
            "usage": usage,
        },
    } | more


def _ledger(session: str, inputs: int, outputs: int) -> dict[str, object]:
    entry = {"inputTokens": inputs, "outputTokens": outputs, "cacheReadInputTokens": 3000}
    return {
        "type": "cost-state",
        "sessionId": session,
        "totalCostUSD": 0.25,
        "startTime": 1795165200000,
        "modelUsage": {"claude-opus-5-5": entry},
    }


def claude_world(seed: int, *, future: bool = True) -> World:
    """Sessions of Claude Code that share calls in every way they can."""
    draw = Random(seed)
    sessions = [_uuid(1, n) for n in range(draw.randint(2, 4))]
    messages = [f"msg_01{n:022d}" for n in range(draw.randint(2, 6))]
    relays = ["chatcmpl-1", "constant"]
    rows_of: dict[str, list[object]] = {}

    def minute() -> float:
        if future and draw.random() < 0.08:
            return FUTURE_MINUTES + draw.randint(0, 2)
        return draw.randint(0, 4)

    def a_row(session: str, message: str, **more: object) -> dict[str, object]:
        extra: dict[str, object] = {"uuid": f"u{draw.randint(0, 9)}"}
        if draw.random() < 0.25:
            extra["forkedFrom"] = {"sessionId": draw.choice(sessions)}
        elif draw.random() < 0.1:
            extra["requestSessionId"] = draw.choice(sessions)
        if draw.random() < 0.3:
            extra["cwd"] = draw.choice(["/w/shop", "/w/other"])
        if draw.random() < 0.2:
            extra["gitBranch"] = draw.choice(["main", "fix"])
        if message in relays and draw.random() < 0.4:
            extra["apiBlockIndex"] = draw.randint(0, 2)
        content = None
        if draw.random() < 0.3:
            content = [{"type": "tool_use", "name": "WebSearch", "id": f"toolu_{message[-2:]}"}]
        return claude_row(
            message,
            session,
            stamp(minute()),
            output=draw.choice([1, 1, 10, 25]),
            stop=draw.choice([None, "end_turn", "tool_use"]),
            content=content,
            **(extra | more),
        )

    def message() -> str:
        return draw.choice(relays) if draw.random() < 0.2 else draw.choice(messages)

    for session in sessions:
        rows: list[object] = rows_of.setdefault(f"-w-shop/{session}.jsonl", [])
        for _ in range(draw.randint(1, 9)):
            kind = draw.random()
            if kind < 0.55:
                rows.append(a_row(session, message()))
            elif kind < 0.62 and rows:
                rows.append(draw.choice(rows))
            elif kind < 0.72:
                used = draw.choice(messages)
                rows.append(
                    {
                        "type": "user",
                        "uuid": f"u{draw.randint(0, 9)}",
                        "parentUuid": f"u{draw.randint(0, 9)}",
                        "sessionId": session,
                        "cwd": "/w/shop",
                        "toolUseResult": {"searchCount": draw.randint(1, 3)},
                        "message": {
                            "content": [
                                {"type": "tool_result", "tool_use_id": f"toolu_{used[-2:]}"}
                            ]
                        },
                    }
                )
            elif kind < 0.8:
                rows.append(
                    {"type": "user", "uuid": "u3", "parentUuid": draw.choice([None, "u1", "u2"])}
                )
            elif kind < 0.9:
                rows.append(_ledger(session, draw.choice([3, 900]), draw.choice([20, 400])))
            else:
                inner = a_row(session, draw.choice(messages))
                rows.append(
                    {
                        "type": "progress",
                        "sessionId": session,
                        "timestamp": stamp(minute()),
                        "cwd": "/w/shop",
                        "data": {
                            "type": "agent_progress",
                            "agentId": "a1",
                            "message": {
                                "type": "assistant",
                                "timestamp": inner["timestamp"],
                                "message": inner["message"],
                            },
                        },
                    }
                )
        if draw.random() < 0.4:
            inside = rows_of.setdefault(f"-w-shop/{session}/subagents/agent-a1.jsonl", [])
            inside.extend(
                a_row(session, message(), isSidechain=True, agentId="a1")
                for _ in range(draw.randint(1, 4))
            )
        if draw.random() < 0.2:
            rows_of[f"-w-elsewhere/{session}.jsonl"] = rows[: draw.randint(1, len(rows))]
    folder = Path(".claude/projects")
    return {folder / name: lines(rows) for name, rows in rows_of.items() if rows}


# ---- Codex ----


def _codex_id(n: int) -> str:
    return f"019a8f00-0000-7000-8000-{n:012x}"


def _usage(n: int) -> dict[str, int]:
    return {
        "input_tokens": 10 * n,
        "cached_input_tokens": 4 * n,
        "output_tokens": n,
        "reasoning_output_tokens": n,
        "total_tokens": 11 * n,
    }


def token_count(at: str, total: int, last: int | None) -> dict[str, object]:
    """A running total; both numbers are outputs, everything else follows from them."""
    info: dict[str, object] = {"total_token_usage": _usage(total)}
    if last is not None:
        info["last_token_usage"] = _usage(last)
    return {"timestamp": at, "type": "event_msg", "payload": {"type": "token_count", "info": info}}


def record(at: str, thread: str, response: str, used: int) -> dict[str, object]:
    """A record of one response."""
    payload = {"thread_id": thread, "response_id": response, "usage": _usage(used)}
    return {"timestamp": at, "type": "token_usage_record", "payload": payload}


def session_meta(at: str, thread: str, **more: object) -> dict[str, object]:
    """The head of a log."""
    payload = {"id": thread, "cwd": "/w/shop", "cli_version": "0.99.0", "source": "cli"} | more
    return {"timestamp": at, "type": "session_meta", "payload": payload}


def codex_world(seed: int, *, future: bool = True) -> World:
    """Threads of Codex in families: forks, sub-agents, forks of forks, twins, missing parents."""
    draw = Random(seed)
    count = draw.randint(2, 5)
    threads = [_codex_id(n) for n in range(count)]
    parents = [draw.randint(-1, n - 1) if n else -1 for n in range(count)]
    # A response by its own number: what its thread's counter stood at, and how it was written.
    history: list[list[tuple[int, int | None, str]]] = []
    files: dict[str, list[object]] = {}
    with_records = draw.random() < 0.4
    for n, thread in enumerate(threads):
        parent = parents[n]
        spawned = parent >= 0 and draw.random() < 0.4
        begin = n * 3
        more: dict[str, object] = {}
        if parent >= 0:
            more["forked_from_id"] = threads[parent]
            if spawned:
                more["source"] = {
                    "subagent": {"thread_spawn": {"parent_thread_id": threads[parent]}}
                }
        rows: list[object] = [session_meta(stamp(begin), thread, **more)]
        events: list[tuple[int, int | None, str]] = []
        if parent >= 0 and draw.random() < 0.8:
            rows.append(session_meta(stamp(begin), threads[parent]))
            theirs = history[parent]
            cut = draw.randint(0, len(theirs))
            first = draw.randint(0, cut) if draw.random() < 0.2 else 0
            events.extend(theirs[first:cut])
        replayed = len(events)
        total = events[-1][0] if events else 0
        for _ in range(draw.randint(0, 4)):
            step = draw.choice([5, 5, 8])
            falls = draw.random() < 0.12
            total = step if falls else total + step
            by = f"resp_{n}_{len(events)}" if with_records and draw.random() < 0.5 else ""
            events.append((total, step if draw.random() < 0.85 else None, by))
        if draw.random() < 0.15 and len(events) > 2:
            del events[draw.randint(1, len(events) - 2)]
        history.append(events)
        for i, (so_far, last, by) in enumerate(events):
            at = stamp(begin) if i < replayed and draw.random() < 0.5 else stamp(begin + 1 + i)
            if future and draw.random() < 0.06:
                at = stamp(FUTURE_MINUTES + i)
            if i == replayed:
                turn = {"type": "turn_context", "payload": {"model": "gpt-5"}}
                rows.append({"timestamp": stamp(begin + 2)} | turn)
            if by:
                owner = next(
                    (threads[k] for k in range(n + 1) if by.startswith(f"resp_{k}_")), thread
                )
                rows.append(record(at, owner, by, last or 5))
            rows.append(token_count(at, so_far, last))
            if draw.random() < 0.15:
                rows.append(token_count(stamp(begin + 2 + i), so_far, last))
        name = f"rollout-2026-11-20T09-00-00-{thread}.jsonl"
        files[f"sessions/2026/11/20/{name}"] = rows
        if draw.random() < 0.25:
            files[f"archived_sessions/{name}"] = rows[: draw.randint(1, len(rows))]
        if draw.random() < 0.25:
            del files[f"sessions/2026/11/20/{name}"]
    if not files:
        return codex_world(seed + 1_000_003, future=future)
    return {Path(".codex") / name: lines(rows) for name, rows in files.items()}


OWN_WORLDS: dict[str, Callable[..., World]] = {"claude-code": claude_world, "codex": codex_world}


def world_of(agent: str, seed: int, *, future: bool = True) -> World:
    """A tangled home of an agent; of most agents a golden one that was shaken."""
    if agent in OWN_WORLDS:
        return OWN_WORLDS[agent](seed, future=future)
    return golden_world(agent, seed)


def crowd(agent: str, count: int) -> World:
    """A home of many worlds side by side, each with ids of its own."""
    home: World = {}
    if agent not in OWN_WORLDS:
        for seed in range(count):
            home |= with_own_ids(golden_world(agent, seed), seed)
        return home
    for seed in range(count):
        own = [
            ("00000001-0000", f"{seed + 1:08x}-1000"),
            ("019a8f00-0000", f"019a8f00-{seed + 1:04x}"),
            ("msg_010000", f"msg_01{seed + 1:04x}"),
            ("chatcmpl-1", f"chatcmpl-{seed + 2}"),
            ("-w-shop", f"-w-shop{seed}"),
            ("-w-elsewhere", f"-w-elsewhere{seed}"),
            ("resp_", f"resp_{seed}_"),
        ]
        for path, data in world_of(agent, seed, future=False).items():
            name = str(path)
            for old, new in own:
                name, data = name.replace(old, new), data.replace(old.encode(), new.encode())
            home[Path(name)] = data
    return home
