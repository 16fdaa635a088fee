"""Conversations of Cursor that hook, database, transcript, chat and export tell of in part."""

from __future__ import annotations

import json
import sqlite3
import tempfile
from pathlib import Path
from random import Random
from typing import NamedTuple

from tests.golden.cursor.talks import Row, answered, asked, chat, ended, lines, wrapped
from toktui.clock import MINUTE_MS, iso

BEGIN_MS = 1_795_150_800_000
STORAGE = Path(".config/Cursor/User/globalStorage")
PROJECT = Path(".cursor/projects/srv-kites/agent-transcripts")


class Turn(NamedTuple):
    """A turn that happened; times are milliseconds."""

    nth: int
    begin: int
    end: int

    @property
    def generation(self) -> str:
        return f"gen-{self.begin}"


class Talk(NamedTuple):
    """A conversation that happened, and who told of which of its turns."""

    name: str
    parent: str
    turns: list[Turn]
    hooked: list[Turn]
    """In the order of their ends."""
    stored: bool
    """The database has all of it."""
    transcript: str
    """Layout; empty: there is none."""
    chatted: bool
    exported: list[Turn]


class World(NamedTuple):
    """What happened, and the files that tell of it."""

    talks: list[Talk]
    files: dict[Path, bytes]


def world_of(seed: int, *, gap_ms: int) -> World:
    """Conversations whose turns are at least so far apart."""
    draw = Random(seed)
    talks: list[Talk] = []
    clock = BEGIN_MS + draw.randrange(60_000)
    for number in range(draw.randint(1, 3)):
        name = f"c0ffee00-0000-4000-8000-{number:012x}"
        parent = ""
        if number and not talks[0].parent and draw.random() < 0.4:
            parent = talks[0].name
        turns: list[Turn] = []
        if parent:
            # A row of the export names no call: one near both would be the one or the other.
            talks[0] = talks[0]._replace(exported=[])
            above = draw.choice(talks[0].turns)
            turns.append(Turn(0, draw.randint(above.begin, above.end), above.end))
        for nth in range(0 if parent else draw.randint(1, 6)):
            begin = clock + gap_ms + draw.randrange(gap_ms + 1)
            clock = begin + draw.randint(min(61_000, gap_ms), 5 * MINUTE_MS)
            turns.append(Turn(nth, begin, clock))
        since = draw.randint(0, len(turns) + 1)
        hooked = [t for t in turns[since:] if draw.random() < 0.85]
        stored = draw.random() < 0.2
        exported = [t for t in turns if draw.random() < 0.3] if gap_ms > 30 * MINUTE_MS else []
        layout = draw.choice(["", "nested", "nested", "flat"])
        if parent:
            hooked, stored, exported, layout = [], False, [], "sub-agent"
        chatted = not parent and draw.random() < 0.4
        talks.append(Talk(name, parent, turns, hooked, stored, layout, chatted, exported))
    return World(talks, _files(talks, draw))


def _files(talks: list[Talk], draw: Random) -> dict[Path, bytes]:
    files: dict[Path, bytes] = {}
    stops: list[dict[str, object]] = []
    rows: list[dict[str, object]] = []
    for talk in talks:
        if talk.transcript:
            places = {
                "nested": PROJECT / talk.name / f"{talk.name}.jsonl",
                "flat": PROJECT / f"{talk.name}.jsonl",
                "sub-agent": PROJECT / talk.parent / "subagents" / f"{talk.name}.jsonl",
            }
            files[places[talk.transcript]] = _transcript(talk, draw)
            if draw.random() < 0.2 and not talk.parent:
                files[places["flat"]] = _transcript(talk, draw)
        if talk.chatted:
            files[Path(".cursor/chats/00ff") / talk.name / "store.db"] = _chat(talk)
        stops += [_stop(talk, turn) for turn in talk.hooked]
        rows += [_row(talk, turn) for turn in talk.exported]
    stops.sort(key=lambda stop: str(stop["at"]))
    for name, records in (("stop", stops), ("csv", rows)):
        if records:
            files[STORAGE / f"{name}-000001.jsonl"] = lines(records)
    stored = [talk for talk in talks if talk.stored]
    if stored:
        files[STORAGE / "state.vscdb"] = _database(stored)
    return files


def _said(turn: Turn) -> str:
    return f"Kite {turn.nth} flies in the wind of the {turn.begin % 97}th day. " * 3


def _asked(turn: Turn) -> str:
    return ["go on", f"why does kite {turn.nth} fall?"][turn.nth % 2]


def _transcript(talk: Talk, draw: Random) -> bytes:
    rows: list[Row] = []
    for turn in talk.turns:
        rows.append(asked(_asked(turn), turn.begin))
        rows.append(answered(_said(turn), Shell={"command": "ls"}))
        if draw.random() < 0.3:
            rows.append(answered(""))
    return lines([*rows, ended()])


def _chat(talk: Talk) -> bytes:
    steps: list[tuple[int, list[Row]]] = []
    messages: list[Row] = [{"role": "user", "content": "<user_info>\nLinux"}]
    for turn in talk.turns:
        content = [{"type": "text", "text": wrapped(_asked(turn), turn.begin)}]
        messages.append({"role": "user", "content": content})
        steps.append((turn.begin + 500, list(messages)))
        said = {"type": "text", "text": _said(turn)}
        messages.append({"role": "assistant", "id": str(turn.nth), "content": [said]})
        steps.append((turn.end, list(messages)))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "store.db"
        chat(path, steps, agentId=talk.name, createdAt=talk.turns[0].begin, lastUsedModel="gpt-5")
        return path.read_bytes()


def _database(talks: list[Talk]) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "state.vscdb"
        db = sqlite3.connect(path)
        db.execute("create table cursorDiskKV (key text unique, value blob)")
        for talk in talks:
            headers: list[Row] = []
            for turn in talk.turns:
                for kind, text in ((1, _asked(turn)), (2, _said(turn))):
                    name = f"{turn.nth}{'pa'[kind - 1]}"
                    headers.append({"bubbleId": name, "type": kind})
                    bubble = {
                        "type": kind, "text": text, "requestId": turn.generation,
                        "createdAt": iso(turn.begin + kind),
                    }  # fmt: skip
                    row = (f"bubbleId:{talk.name}:{name}", json.dumps(bubble))
                    db.execute("insert into cursorDiskKV values (?, ?)", row)
            composer = json.dumps({"fullConversationHeadersOnly": headers})
            row = (f"composerData:{talk.name}", composer)
            db.execute("insert into cursorDiskKV values (?, ?)", row)
        db.commit()
        db.close()
        return path.read_bytes()


def _stop(talk: Talk, turn: Turn) -> dict[str, object]:
    return {
        "type": "stop", "at": iso(turn.end), "conversation_id": talk.name,
        "generation_id": turn.generation, "model": "default", "input_tokens": turn.begin % 9_973,
        "output_tokens": 1 + turn.begin % 997, "cache_read_tokens": 10_000,
        "workspace_roots": ["/srv/kites"],
    }  # fmt: skip


def _row(talk: Talk, turn: Turn) -> dict[str, object]:
    del talk
    told = {
        "Date": iso(turn.end - 200), "Model": "gpt-5", "Input (w/ Cache Write)": "0",
        "Input (w/o Cache Write)": str(turn.begin % 9_973), "Cache Read": "10000",
        "Output Tokens": str(1 + turn.begin % 997),
    }  # fmt: skip
    return {"type": "csv", "nth": 0, "row": told}
