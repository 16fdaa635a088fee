"""Whatever an agent's logs hold: it costs the row that it stands in, and every number that is kept
can be shown, added up and sent."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from pathlib import Path
from random import Random

import msgspec
import pytest

from tests.properties.evil import evil_document, evil_line, spoil_database
from tests.properties.homes import GOLDEN
from tests.properties.lab import (
    NOW_MS,
    Lab,
    append,
    difference,
    files_of,
    shipped_book,
    write,
    wrong_sums,
)
from toktui.agents import agent as agent_named
from toktui.agents import agent_names
from toktui.export.why import as_document
from toktui.export.why_text import as_lines
from toktui.metrics.composition import load_composition
from toktui.metrics.find import Target
from toktui.metrics.why import load_why
from toktui.text import clean

TRIALS = 12
_LONGEST = 4096
_SQLITE = b"SQLite format 3\0"
_SEE_WHEN = ("copilot-cli",)
"""Its database tells of the sessions whose log has no record yet when it is read; where the record
is malformed, what it tells is more than nothing."""
_COUNTS = ("input", "cache_read", "cache_write_5m", "cache_write_1h", "output", "reasoning",
           "web_search", "cost_nusd", "reported_nusd", "at_ms")  # fmt: skip
_TEXTS = {"name": "text", "session": "key", "call": "key", "fact": "subject", "misread": "shape"}


def assert_presentable(db: sqlite3.Connection) -> None:
    """Every text can be shown, every number is a count."""
    for table, column in _TEXTS.items():
        for (text,) in db.execute(f"select distinct {column} from {table}"):
            assert text == clean(text, _LONGEST), (table, text)
    for column in _COUNTS:
        bad = db.execute(
            f"select {column} from call where {column} is not null"
            f" and (typeof({column}) <> 'integer' or {column} < 0)"
        ).fetchall()
        assert bad == [], (column, bad)
    assert db.execute("select count(*) from call where reasoning > output").fetchone() == (0,)
    assert wrong_sums(db) == ""


def assert_explained(lab: Lab) -> None:
    """The evidence of every session can be told, and what filled its window."""
    for number, key, agent in lab.db.execute(
        "select s.id, s.key, a.text from session s join name a on a.id = s.agent"
        " where s.first_ms is not null"
    ).fetchall():
        why = load_why(lab.db, shipped_book(), Target("session", number, key, agent), copies=True)
        msgspec.json.encode(as_document(why))
        for line in as_lines(why, cells=100).splitlines():
            assert line.isprintable(), line
        load_composition(lab.db, shipped_book(), number, len, now_ms=NOW_MS)


def keys(db: sqlite3.Connection) -> set[str]:
    return {key for (key,) in db.execute("select key from call where key not like 'ledger:%'")}


def trial(agent: str, seed: int) -> None:
    """One home with something evil in it, read as a whole and as it grew."""
    draw = Random(f"{agent} {seed}")
    home = draw.choice([home for home in GOLDEN if home.parent.parent.name == agent])
    files = files_of(home)
    path = draw.choice(sorted(files))
    module, data = agent_named(agent), files[path]
    is_lines = not module.is_document(path.as_posix()) and path.suffix in (".jsonl", "")
    only_added = False
    if data.startswith(_SQLITE):
        pass
    elif is_lines and data.endswith(b"\n"):
        rows = data.splitlines(keepends=True)
        at = draw.randrange(len(rows))
        evil = evil_line(rows[at].rstrip(b"\n"), draw) + b"\n"
        only_added = draw.random() < 0.5
        rows[at:at] = [evil]
        if only_added:
            rows[at : at + 1] = []
            rows.append(evil)
        elif draw.random() < 0.7:
            del rows[at + 1]
        files[path] = b"".join(rows)
    else:
        files[path] = evil_document(data, draw)
    folder = Path(tempfile.mkdtemp(prefix="toktui-evil-"))
    try:
        for name, content in files.items():
            write(folder / "home" / name, content)
        if data.startswith(_SQLITE):
            spoil_database(folder / "home" / path, draw)
        lab = Lab(folder / "home", now_ms=NOW_MS)
        lab.sync()
        assert_presentable(lab.db)
        assert_explained(lab)
        whole, found = lab.content(), keys(lab.db)
        assert lab.sync().outcome.lines == 0 or not is_lines
        assert difference(whole, lab.content()) == ""
        lab.close()
        if only_added:
            assert undisturbed(home) <= found
        if is_lines and agent not in _SEE_WHEN:
            assert difference(whole, grown(folder, files, path, draw)) == ""
    finally:
        shutil.rmtree(folder)


def undisturbed(home: Path) -> set[str]:
    """The calls of a golden home as it is."""
    with tempfile.TemporaryDirectory(prefix="toktui-evil-") as name:
        for path, content in files_of(home).items():
            write(Path(name) / "home" / path, content)
        lab = Lab(Path(name) / "home", now_ms=NOW_MS)
        lab.sync()
        found = keys(lab.db)
        lab.close()
        return found


def grown(folder: Path, files: dict[Path, bytes], path: Path, draw: Random) -> object:
    """What is known where one log came in pieces."""
    home = folder / "grown" / "home"
    for name, content in files.items():
        if name != path:
            write(home / name, content)
    home.mkdir(parents=True, exist_ok=True)
    lab = Lab(home, now_ms=NOW_MS - 3_599_000)
    data, at = files[path], 0
    for end in sorted({draw.randint(0, len(data)) for _ in range(4)} | {len(data)}):
        append(home / path, data[at:end])
        lab.look([home / path])
        at = end
    lab.now_ms = NOW_MS
    lab.restart()
    lab.sync()
    said = lab.content()
    lab.close()
    return said


@pytest.mark.parametrize("agent", agent_names())
def test_an_evil_value_costs_its_row_and_nothing_else(agent: str) -> None:
    for seed in range(TRIALS):
        trial(agent, seed)
