"""Whatever stands in a document or a database, reading it ends in an answer or in an OSError."""

from __future__ import annotations

import json
import sqlite3
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.properties.lab import files_of, write
from toktui.agents import agent, agent_names
from toktui.agents.base import MAX_COUNT, Document
from toktui.ingest.discover import Root, find_logs
from toktui.text import clean, clean_id

GOLDEN = Path(__file__).parent.parent / "golden"
HOSTILE: tuple[Any, ...] = (
    None, True, -1, 0, 1.5, 1e300, 2**53, 2**70, "", "x", "\ud800", "\x1b[31m[b]\u202e", [], {},
    [None], {"a": 1}, "9" * 5000, "2026-11-20T10:00:00Z",
)  # fmt: skip


@cache
def documents() -> dict[str, list[tuple[Path, str]]]:
    """Golden homes with a document of each agent that has any, and its path in the home."""
    found: dict[str, list[tuple[Path, str]]] = {}
    for name in agent_names():
        for home in sorted((GOLDEN / name).glob("*/home")):
            places = [Root(name, str(place)) for place in agent(name).roots(home, {})]
            logs = find_logs([place for place in places if Path(place.path).is_dir()]).logs
            for log in logs:
                if agent(name).is_document(log.path):
                    inside = str(Path(log.path).relative_to(home))
                    found.setdefault(name, []).append((home, inside))
    return found


def check(name: str, path: str) -> None:
    """Reads a document to its end, and everything that it names."""
    module, since, more = agent(name), b"", True
    while more:
        try:
            document: Document = module.read(path, since)
        except OSError:
            return
        more = document.more and document.since != since
        since = document.since
        places = {entry.place for entry in document.entries}
        for entry in document.entries:
            s = entry.sighting
            counts = (s.tokens.input, s.tokens.cache_read, s.tokens.cache_write_5m,
                      s.tokens.cache_write_1h)  # fmt: skip
            assert all(0 <= n <= MAX_COUNT for n in counts)
            assert 0 <= s.tokens.reasoning <= s.tokens.output <= 2 * MAX_COUNT
            assert 0 <= entry.place <= MAX_COUNT
            assert s.key == clean_id(s.key)
            assert s.session == clean_id(s.session)
            assert s.model == clean(s.model, 120)
            assert s.project == clean(s.project, 512)
        assert places <= module.excerpts(path, places).keys()


@pytest.mark.parametrize("name", sorted(documents()))
@settings(max_examples=40)
@given(data=st.data())
def test_a_document_with_a_foreign_value_or_broken_bytes_is_read_or_refused(
    name: str, data: st.DataObject
) -> None:
    home, inside = data.draw(st.sampled_from(documents()[name]))
    with tempfile.TemporaryDirectory(prefix="toktui-fuzz-") as folder:
        place = Path(folder) / "home"
        for path, content in files_of(home).items():
            write(place / path, content)
        log = place / inside
        if agent(name).is_database(str(log)):
            _spoil_database(log, data)
        elif data.draw(st.booleans()):
            _spoil_json(log, data)
        if data.draw(st.integers(0, 3)) == 0:
            _spoil_bytes(log, data)
        check(name, str(log))


def _spoil_database(log: Path, data: st.DataObject) -> None:
    db = sqlite3.connect(log)
    tables = [row[0] for row in db.execute("select name from sqlite_master where type = 'table'")]
    table = data.draw(st.sampled_from(sorted(t for t in tables if not t.startswith("sqlite_"))))
    columns = [row[1] for row in db.execute(f"select * from pragma_table_info('{table}')")]
    column = data.draw(st.sampled_from(columns))
    value = data.draw(st.sampled_from([v for v in HOSTILE if not isinstance(v, list | dict)]))
    if value == 2**70 or value == "\ud800":
        value = b"\xff\xfe{"
    try:
        db.execute(f"update {table} set {column} = ?", (value,))
        db.commit()
    except sqlite3.IntegrityError:
        db.rollback()
    db.close()


def _spoil_json(log: Path, data: st.DataObject) -> None:
    try:
        value = json.loads(log.read_bytes())
    except (ValueError, RecursionError):
        return
    places = list(_places(value))
    if places:
        holder, key = data.draw(st.sampled_from(places))
        holder[key] = data.draw(st.sampled_from(HOSTILE))
        log.write_bytes(json.dumps(value).encode())


def _places(value: Any) -> Any:
    """Every element of lists and objects, as a holder and a key."""
    keys: list[Any] = []
    if isinstance(value, dict):
        keys = list(value)
    elif isinstance(value, list):
        keys = list(range(len(value)))
    for key in keys:
        yield value, key
        yield from _places(value[key])


def _spoil_bytes(log: Path, data: st.DataObject) -> None:
    content = bytearray(log.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content)))
        content[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    log.write_bytes(content)
