"""What is said while logs are read, where there are none, and where something cannot be read."""

from __future__ import annotations

import asyncio
from pathlib import Path

from toktui.ingest.progress import Change, Problem, Progress
from toktui.tui.ingesting import Changed

from .conftest import NOW, Run


async def test_indexing_is_said_with_bytes_rate_and_time_left(empty: Path, run: Run):
    async with run(empty) as screens:
        screens.ingest.say(
            Progress(
                phase="indexing",
                bytes_done=300_000_000,
                bytes_total=1_200_000_000,
                logs_total=81,
                logs_known=81,
                bytes_per_s=90e6,
                agents=("claude-code", "codex"),
            )
        )
        await screens.pilot.pause(0.6)
        await screens.rest()
        for word in ("25 %", "300 MB of 1.20 GB", "90.0 MB/s", "10 s left", "81 logs", "codex",
                     "~/.local/share/toktui/toktui.db"):  # fmt: skip
            assert word in screens.text


async def test_what_is_not_read_yet_is_not_0(empty: Path, normal: Path, run: Run):
    indexing = Progress(phase="indexing", bytes_done=3, bytes_total=9, logs_known=9)
    async with run(empty) as screens:
        assert "$0" in screens.text
        screens.ingest.say(indexing)
        await screens.pilot.pause(0.6)
        await screens.rest()
        assert "BURN" in screens.text
        assert "TODAY" in screens.text
        assert "$0" not in screens.text
        assert "0 tok/min" not in screens.text
        screens.ingest.say(Progress(phase="live", logs_known=9))
        await screens.pilot.pause(0.6)
        await screens.rest()
        assert "$0" in screens.text
    async with run(normal) as screens:
        screens.ingest.say(indexing)
        await screens.pilot.pause(0.6)
        await screens.rest()
        assert "≥$17.5" in screens.text


async def test_an_index_of_older_logs_does_not_say_that_nothing_goes_on(normal: Path, run: Run):
    late = NOW + 9 * 24 * 3_600_000
    async with run(normal, now_ms=lambda: late) as screens:
        assert "No active session.\n" in screens.text
        screens.ingest.say(
            Progress(phase="indexing", bytes_done=3_000_000, bytes_total=9_000_000, logs_known=9)
        )
        await screens.pilot.pause(0.6)
        await screens.rest()
        assert "No active session so far." in screens.text
        assert "3.00 MB of 9.00 MB are read" in screens.text


async def test_without_logs_the_demo_is_offered(empty: Path, run: Run):
    async with run(empty) as screens:
        screens.ingest.say(Progress(phase="live"))
        await screens.pilot.pause(0.2)
        await screens.rest()
        assert "toktui --demo" in screens.text


async def test_d_leaves_for_the_demo_where_there_are_no_logs(empty: Path, run: Run):
    async with run(empty) as screens:
        screens.ingest.say(Progress(phase="live"))
        await screens.pilot.pause(0.2)
        await screens.press("d")
        assert screens.app.wants_demo
        assert not screens.app.is_running


async def test_d_stays_where_there_are_logs(normal: Path, run: Run):
    async with run(normal) as screens:
        await screens.press("d")
        assert screens.app.is_running
        assert not screens.app.wants_demo


async def test_what_cannot_be_read_is_said(normal: Path, run: Run):
    async with run(normal) as screens:
        problem = Problem("/home/dev/.claude/x.jsonl", "Permission denied")
        screens.ingest.say(Progress(phase="live", logs_known=3, problems=(problem, problem)))
        await screens.pilot.pause(0.2)
        await screens.rest()
        assert "cannot read /home/dev/.claude/x.jsonl: Permission denied and 1 more" in screens.text


async def test_a_toast_says_once_that_the_ingest_failed(normal: Path, run: Run):
    async with run(normal) as screens:
        for _ in range(2):
            screens.ingest.say(Progress(phase="failed", notice="No space is left. [b]"))
            await screens.pilot.pause(0.2)
        notes = [note.message for note in screens.app._notifications]
        assert notes == ["No space is left. [b]"]


async def test_missing_prices_are_said(normal: Path, run: Run):
    async with run(normal) as screens:
        assert "no price for house-model-7b" in screens.text


async def test_another_writer_is_named(normal: Path, run: Run):
    async with run(normal) as screens:
        screens.ingest.say(Progress(phase="following", logs_known=3, holder="toktui (process 7)"))
        await screens.pilot.pause(0.2)
        await screens.rest()
        assert "toktui (process 7) writes; this one reads along" in screens.text
        assert "0 agents" not in screens.text


async def test_a_store_that_cannot_be_read_is_said(tmp_path: Path, run: Run):
    broken = tmp_path / "toktui.db"
    broken.write_bytes(b"no database" * 1000)
    async with run(broken) as screens:
        assert "The store could not be read" in screens.text


async def test_no_store_yet_is_no_failure(tmp_path: Path, run: Run):
    async with run(tmp_path / "nothing.db") as screens:
        assert "could not be read" not in screens.text
        assert "BURN" in screens.text


async def test_answers_that_come_while_the_app_ends_are_no_bug(normal: Path, run: Run):
    async with run(normal) as screens:
        app = screens.app
        app.exit()
        await asyncio.sleep(0)
        await app.screen.remove()
        app.on_changed(Changed(Change(0, 0, 0, screens.ingest.progress)))
        app.draw_frame()
