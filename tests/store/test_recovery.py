"""A damaged store: what takes its place, and what is said of the difference."""

from __future__ import annotations

import logging
import os
import sqlite3
from pathlib import Path

import pytest

from tests.ingest.victim import context
from tests.properties.lab import WRITTEN_NS, append, write
from tests.properties.worlds import claude_row, lines, stamp
from toktui.ingest import access
from toktui.ingest.context import Context
from toktui.ingest.forget import forget
from toktui.ingest.forgetting import Rule
from toktui.ingest.service import IngestService
from toktui.metrics.doctor import diagnose
from toktui.store.connect import connect_reader
from toktui.store.recovery import Held, Recovery, last_recovery, suspect

PRICE = 5_000_000_000
"""Nano-dollars of a call of a million input tokens; `calls_of` has one such call for each number.
"""


def calls_of(*numbers: int) -> bytes:
    rows: list[object] = []
    for number in numbers:
        row = claude_row(f"msg_01{number:022d}", "s1", stamp(number), model="claude-opus-4-8")
        row["message"]["usage"] = {"input_tokens": 1_000_000, "output_tokens": 0}  # type: ignore[index]
        rows.append(row)
    return lines(rows)


@pytest.fixture
def here(home: Path, tmp_path: Path) -> Context:
    return context(home, tmp_path / "data")


@pytest.fixture
def log(home: Path) -> Path:
    path = home / ".claude/projects/-w/s1.jsonl"
    write(path, calls_of(1, 2, 3))
    return path


def sync(here: Context) -> str:
    """Everything that a sync says beside its result."""
    heard: list[str] = []
    access.sync(here, notice=heard.append)
    return " ".join(heard)


def settle_wal(store: Path) -> None:
    db = sqlite3.connect(store)
    db.execute("pragma wal_checkpoint(truncate)")
    db.close()


def break_page(here: Context, name: str) -> None:
    """Noise for the first page of a table or index, and the reason to look for damage."""
    settle_wal(here.paths.store)
    db = sqlite3.connect(here.paths.store)
    (size,) = db.execute("pragma page_size").fetchone()
    (page,) = db.execute("select rootpage from sqlite_master where name = ?", (name,)).fetchone()
    db.close()
    with here.paths.store.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)
    suspect(here.paths)


def break_index(here: Context) -> None:
    """Damage that the check finds, while every call can still be read."""
    break_page(here, "log_inode")


def break_all(here: Context) -> None:
    settle_wal(here.paths.store)
    here.paths.store.write_bytes(os.urandom(here.paths.store.stat().st_size))


def drop_backups(here: Context) -> None:
    for backup in here.paths.backups.glob("*.db"):
        backup.unlink()


def test_nothing_is_missing_where_the_logs_are_whole(here: Context, log: Path):
    sync(here)
    break_index(here)
    said = sync(here)
    assert (
        "The damaged store held 3 calls ($15.00); with the backup of 2026-11-20 and the logs"
        " there are 3 calls ($15.00) now. None is missing." in said
    )


def test_calls_that_only_the_damaged_store_had_are_named_as_missing(here: Context, log: Path):
    sync(here)
    append(log, calls_of(4, 5), written_ns=WRITTEN_NS + 1)
    sync(here)
    log.unlink()
    write(log.with_name("s2.jsonl"), calls_of(6))
    break_index(here)
    said = sync(here)
    assert (
        "The damaged store held 5 calls ($25.00); with the backup of 2026-11-20 and the logs"
        " there are 4 calls ($20.00) now. Missing, since no log that can be read has them:"
        " 2 calls ($10.00)." in said
    )


def test_without_a_backup_the_logs_alone_are_compared(here: Context, log: Path):
    sync(here)
    drop_backups(here)
    write(log, calls_of(2))
    break_index(here)
    said = sync(here)
    assert "the logs are read again" in said
    assert "with the logs there are 1 call ($5.00) now" in said
    assert "no log that can be read has them: 2 calls ($10.00)." in said


def test_a_store_that_says_nothing_any_more_is_not_compared(here: Context, log: Path):
    sync(here)
    break_all(here)
    said = sync(here)
    assert (
        "The damaged store could not be counted; with the backup of 2026-11-20 and the logs there"
        " are 3 calls ($15.00) now. The backup had 3 calls ($15.00). What only the damaged store"
        " held is lost." in said
    )


def test_it_is_said_once_and_doctor_says_it_as_long_as_the_damaged_file_is_there(
    here: Context, log: Path
):
    sync(here)
    break_index(here)
    sync(here)
    assert sync(here) == ""
    (warning,) = (w for w in diagnose(here).warnings if "damaged" in w)
    (aside,) = here.paths.data.glob("toktui.db.corrupt-*[0-9]")
    assert warning.startswith(f"A damaged store is kept as {aside.name}. The damaged store held 3")
    for left in here.paths.data.glob("toktui.db.corrupt-*"):
        left.unlink()
    assert not any("damaged" in w for w in diagnose(here).warnings)


def test_what_a_look_began_the_next_sync_ends(here: Context, log: Path):
    """A look reads hot logs only; the difference is told when all are read."""
    sync(here)
    break_index(here)
    settler = access.open_settler(here)
    settler.db.close()
    assert any("not all read again yet" in w for w in diagnose(here).warnings)
    assert "None is missing." in sync(here)


def test_the_live_ingest_says_it_too(
    here: Context, log: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(logging.getLogger("toktui"), "propagate", True)
    sync(here)
    break_index(here)
    notices: list[str] = []
    service = IngestService(here, lambda change: notices.append(change.progress.notice))
    service.start()
    try:
        while not (notices and "None is missing." in notices[-1]):
            service._wake.wait(0.01)
    finally:
        service.stop()
    assert any("was damaged" in text for text in caplog.messages)
    assert any("None is missing." in text for text in caplog.messages)


def test_a_damaged_call_table_is_counted_by_its_sums(here: Context, log: Path):
    sync(here)
    break_page(here, "call")
    said = sync(here)
    assert "The damaged store held 3 calls ($15.00)" in said
    assert "there are 3 calls ($15.00) now. That is as many." in said


def test_differences_read_as_english():
    damaged = Recovery(
        aside="x", at_ms=0, damaged=Held(1_234, 5), result=Held(1_233, 0), missing=None
    )
    assert damaged.ended().endswith("That is 1 call fewer.")
    assert str(Held(1_234, 12_345_678_900)) == "1,234 calls ($12.35)"
    assert Recovery(aside="x", at_ms=0, damaged=None).ended() == ""


def test_a_note_of_another_version_is_no_reason_to_fail(here: Context, log: Path):
    sync(here)
    db = sqlite3.connect(here.paths.store)
    with db:
        db.execute("insert into setting (name, value) values ('recovery', '{}')")
    db.close()
    assert sync(here) == ""
    reader = connect_reader(here.paths.store)
    assert last_recovery(reader) is None
    reader.close()


def test_what_is_forgotten_is_in_no_store_that_was_set_aside(here: Context, log: Path):
    sync(here)
    break_index(here)
    sync(here)
    assert list(here.paths.data.glob("*.corrupt-*"))
    with access.writing(here, "toktui data forget") as settler:
        gone = forget(settler, Rule(None, "/w/shop"), here.now_ms(), here.paths.backups)
    assert gone.backups == 2
    assert not list(here.paths.data.glob("*.corrupt-*"))
    assert not list(here.paths.backups.glob("*"))
