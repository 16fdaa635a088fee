"""What was counted of a context reaches the store by whoever writes it, and breaks nothing."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from toktui.ingest import access, looked_at
from toktui.ingest.context import Context
from toktui.ingest.count_prompt import Counted, Share
from toktui.ingest.looked_at import LookedAt, hand_in
from toktui.ingest.origin import Origin
from toktui.ingest.purge import own_files, purge
from toktui.ingest.service import IngestService
from toktui.store.connect import connect_reader
from toktui.store.lock import StoreLock

from .conftest import until


def counted(n: int = 1, *, shares: int = 1) -> LookedAt:
    made = Counted(
        b"basis", Origin(1, 5, b"digest", (1, 2, 3, 4)),
        tuple(Share("result", f"tool {i}", 7.5, 3) for i in range(shares)),
        0.0, "", True, "shipped",
    )  # fmt: skip
    return LookedAt("claude-code", f"msg_01{n:022d}", 1_000, made)


def kept(where: Context) -> int:
    db = connect_reader(where.paths.store)
    try:
        return db.execute("select count(*) from composition").fetchone()[0]
    finally:
        db.close()


def waiting(where: Context) -> list[str]:
    return os.listdir(where.paths.looked_at)


def test_where_nobody_writes_it_is_kept_at_once(here: Context, log: Path):
    access.sync(here)
    access.keep_looked_at(here, counted())
    assert (kept(here), waiting(here)) == (1, [])
    assert StoreLock(here.paths.lock).acquire("the next")


def test_another_process_that_writes_keeps_it(
    here: Context, log: Path, other_process: subprocess.Popen[str]
):
    access.keep_looked_at(here, counted())
    until(lambda: kept(here) == 1 and not waiting(here))
    assert other_process.poll() is None


def test_the_screens_own_ingest_keeps_it(
    here: Context, log: Path, serve: Callable[[], IngestService]
):
    service = serve()
    until(lambda: service.progress.phase == "live")
    hand_in(here.paths, counted())
    until(lambda: kept(here) == 1)


def test_what_waits_while_nobody_writes_is_kept_by_the_next_sync(here: Context, log: Path):
    access.sync(here)
    hand_in(here.paths, counted())
    assert kept(here) == 0
    access.sync(here)
    assert (kept(here), waiting(here)) == (1, [])


def test_a_crash_between_the_commit_and_the_end_of_the_file_changes_nothing(
    here: Context, log: Path
):
    access.sync(here)
    hand_in(here.paths, counted())
    (file,) = here.paths.looked_at.iterdir()
    said = file.read_bytes()
    access.sync(here)
    file.write_bytes(said)
    access.sync(here)
    assert (kept(here), waiting(here)) == (1, [])


@pytest.mark.parametrize("said", [b"", b"\xc1", b"{}", b"\x94" * 9, b"x" * (1 << 20)])
def test_a_file_that_nobody_understands_is_thrown_away(here: Context, log: Path, said: bytes):
    access.sync(here)
    here.paths.looked_at.mkdir()
    (here.paths.looked_at / "damaged.counted").write_bytes(said)
    hand_in(here.paths, counted())
    access.sync(here)
    assert (kept(here), waiting(here)) == (1, [])


def test_a_pipe_among_the_files_is_thrown_away_and_not_waited_for(here: Context, log: Path):
    access.sync(here)
    here.paths.looked_at.mkdir()
    os.mkfifo(here.paths.looked_at / "pipe.counted")
    sync = threading.Thread(target=access.sync, args=(here,), daemon=True)
    sync.start()
    sync.join(20)
    assert not sync.is_alive()
    assert waiting(here) == []


def test_a_context_of_a_call_that_is_gone_is_not_kept(here: Context, log: Path):
    access.sync(here)
    access.keep_looked_at(here, counted(99))
    assert (kept(here), waiting(here)) == (0, [])


def test_a_context_of_ten_thousand_tools_is_not_kept(here: Context, log: Path):
    access.sync(here)
    assert not hand_in(here.paths, counted(shares=10_000))
    assert not here.paths.looked_at.exists()


def test_only_so_many_wait(here: Context, log: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(looked_at, "_MOST", 3)
    assert [hand_in(here.paths, counted(n)) for n in range(5)] == [True] * 3 + [False] * 2
    assert len(waiting(here)) == 3


def test_a_folder_that_cannot_be_written_costs_the_look_nothing(here: Context, log: Path):
    access.sync(here)
    here.paths.looked_at.write_bytes(b"in the way")
    access.keep_looked_at(here, counted())
    assert kept(here) == 0


def test_the_files_are_for_the_user_alone_and_go_with_everything_else(here: Context, log: Path):
    access.sync(here)
    hand_in(here.paths, counted())
    (file,) = here.paths.looked_at.iterdir()
    assert (file.stat().st_mode & 0o777, here.paths.looked_at.stat().st_mode & 0o777) == (
        0o600, 0o700,
    )  # fmt: skip
    assert file in own_files(here.paths)
    purge(here, remember=False)
    assert not here.paths.looked_at.exists()


def test_a_usual_context_takes_a_few_hundred_bytes():
    kinds = ("prompt", "text", "thinking", "file", "reminder", "image")
    tools = ("Bash", "Read", "Edit", "Grep", "Glob", "Write", "Task", "mcp__tracker__search_issues")
    shares = [Share(kind, "", 12_345.678, 90) for kind in kinds]
    shares += [Share(kind, tool, 4_321.5, 40) for tool in tools for kind in ("call", "result")]
    one = msgspec.structs.replace(counted().counted, shares=tuple(shares), first_key="msg_01" * 5)
    assert len(looked_at.encode_counted(one)) < 700
