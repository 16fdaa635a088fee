"""A process to be killed: runs what it is told in children and kills them with SIGKILL.

python -m tests.ingest.victim sync|serve|migrate HOME DATA SEED ROUNDS

Each round of `sync` and `migrate` has a data folder of its own, DATA/<round>; a round is several
kills. `serve` has one, DATA, and while a service lives there, logs that end in `.later` grow into
logs without that ending.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

from toktui.config import Config
from toktui.ingest import access, index, reading
from toktui.ingest.context import Context
from toktui.ingest.reading import Batch
from toktui.ingest.seen import Outcome
from toktui.ingest.service import IngestService
from toktui.ingest.settle import Settler
from toktui.paths import Paths, prepare_data
from toktui.store.connect import connect_writer
from toktui.store.migrate import migrate

NOW_MS = 1_795_179_600_000
KILLS = 3


def context(home: Path, data: Path) -> Context:
    return Context(Paths(data, data / "config"), Config(), home, {}, lambda: NOW_MS)


def small_batches() -> None:
    """Commits after every few calls, so that most kills land between two commits or inside one."""
    index.CALLS_PER_COMMIT = 5  # type: ignore[misc]
    reading.CALLS_PER_BATCH = 3  # type: ignore[misc]


def kill_after(
    seconds: float, run: Callable[[], object], *, transactions: int | None = None
) -> bool:
    """Runs in a child, and whether it had to be killed: some time after it has begun, or after it
    has begun so many transactions."""
    ear, mouth = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            if transactions is not None:
                tell_transactions(mouth)
            run()
        finally:
            os._exit(0)
    os.close(mouth)
    for _ in range(transactions or 0):
        if not os.read(ear, 1):
            break
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    os.close(ear)
    return os.WIFSIGNALED(status)


def tell_transactions(mouth: int) -> None:
    """Makes every transaction say so when it begins."""
    settle = Settler.settle

    def told(self: Settler, batches: Sequence[Batch], now_ms: int) -> Outcome:
        os.write(mouth, b".")
        return settle(self, batches, now_ms)

    Settler.settle = told  # type: ignore[method-assign]


def sync(home: Path, data: Path, draw: Random, rounds: int) -> int:
    killed = 0
    for number in range(rounds):
        where = context(home, data / str(number))
        for _ in range(KILLS):
            killed += kill_after(
                draw.random() * 0.004,
                lambda where=where: access.sync(where),
                transactions=draw.randint(1, 12),
            )
    return killed


def serve(home: Path, data: Path, draw: Random, rounds: int) -> int:
    def run() -> None:
        IngestService(context(home, data), lambda _: None).start()
        time.sleep(60)

    later = sorted(home.rglob("*.later"))
    killed = 0
    for _ in range(rounds):
        child = os.fork()
        if child == 0:
            run()
        for _ in range(12):
            path = draw.choice(later)
            rest = path.read_bytes()
            cut = draw.randint(0, len(rest))
            with path.with_suffix("").open("ab") as log:
                log.write(rest[:cut])
            path.write_bytes(rest[cut:])
            time.sleep(draw.random() * 0.03)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        killed += 1
    for path in later:
        with path.with_suffix("").open("ab") as log:
            log.write(path.read_bytes())
        path.unlink()
    return killed


def migration(home: Path, data: Path, draw: Random, rounds: int) -> int:
    killed = 0
    for number in range(rounds):
        where = context(home, data / str(number))
        prepare_data(where.paths)
        killed += kill_after(
            draw.random() * 0.02,
            lambda where=where: migrate(connect_writer(where.paths.store)),
        )
    return killed


def main() -> None:
    what, home, data, seed, rounds = sys.argv[1:]
    small_batches()
    import sqlite_utils  # noqa: F401  so that a child spends its short life on the migration

    run = {"sync": sync, "serve": serve, "migrate": migration}[what]
    sys.stdout.write(str(run(Path(home), Path(data), Random(int(seed)), int(rounds))))


if __name__ == "__main__":
    main()
