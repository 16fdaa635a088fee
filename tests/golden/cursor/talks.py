"""Transcripts and chats as Cursor's command line writes them: what tests and golden cases share."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

Row = dict[str, Any]
SECRET = "CANARY-not-to-be-read"


def stamp(at_ms: int, east: int = 3) -> str:
    """The time of a prompt, as a user `east` hours of Greenwich reads it."""
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at_ms, hours=east)
    return f"{at:%A, %b} {at.day}, {at.year}, {at.hour % 12 or 12}:{at:%M %p} (UTC{east:+})"


def wrapped(text: str, at_ms: int | None = None) -> str:
    """A prompt as it is sent."""
    when = f"<timestamp>{stamp(at_ms)}</timestamp>\n" if at_ms is not None else ""
    return f"{when}<user_query>\n{text}\n</user_query>"


def asked(text: str, at_ms: int | None = None) -> Row:
    """A prompt in a transcript."""
    content = [{"type": "text", "text": wrapped(text, at_ms)}]
    return {"role": "user", "message": {"content": content}}


def answered(text: str, **tools: object) -> Row:
    """An answer in a transcript; `tools` are names and what is given to them."""
    calls = [{"type": "tool_use", "name": name, "input": given} for name, given in tools.items()]
    said = {"type": "text", "text": f"{text}\n\n[REDACTED]" if text else "[REDACTED]"}
    return {"role": "assistant", "message": {"content": [said, *calls]}}


def ended(status: str = "success") -> Row:
    """The end of a turn in a transcript."""
    return {"type": "turn_ended", "status": status}


def lines(rows: Iterable[Row]) -> bytes:
    """The rows as a log."""
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def chat(path: Path, steps: Sequence[tuple[int, Sequence[Row]]], **meta: object) -> None:
    """A chat's database: at each step a time, and the messages that are sent by then."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    db = sqlite3.connect(path)
    db.execute("pragma page_size = 1024")
    db.execute("pragma journal_mode = wal")
    db.execute("create table blobs (id text primary key, data blob)")
    db.execute("create table meta (key text primary key, value text)")

    def kept(data: bytes) -> bytes:
        name = hashlib.sha256(data)
        db.execute("insert or ignore into blobs values (?, ?)", (name.hexdigest(), data))
        return name.digest()

    root = b""
    for at_ms, messages in steps:
        names = [kept(json.dumps(message).encode()) for message in messages]
        parts = [_field(1, name) for name in names]
        kept(_field(1, names[-1]) + _field(2, b"a step") if names else b"")
        root = kept(b"".join(parts) + _field(9, b"file:///srv/kites") + _number(26, at_ms))
    told = {"latestRootBlobId": root.hex(), "blobEncryptionKey": SECRET, "mode": "default", **meta}
    db.execute("insert into meta values ('0', ?)", (json.dumps(told).encode().hex(),))
    db.commit()
    db.close()


def _varint(number: int) -> bytes:
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*found, number])


def _field(number: int, data: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _number(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(value)
