"""What is read of a database is one state of it, and its files do not notice."""

from __future__ import annotations

import contextlib
import os
import re
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.agents.database_writer import TOTAL, make
from toktui.agents.base import UnreadableError
from toktui.agents.database import Snapshot, snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent.parent
LOOKS = 60
STATES = 5
"""More than so many are to be seen; on a busy machine that takes more looks."""
LONGEST_S = 60.0
BUSY = ("is being written, or a write was interrupted", "damaged or half copied")
"""What a writer that never rests can make of six tries."""


def _open(path: Path, mode: str = "wal") -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level=None)
    db.execute(f"pragma journal_mode = {mode}")
    return db


def _filled(path: Path, mode: str = "wal", rows: int = 300) -> sqlite3.Connection:
    db = _open(path, mode)
    db.execute("create table t (id integer primary key, body text)")
    db.execute("begin")
    db.executemany("insert into t (body) values (?)", [("b" * 200,) for _ in range(rows)])
    db.execute("commit")
    return db


def _count(db: Snapshot) -> object:
    return db.rows("select count(*), sum(length(body)) from t")[0]


def _why(path: Path | str, sql: str = "select count(*) from t") -> str:
    with pytest.raises(UnreadableError) as caught:
        snapshot(os.fspath(path), lambda db: db.rows(sql))
    return caught.value.strerror or ""


def _files(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    return {
        p.name: (p.stat().st_mtime_ns, p.stat().st_ino, p.read_bytes())
        for p in sorted(folder.iterdir())
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "agent"
    made.mkdir()
    return made


@pytest.fixture(params=["wal", "delete", "truncate", "persist"])
def writer(request: pytest.FixtureRequest, folder: Path) -> Iterator[Path]:
    mode = str(request.param)
    path = folder / "live.db"
    make(os.fspath(path), mode)
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.agents.database_writer", path, mode],
        cwd=ROOT, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    process.stdout.readline()
    yield path
    assert process.poll() is None, "the writer met an error"
    process.kill()
    process.wait()
    process.stdout.close()


def test_what_is_read_beside_a_busy_writer_is_one_state(writer: Path) -> None:
    def take(db: Snapshot) -> tuple[object, ...]:
        (total,) = db.rows("select sum(amount) from account")[0]
        (notes, last, length) = db.rows("select count(*), max(id), sum(length(body)) from note")[0]
        (counted,) = db.rows("select notes from counter")[0]
        assert length is None or isinstance(length, int)
        return total, notes == counted, last

    seen: list[object] = []
    refused = 0
    until = time.monotonic() + LONGEST_S
    while len(seen) + refused < LOOKS or (
        len(set(seen)) <= STATES and time.monotonic() < until
    ):
        try:
            total, agrees, last = snapshot(os.fspath(writer), take)
        except UnreadableError as error:
            if error.strerror not in BUSY:
                raise
            refused += 1
        else:
            assert (total, agrees) == (TOTAL, True)
            seen.append(last)
    assert len(set(seen)) > STATES, f"the writer did not move: {len(seen)} looks, {refused} refused"


def test_commits_that_are_only_in_the_log_are_read(folder: Path) -> None:
    path = folder / "a.db"
    db = _filled(path)
    assert snapshot(os.fspath(path), _count) == (300, 60_000)
    db.execute("pragma wal_checkpoint(truncate)")
    assert snapshot(os.fspath(path), _count) == (300, 60_000)
    db.execute("insert into t (body) values ('one more')")
    assert snapshot(os.fspath(path), _count) == (301, 60_008)
    db.close()
    assert not (folder / "a.db-wal").exists()
    assert snapshot(os.fspath(path), _count) == (301, 60_008)


def test_a_transaction_that_is_open_is_not_seen(folder: Path) -> None:
    path = folder / "a.db"
    db = _filled(path)
    db.execute("pragma cache_size = 5")
    db.execute("begin")
    db.executemany("insert into t (body) values (?)", [("c" * 3000,) for _ in range(200)])
    assert snapshot(os.fspath(path), _count) == (300, 60_000)
    db.execute("rollback")
    assert snapshot(os.fspath(path), _count) == (300, 60_000)
    db.execute("update t set body = 'd' where id = 1")
    assert snapshot(os.fspath(path), _count) == (300, 59_801)
    db.close()


@pytest.mark.parametrize("mode", ["wal", "delete"])
def test_a_look_leaves_no_trace(folder: Path, mode: str) -> None:
    path = folder / "a.db"
    db = _filled(path, mode)
    before = _files(folder)
    snapshot(os.fspath(path), _count)
    assert _files(folder) == before
    db.close()
    before = _files(folder)
    snapshot(os.fspath(path), _count)
    assert _files(folder) == before
    folder.chmod(0o500)
    path.chmod(0o400)
    assert snapshot(os.fspath(path), _count) == (300, 60_000)
    folder.chmod(0o700)


def test_a_commit_and_a_checkpoint_during_a_look_make_it_look_again(folder: Path) -> None:
    path = folder / "a.db"
    db = _filled(path)
    db.execute("pragma wal_checkpoint(restart)")
    looks: list[int] = []

    def take(snap: Snapshot) -> tuple[object, object]:
        (first,) = snap.rows("select sum(length(body)) from t where id <= 150")[0]
        looks.append(1)
        if len(looks) == 1:
            db.execute("update t set body = 'short' where id in (1, 300)")
            db.execute("pragma wal_checkpoint(passive)")
        (second,) = snap.rows("select sum(length(body)) from t where id > 150")[0]
        return first, second

    assert snapshot(os.fspath(path), take) == (29_805, 29_805)
    assert len(looks) == 2
    db.close()


def test_a_commit_behind_the_look_does_not_disturb_it(folder: Path) -> None:
    path = folder / "a.db"
    db = _filled(path)
    looks: list[int] = []

    def take(snap: Snapshot) -> object:
        looks.append(1)
        db.execute("insert into t (body) values ('later')")
        return _count(snap)

    assert snapshot(os.fspath(path), take) == (300, 60_000)
    assert len(looks) == 1
    db.close()


def test_errors_from_a_state_that_moved_on_are_thrown_away(folder: Path) -> None:
    path = folder / "a.db"
    db = _filled(path, "delete")
    looks: list[int] = []

    def take(snap: Snapshot) -> object:
        looks.append(1)
        found = _count(snap)
        if len(looks) == 1:
            db.execute("insert into t (body) values ('later')")
            raise ValueError
        return found

    assert snapshot(os.fspath(path), take) == (301, 60_005)
    with pytest.raises(ZeroDivisionError):
        snapshot(os.fspath(path), lambda _: 1 // 0)
    db.close()


def test_a_journal_of_an_interrupted_write_is_waited_for(folder: Path) -> None:
    path = folder / "a.db"
    db = _filled(path, "delete")
    db.execute("pragma cache_size = 5")
    db.execute("begin")
    db.execute("update t set body = 'half'")
    assert _why(path) == "is being written, or a write was interrupted"
    db.execute("rollback")
    assert snapshot(os.fspath(path), _count) == (300, 60_000)
    db.close()


def test_whatever_is_no_such_database_is_refused_with_its_reason(folder: Path) -> None:
    path = folder / "a.db"
    _filled(path, "delete", rows=3000).close()
    whole = path.read_bytes()
    bad = folder / "bad.db"

    def why(data: bytes) -> str:
        bad.write_bytes(data)
        return _why(bad, "select sum(length(body)) from t")

    assert why(b"") == "an empty file, not a database"
    assert why(b"\0" * 8192) == "not a database, or encrypted"
    assert why(os.urandom(8192)) == "not a database, or encrypted"
    assert why(b'{"not": "a database"}' * 500) == "not a database, or encrypted"
    assert why(whole[: len(whole) // 2]) == "damaged or half copied"
    assert why(whole[:4096]) == "damaged or half copied"
    assert why(whole[:50]) == "damaged or half copied"
    assert why(whole[:4096] + b"\xa5" * (len(whole) - 4096)) == "damaged or half copied"
    assert why(whole[:100] + bytes(3996) + whole[4096:]) == "damaged or half copied"
    with pytest.raises(FileNotFoundError):
        snapshot(os.fspath(folder / "gone.db"), _count)
    assert _why(folder) == "not a regular file"
    (folder / "link.db").symlink_to(path)
    assert "symbolic link" in _why(folder / "link.db")
    os.mkfifo(folder / "pipe.db")
    assert _why(folder / "pipe.db") == "not a regular file"


def test_another_schema_is_named_and_never_taken_for_nothing(folder: Path) -> None:
    path = folder / "a.db"
    db = _filled(path)
    assert _why(path, "select * from message") == "another schema: no such table: message"
    assert _why(path, "select cost from t") == "another schema: no such column: cost"

    def need(*names: str) -> str:
        with pytest.raises(UnreadableError) as caught:
            snapshot(os.fspath(path), lambda snap: snap.need(*names))
        return caught.value.strerror or ""

    assert need("message", "id") == "another schema: no table message"
    assert need("t", "id", "cost", "model") == "another schema: t has no cost, model"
    snapshot(os.fspath(path), lambda snap: snap.need("t", "id", "body"))
    assert snapshot(os.fspath(path), lambda snap: snap.tables()) == {"t": {"id", "body"}}
    db.close()


def test_a_hostile_database_runs_nothing(folder: Path) -> None:
    path = folder / "a.db"
    db = _filled(path)
    db.execute("create view v as select * from t")
    db.execute("create virtual table f using fts5 (body)")
    tables = snapshot(os.fspath(path), lambda snap: snap.tables())
    assert "v" not in tables
    assert "f" not in tables
    assert _why(path, "select * from v").startswith("another schema")
    assert _why(path, "select * from f").startswith("another schema")
    endless = "with recursive n(i) as (select 1 union all select i + 1 from n) select max(i) from n"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("toktui.agents._sqlite_vfs._MOST_STEPS", 3)
        assert _why(path, endless) == "takes too long to read"
    assert _why(path, "select zeroblob(70000000)") == "has a value over 64 MiB"
    for sql in ("delete from t", "vacuum", "create table u (a)", "pragma journal_mode = delete"):
        before = _files(folder)
        with contextlib.suppress(UnreadableError):
            snapshot(os.fspath(path), lambda snap, sql=sql: snap.rows(sql))
        assert _files(folder) == before
    db.close()


_LOOK = """
import sys
from toktui.agents.database import snapshot
for path in sys.argv[1:]:
    print(snapshot(path, lambda db: db.rows("select count(*) from t")))
"""


@pytest.mark.strace
def test_no_file_of_the_agent_is_created_written_or_locked(folder: Path, tmp_path: Path) -> None:
    paths = [folder / "wal.db", folder / "rollback.db", folder / "closed.db"]
    live = [_filled(paths[0]), _filled(paths[1], "delete")]
    _filled(paths[2]).close()
    before = _files(folder)
    traced = tmp_path / "trace"
    done = subprocess.run(
        ["strace", "-f", "-y", "-qq", "-o", traced, sys.executable, "-c", _LOOK, *paths],
        cwd=ROOT, env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}, check=True, timeout=60,
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.stdout.split("\n")[:3] == ["[(300,)]"] * 3
    touched = [
        line
        for line in traced.read_text(errors="replace").splitlines()
        if os.fspath(folder) in line and "execve(" not in line
    ]
    calls = {re.sub(r"^\d+ +", "", line).split("(")[0] for line in touched}
    assert any("wal.db" in line for line in touched)
    assert calls <= {"openat", "newfstatat", "fstat", "lstat", "statx", "pread64", "close"}
    for line in touched:
        if "openat(" in line:
            assert not re.search(r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_APPEND", line)
    assert not any("-shm" in line for line in touched)
    assert _files(folder) == before
    for db in live:
        db.close()
