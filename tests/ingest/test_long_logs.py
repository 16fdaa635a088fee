"""What one more call costs does not depend on how long its log is, nor memory on how much came."""

from __future__ import annotations

import tracemalloc
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.properties.lab import WRITTEN_NS, Lab, append, write, wrong_sums
from tests.properties.worlds import claude_row, lines, stamp
from toktui.ingest import follow
from toktui.ingest.reading import Batch
from toktui.ingest.seen import Outcome
from toktui.ingest.settle import Settler
from toktui.ingest.tail import BLOCK


def rows(first: int, count: int, session: str = "s1") -> bytes:
    return lines(
        [
            claude_row(f"msg_01{session}{n:020d}", session, stamp(n / 60), cwd="/w")
            for n in range(first, first + count)
        ]
    )


def steps_of_one_more(home: Path, calls: int) -> int:
    """What SQLite does, in hundreds of steps of its machine, to take in one more call."""
    log = home / f".claude/projects/-w-{calls}/s{calls}.jsonl"
    write(log, rows(0, calls, f"s{calls}"))
    lab = Lab(home)
    lab.look()
    for n in range(2):
        append(log, rows(calls + n, 1, f"s{calls}"), written_ns=WRITTEN_NS + 1 + n)
        steps = 0

        def one_more() -> int:
            nonlocal steps
            steps += 1
            return 0

        lab.db.set_progress_handler(one_more, 100)
        lab.look([log])
        lab.db.set_progress_handler(None, 0)
    assert lab.db.execute("select count(*) from call where session = 1").fetchone() == (calls + 2,)
    lab.close()
    log.unlink()
    return steps


def test_one_more_call_takes_as_many_steps_in_a_long_log(home: Path):
    assert steps_of_one_more(home, 4_000) <= steps_of_one_more(home, 40) + 3


def test_one_more_call_takes_no_memory_for_all_that_came_before(home: Path):
    log = home / ".claude/projects/-w/s1.jsonl"
    write(log, rows(0, 8_000))
    lab = Lab(home)
    lab.look()
    append(log, rows(8_000, 1), written_ns=WRITTEN_NS + 1)
    lab.look([log])
    append(log, rows(8_001, 1), written_ns=WRITTEN_NS + 2)
    tracemalloc.start()
    lab.look([log])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < BLOCK + (64 << 10)
    assert lab.db.execute("select count(*) from call").fetchone() == (8_002,)
    lab.close()


def test_rows_that_go_on_with_a_call_from_before_are_known_as_such(home: Path):
    log = home / ".claude/projects/-w/s1.jsonl"
    write(log, rows(0, 3))
    lab, whole = Lab(home), Lab(home)
    lab.look()
    for n, more in enumerate((rows(2, 1), rows(1, 1), rows(3, 1) + rows(3, 1)[:-1], b"\n")):
        append(log, more, written_ns=WRITTEN_NS + 1 + n)
        lab.look([log])
    whole.sync()
    assert lab.content() == whole.content()
    lab.close()
    whole.close()


def test_a_home_that_turns_up_while_it_is_followed_is_settled_in_parts(
    home: Path, monkeypatch: pytest.MonkeyPatch
):
    lab = Lab(home)
    (home / ".claude/projects").mkdir(parents=True)
    lab.look()
    settled: list[int] = []
    settle = Settler.settle

    def told(self: Settler, batches: Sequence[Batch], now_ms: int) -> Outcome:
        settled.append(sum(len(batch.gathered.heard) for batch in batches))
        return settle(self, batches, now_ms)

    monkeypatch.setattr(Settler, "settle", told)
    monkeypatch.setattr(follow, "CALLS_PER_COMMIT", 10)
    for number in range(20):
        write(home / f".claude/projects/-w-{number}/s{number}.jsonl", rows(0, 3, f"s{number:02}"))
    lab.look(everything=True)
    assert lab.db.execute("select count(*) from call").fetchone() == (60,)
    assert settled == [12, 12, 12, 12, 12]
    assert wrong_sums(lab.db) == ""
    lab.look(everything=True)
    assert len(settled) == 5
    lab.close()
