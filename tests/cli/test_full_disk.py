"""Disks that are full or fail, in the middle of everything: said, nothing lost, and then done."""

from __future__ import annotations

import errno
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from toktui.ingest import access
from toktui.store.connect import connect_writer

ROOT = Path(__file__).parent.parent.parent
CALLS = 1_000
PAGE = 4096
READERS = (("report", "all"), ("sessions",), ("now",))


BUSY = "5e5510aa-0000-4000-8000-000000000002"


def talk(logs: Any, calls: int) -> None:
    """A log that was written just now, as `toktui now` wants it."""
    for n in range(calls):
        logs.call(session=BUSY, model=f"model-{n % 40}", branch=f"b{n % 60}")


@pytest.fixture
def store(logs: Any, toktui: Any, tmp_path: Path) -> Path:
    """A store with one call, and a log that has grown since."""
    logs.call()
    toktui("sync")
    talk(logs, CALLS)
    return tmp_path / "data/toktui.db"


@contextmanager
def full_disk() -> Iterator[None]:
    """Leaves a store hardly any room; SQLite says what it says on ENOSPC."""

    def cramped(path: Path) -> sqlite3.Connection:
        db = connect_writer(path)
        (pages,) = db.execute("pragma page_count").fetchone()
        db.execute(f"pragma max_page_count = {pages + 2}")
        return db

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(access, "connect_writer", cramped)
        yield


def test_a_sync_on_a_full_disk_fails_with_a_hint_and_the_next_one_does_it_all(
    store: Path, toktui: Any, document: Any
):
    with full_disk():
        said = toktui("sync", exit_code=1).stderr
    assert "cannot be written: database or disk is full" in said
    assert "Free some space" in said
    assert "nothing that was read is lost" in said
    assert document("report", "all", "--no-sync")["totals"]["calls"] == 1
    assert document("sync")["calls"] == {"new": CALLS, "updated": 0}


@pytest.mark.parametrize("command", READERS, ids=" ".join)
def test_who_only_wants_to_look_is_told_how(command: tuple[str, ...], store: Path, toktui: Any):
    with full_disk():
        failed = toktui(*command, exit_code=1)
        assert failed.stdout == ""
        assert "disk is full" in failed.stderr
        assert "`--no-sync` shows what the store holds already." in failed.stderr
        assert toktui(*command, "--no-sync").stdout


def test_without_a_store_there_is_nothing_to_look_at(logs: Any, toktui: Any):
    logs.call()
    with full_disk():
        failed = toktui("report", exit_code=1)
    assert "disk is full" in failed.stderr
    assert "--no-sync" not in failed.stderr


# ---- a disk that really is full ----

_SMALL = """
set -e
mount -t tmpfs -o size={size} tmpfs {folder}
{body}
"""
_TOKTUI = f"{sys.executable} -m toktui"


def _no_small_disk() -> str:
    """Why a small disk cannot be made here."""
    if sys.platform != "linux" or not shutil.which("unshare"):
        return "unshare is Linux's"
    tried = subprocess.run(
        ["unshare", "-Urm", "mount", "-t", "tmpfs", "tmpfs", "/mnt"], capture_output=True,
        check=False,
    )  # fmt: skip
    return "" if tried.returncode == 0 else "no disk may be mounted here"


def on_small_disk(folder: Path, body: str, *, size: str = "2m") -> str:
    """What a shell script says that runs where `folder` is a disk of that size."""
    folder.mkdir()
    script = _SMALL.format(size=size, folder=folder, body=body)
    done = subprocess.run(
        ["unshare", "-Urm", "sh", "-c", script], capture_output=True, text=True, check=False,
        env=dict(os.environ), cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stdout
    return done.stdout


@pytest.mark.skipif(_no_small_disk() != "", reason=_no_small_disk() or "it works")
@pytest.mark.parametrize("left", [0, 2, 60])
def test_whatever_is_left_of_a_disk_nothing_is_lost(left: int, logs: Any, tmp_path: Path):
    """`left` kilobytes; first without a store, then with one."""
    talk(logs, CALLS)
    more = logs.home / "more.jsonl"
    log = next(logs.home.rglob("*.jsonl"))
    more.write_text(log.read_text().replace("msg_01A", "msg_02A"))
    fill = (
        "free=$(df --output=avail -k $TOKTUI_DATA_DIR | tail -1);"
        f" head -c $(( (free - {left}) * 1024 )) /dev/zero > $TOKTUI_DATA_DIR/filler || true;"
    )
    said = on_small_disk(
        tmp_path / "data",
        f"""
        {fill} {_TOKTUI} sync 2>&1 || echo "exit $?"
        rm $TOKTUI_DATA_DIR/filler; {_TOKTUI} sync --json
        mv {more} {log.parent}/more.jsonl
        {fill} {_TOKTUI} report all 2>&1 || echo "exit $?"
        {_TOKTUI} report all --no-sync --json
        rm $TOKTUI_DATA_DIR/filler; {_TOKTUI} sync --json
        """,
    )
    documents = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    assert documents[0]["store"]["calls"] == CALLS
    assert documents[1]["totals"]["calls"] == CALLS
    assert documents[2]["store"]["calls"] == 2 * CALLS
    failed = said.count("exit 1")
    assert failed == said.count("toktui: ") == 2
    assert said.count("--no-sync") == 1


_SHORT_FILES = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]),) * 2)
from toktui.cli import main
main(sys.argv[2:])
"""


def where_files_stop_at(most: int, *command: str) -> subprocess.CompletedProcess[str]:
    """Runs a command whose files cannot grow above `most` bytes: SQLite gets an I/O error."""
    return subprocess.run(
        [sys.executable, "-c", _SHORT_FILES, str(most), *command], capture_output=True, text=True,
        check=False, env=dict(os.environ), cwd=ROOT,
    )  # fmt: skip


def test_a_disk_that_fails_in_the_middle_of_a_commit_is_a_message(store: Path, document: Any):
    failed = where_files_stop_at(store.stat().st_size + 20 * PAGE, "sync")
    assert failed.returncode == 1
    assert failed.stderr.startswith("toktui: The store cannot be written: disk I/O error")
    assert document("sync")["store"]["calls"] == CALLS + 1


def test_what_cannot_be_forgotten_is_all_there(store: Path, toktui: Any, document: Any):
    toktui("sync")
    before = document("report", "all")["totals"]
    backups = sorted((store.parent / "backups").iterdir())
    forget = ("data", "forget", "--project", "/home/dev/shop", "--yes")
    failed = where_files_stop_at(20 * PAGE, *forget)
    assert failed.returncode == 1
    assert failed.stderr.startswith("toktui: The store cannot be written: disk I/O error")
    assert document("report", "all")["totals"] == before
    assert sorted((store.parent / "backups").iterdir()) == backups
    assert toktui(*forget).stdout.startswith(f"{CALLS + 1:,} calls forgotten")


# ---- logs that fail ----


@contextmanager
def dying_disk(broken: str) -> Iterator[None]:
    """Has every read of a log fail, but for its very first bytes."""
    opened: dict[int, str] = {}
    really_open, really_pread = os.open, os.pread

    def watched_open(path: Any, *rest: Any, **options: Any) -> int:
        fd = really_open(path, *rest, **options)
        opened[fd] = os.fsdecode(path) if isinstance(path, str | bytes | os.PathLike) else ""
        return fd

    def failing_pread(fd: int, size: int, offset: int) -> bytes:
        if offset >= PAGE and broken in opened.get(fd, ""):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return really_pread(fd, size, offset)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "open", watched_open)
        patch.setattr(os, "pread", failing_pread)
        yield


def test_a_log_that_cannot_be_read_is_named_and_the_others_are_read(
    logs: Any, toktui: Any, document: Any
):
    logs.call()
    talk(logs, 300)
    toktui("sync")
    logs.call()
    talk(logs, 300)
    with dying_disk(BUSY):
        said = toktui("sync")
        (listed,) = document("doctor")["unreadable"]
    assert "Input/output error" in said.stderr
    assert BUSY in said.stderr
    assert "1 new call" in said.stdout
    assert BUSY in listed["place"]
    assert document("sync")["calls"] == {"new": 300, "updated": 0}
    assert document("doctor")["unreadable"] == []


def test_a_log_that_moved_and_cannot_be_read_any_more_is_no_reason_to_fail(
    logs: Any, toktui: Any, document: Any
):
    talk(logs, 300)
    toktui("sync")
    (log,) = logs.home.rglob(f"{BUSY}.jsonl")
    moved = log.with_name(f"{BUSY}-moved.jsonl")
    log.rename(moved)
    with dying_disk(BUSY):
        assert "Input/output error" in toktui("sync").stderr
    assert document("sync")["store"]["calls"] == 300
    assert document("doctor")["unreadable"] == []


def test_rates_for_which_there_is_no_room_leave_the_configuration_as_it_was(
    toktui: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    toktui("prices", "set", "one", "--input", "1", "--output", "2")
    file = tmp_path / "config/config.toml"
    before = file.read_bytes()
    fsync = os.fsync

    def full(handle: int) -> None:
        if "config.toml" in os.readlink(f"/proc/self/fd/{handle}"):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        fsync(handle)

    monkeypatch.setattr(os, "fsync", full)
    said = toktui("prices", "set", "two", "--input", "1", "--output", "2", exit_code=1).stderr
    assert "config.toml cannot be written: No space left on device" in said
    assert "output" not in said
    assert file.read_bytes() == before
    assert [path.name for path in file.parent.iterdir()] == ["config.toml"]
