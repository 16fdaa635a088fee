"""What no log of calls says: limits that Claude Code hands to its status line, and a conversation
of Cursor, which keeps texts and counts nothing."""

from __future__ import annotations

import json
import os
import random
import sqlite3
from typing import TYPE_CHECKING, Final

from toktui.clock import HOUR_MS, MINUTE_MS, iso
from toktui.dev.sample.files import uuid, write_lines

if TYPE_CHECKING:
    from pathlib import Path

SPOOL: Final = ".local/share/toktui/spool"
"""Folder of a made-up home that stands for the spool of the store."""
_TEXT: Final = (
    "the order total is rounded per line before tax and that differs from the invoice by a cent"
    " so the test fails only for three items in this currency let me look where it is added up"
)


def status_line(home: Path, now_ms: int, *, used: float, week: float) -> None:
    """What Claude Code said of its windows over the last hours, every twenty minutes."""
    ends_ms = now_ms + 2 * HOUR_MS + 28 * MINUTE_MS
    week_ends_ms = now_ms + 75 * HOUR_MS
    lines: list[str] = []
    for step in range(9):
        part = (step + 1) / 9
        record = {
            "type": "statusline", "at": iso(now_ms - (8 - step) * 20 * MINUTE_MS - 9_000),
            "session_id": uuid(1), "model": {"id": "claude-opus-5-5"},
            "rate_limits": {
                "five_hour": {
                    "used_percentage": round(used * part, 1), "resets_at": ends_ms // 1000,
                },
                "seven_day": {
                    "used_percentage": round(week - 6 * (1 - part), 1),
                    "resets_at": week_ends_ms // 1000,
                },
            },
        }  # fmt: skip
        lines.append(json.dumps(record))
    write_lines(home / SPOOL / "claude-code/status-000001.jsonl", lines, now_ms - 9_000)


def uncounted(home: Path, start_ms: int, *, turns: int) -> None:
    """A conversation of Cursor in its database: what was said, and no number of tokens."""
    rng, words, name = random.Random(33), _TEXT.split(), uuid(7)
    database = home / ".config/Cursor/User/globalStorage"
    database.mkdir(parents=True, exist_ok=True)
    headers: list[dict[str, object]] = []
    rows: list[tuple[str, str]] = []
    for turn in range(2 * turns):
        kind, bubble = 1 + turn % 2, uuid(700 + turn)
        headers.append({"bubbleId": bubble, "type": kind})
        said = " ".join(rng.choice(words) for _ in range(rng.randint(12, 400)))
        message = {
            "_v": 3, "type": kind, "bubbleId": bubble, "text": said,
            "createdAt": iso(start_ms + turn * 50_000), "requestId": uuid(800 + turn // 2),
            "modelInfo": {"modelName": "claude-4.6-sonnet"},
            "tokenCount": {"inputTokens": 0, "outputTokens": 0},
        }  # fmt: skip
        rows.append((f"bubbleId:{name}:{bubble}", json.dumps(message)))
    whole = {"composerId": name, "fullConversationHeadersOnly": headers}
    rows.append((f"composerData:{name}", json.dumps(whole)))
    db = sqlite3.connect(database / "state.vscdb")
    with db:
        db.execute("create table cursorDiskKV (key text unique, value blob)")
        db.executemany("insert into cursorDiskKV values (?, ?)", rows)
    db.close()
    ended_s = start_ms / 1000 + turns * 100
    os.utime(database / "state.vscdb", (ended_s, ended_s))
