"""`why` says what a person can find: a byte of a file, or the key of a row."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import NOON, Toktui

Document = Callable[..., dict[str, Any]]


def test_an_entry_of_a_document_has_its_byte(home: Path, toktui: Toktui, document: Document):
    said = {"id": "g1", "type": "gemini", "timestamp": NOON, "model": "gemini-3-pro",
            "tokens": {"input": 9, "output": 1}}  # fmt: skip
    log = home / ".gemini/tmp/kites/chats/session-1.json"
    log.parent.mkdir(parents=True)
    log.write_text(json.dumps({"sessionId": "s1", "messages": [{"type": "user"}, said]}, indent=1))
    toktui("sync")
    (sighting,) = document("why", "g1")["calls"][0]["sightings"]
    at = sighting["byte"]
    assert log.read_bytes()[at : at + sighting["length"]].startswith(b'{\n   "id": "g1"')
    assert sighting["row"] is None
    assert f"at byte {at:,}, {sighting['length']:,} bytes long" in toktui("why", "g1").stdout


def test_a_row_of_a_database_has_its_key(home: Path, toktui: Toktui, document: Document):
    path = home / ".config/Cursor/User/globalStorage/state.vscdb"
    path.parent.mkdir(parents=True)
    bubble = {"type": 2, "createdAt": NOON, "usageUuid": "gen-1", "text": "Done.",
              "tokenCount": {"inputTokens": 5, "outputTokens": 6}}  # fmt: skip
    composer = {"fullConversationHeadersOnly": [{"bubbleId": "b1", "type": 2}]}
    db = sqlite3.connect(path)
    db.execute("create table cursorDiskKV (key text unique, value blob)")
    db.execute("insert into cursorDiskKV values ('bubbleId:c1:b1', ?)", (json.dumps(bubble),))
    db.execute("insert into cursorDiskKV values ('composerData:c1', ?)", (json.dumps(composer),))
    db.commit()
    toktui("sync")
    (sighting,) = document("why", "gen:gen-1")["calls"][0]["sightings"]
    assert sighting["byte"] is None
    assert sighting["row"] == "cursorDiskKV, key bubbleId:c1:b1"
    assert "in cursorDiskKV, key bubbleId:c1:b1, " in toktui("why", "gen:gen-1").stdout
    db.execute("delete from cursorDiskKV")
    db.commit()
    db.close()
    shown = toktui("why", "gen:gen-1").stdout
    assert "in an entry of it" in shown
    assert "no longer in its document" in shown


@pytest.mark.parametrize("lost", [False, True])
def test_a_line_has_its_byte_even_when_it_is_gone(
    home: Path, toktui: Toktui, document: Document, logs: Any, lost: bool
):
    logs.call()
    call = logs.call()
    toktui("sync")
    log = next(home.rglob("*.jsonl"))
    second = log.read_bytes().index(b"\n") + 1
    if lost:
        log.unlink()
    (sighting,) = document("why", call)["calls"][0]["sightings"]
    assert sighting["byte"] == sighting["offset"] == second
