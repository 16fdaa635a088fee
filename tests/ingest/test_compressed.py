"""Rollouts that Codex has compressed are read like those that it has not."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.properties.lab import Lab, write, wrong_sums
from tests.properties.worlds import lines, record, session_meta, stamp
from toktui.ingest import zst
from toktui.metrics.find import Target
from toktui.metrics.why import load_why

if sys.version_info >= (3, 14):
    from compression.zstd import compress
else:
    from zstandard import compress

GOLDEN = Path(__file__).parents[1] / "golden/codex"
THREAD = "019a8f00-0000-7000-8000-00000000000a"
PLAIN = f".codex/sessions/2026/11/20/rollout-2026-11-20T09-00-00-{THREAD}.jsonl"
PACKED = f"{PLAIN}.zst"


@pytest.fixture
def lab(home: Path) -> Iterator[Lab]:
    lab = Lab(home)
    yield lab
    assert wrong_sums(lab.db) == ""
    lab.close()


def rows(*numbers: int) -> bytes:
    return lines([record(stamp(n), THREAD, f"resp_{n:020d}", n) for n in numbers])


def start() -> bytes:
    return lines([session_meta(stamp(0), THREAD)])


def calls(lab: Lab) -> list[tuple[object, ...]]:
    return lab.db.execute("select * from calls order by call_id").fetchall()


@pytest.mark.parametrize("case", sorted(path.name for path in GOLDEN.iterdir()))
def test_compressed_logs_say_what_the_plain_ones_said(case: str, lab: Lab, tmp_path: Path) -> None:
    shutil.copytree(GOLDEN / case / "home", lab.home, dirs_exist_ok=True)
    lab.sync()
    packed = Lab(tmp_path / "packed/home")
    for path in lab.home.rglob("*.jsonl"):
        name = path.relative_to(lab.home).as_posix()
        write(packed.home / f"{name}.zst", compress(path.read_bytes()))
    packed.sync()
    assert calls(packed) == calls(lab) != []
    assert packed.db.execute("select sum(lines) from log").fetchone() == (
        lab.db.execute("select sum(lines) from log").fetchone()
    )
    packed.close()


def test_a_log_that_is_compressed_later_changes_no_number(lab: Lab) -> None:
    write(lab.home / PLAIN, start() + rows(1, 2))
    lab.look()
    before = calls(lab)
    (lab.home / PLAIN).unlink()
    write(lab.home / PACKED, compress(start() + rows(1, 2)))
    lab.look(everything=True)
    assert calls(lab) == before != []


def test_a_compressed_log_that_has_grown_goes_on_where_it_was(lab: Lab) -> None:
    write(lab.home / PACKED, compress(start() + rows(1)))
    lab.look()
    assert len(calls(lab)) == 1
    write(lab.home / PACKED, compress(start() + rows(1)) + compress(rows(2, 3)))
    lab.look([lab.home / PACKED])
    assert len(calls(lab)) == 3
    assert lab.db.execute("select lines, generation from log").fetchall() == [(4, 0)]
    assert lab.sync().outcome.logs_read == 0


def test_the_evidence_is_the_decompressed_line(lab: Lab) -> None:
    whole = start() + rows(1, 2)
    write(lab.home / PACKED, compress(whole))
    lab.sync()
    (number,) = lab.db.execute("select id from call order by at_ms desc").fetchone()
    (call,) = load_why(lab.db, lab.context.book(), Target("call", number, "", "")).calls
    (seen,) = call.sightings
    assert seen.quote.line == rows(2).strip()
    assert seen.offset == whole.index(rows(2))


def test_a_compressed_log_that_moves_is_still_the_same_log(lab: Lab) -> None:
    write(lab.home / PACKED, compress(start() + rows(*range(1, 200))))
    lab.sync()
    archive = lab.home / ".codex/archived_sessions"
    archive.mkdir()
    (lab.home / PACKED).rename(archive / Path(PACKED).name)
    lab.sync()
    assert lab.db.execute("select path from log").fetchall() == [
        (os.fspath(archive / Path(PACKED).name),)
    ]


def test_a_log_of_which_the_end_is_missing_gives_the_lines_that_are_there(lab: Lab) -> None:
    whole = compress(start() + rows(1)) + compress(rows(2))
    write(lab.home / PACKED, whole[:-10])
    lab.sync()
    assert len(calls(lab)) == 1
    write(lab.home / PACKED, whole)
    lab.sync()
    assert len(calls(lab)) == 2


def test_what_is_no_zstandard_is_a_problem_of_that_log_alone(lab: Lab) -> None:
    write(lab.home / PACKED, b"no zstandard at all")
    write(lab.home / PLAIN, start() + rows(1))
    result = lab.sync()
    assert [why for _, why in result.problems] == ["compressed; damaged"]
    assert len(calls(lab)) == 1


def test_a_bomb_is_not_unpacked(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zst, "MOST_BYTES", 1 << 20)
    write(lab.home / PACKED, compress(b"\0" * (4 << 20)))
    assert ["holds more than" in why for _, why in lab.sync().problems] == [True]


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="Python reads Zstandard itself")
def test_without_the_package_the_log_is_listed_with_what_to_install(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(lab.home / PACKED, compress(start() + rows(1)))
    monkeypatch.setitem(sys.modules, "zstandard", None)
    assert [why for _, why in lab.sync().problems] == ["compressed; install toktui[zst]"]
    monkeypatch.undo()
    lab.sync()
    assert len(calls(lab)) == 1
