"""What doctor says of the place of the store, and of damage that nothing else meets."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


def test_a_data_folder_that_is_a_file_is_named_with_what_to_do(
    toktui: Any, document: Any, tmp_path: Path
):
    (tmp_path / "data").write_text("")
    (warning,) = (w for w in document("doctor")["warnings"] if "not a folder" in w)
    assert warning == (
        f"{tmp_path}/data is not a folder. Move it away, or set TOKTUI_DATA_DIR to another folder."
    )
    assert "is not a folder" in toktui("doctor").stdout


def test_a_file_above_the_data_folder_is_named_too(
    document: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("TOKTUI_DATA_DIR", str(tmp_path / "file/a/b"))
    assert any(f"{tmp_path}/file is not a" in w for w in document("doctor")["warnings"])


def test_a_data_folder_that_cannot_be_written_is_named(
    document: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "data").mkdir()
    access = os.access
    monkeypatch.setattr(
        os, "access", lambda path, mode: Path(path) != tmp_path / "data" and access(path, mode)
    )
    assert any("data cannot be written." in w for w in document("doctor")["warnings"])


def test_a_folder_that_is_only_missing_is_no_obstacle(document: Any):
    said = " ".join(document("doctor")["warnings"])
    assert "not a folder" not in said
    assert "cannot be written" not in said


@pytest.fixture
def broken(logs: Any, toktui: Any, tmp_path: Path) -> Callable[[str], None]:
    """Overwrites the first page of a table or an index of a store with one call."""

    def overwrite(name: str) -> None:
        logs.call()
        toktui("sync")
        store = tmp_path / "data/toktui.db"
        db = sqlite3.connect(store)
        db.execute("pragma wal_checkpoint(truncate)")
        (size,) = db.execute("pragma page_size").fetchone()
        root = db.execute("select rootpage from sqlite_master where name = ?", (name,))
        (page,) = root.fetchone()
        db.close()
        with store.open("r+b") as file:
            file.seek((page - 1) * size)
            file.write(b"\xff" * size)

    return overwrite


def test_damage_that_only_doctor_finds_is_mended_by_the_next_sync(
    broken: Callable[[str], None], toktui: Any, document: Any
):
    broken("sighting_source")
    assert toktui("sync").stderr == ""
    assert "The store is damaged" in document("doctor", exit_code=1)["warnings"][0]
    assert "None is missing." in toktui("sync").stderr
    assert document("doctor")["store"]["integrity"] == "ok"


@pytest.mark.parametrize(("table", "command"), [("session", "sessions"), ("quarter", "report")])
def test_damage_that_only_a_question_meets_is_mended_by_the_next_sync(
    broken: Callable[[str], None], toktui: Any, document: Any, table: str, command: str
):
    broken(table)
    failed = toktui(command, "--no-sync", exit_code=1)
    assert "`toktui sync` mends a damaged store" in failed.stderr
    assert "None is missing." in toktui("sync").stderr
    assert document("report", "all")["totals"]["calls"] == 1


def test_one_is_not_several(logs: Any, document: Any, toktui: Any):
    logs.call(model="mystery-1")
    logs.raw('{"type":"assistant","message":{"usage":')
    toktui("sync")
    said = " ".join(document("doctor")["warnings"])
    assert "1 call has no price" in said
    assert "1 line was not understood and not counted" in said
