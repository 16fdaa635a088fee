"""Brings made-up logs into a store, as the program does."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from toktui.dev.sample.beside import SPOOL

if TYPE_CHECKING:
    from pathlib import Path

    from toktui.pricing.rates import RateBook


def settle_home(home: Path, store: Path, book: RateBook, now_ms: int) -> None:
    """Reads every log of the home into the store, as the program does."""
    from toktui.config import Config
    from toktui.ingest.discover import find_logs, roots
    from toktui.ingest.reading import Checkpoint, read_log
    from toktui.ingest.settle import Settler
    from toktui.ingest.spool import spool_roots
    from toktui.store.connect import connect_writer
    from toktui.store.migrate import migrate
    from toktui.store.writer import Writer

    store.parent.mkdir(parents=True, exist_ok=True)
    db = connect_writer(store)
    try:
        migrate(db)
        settler = Settler(Writer(db), book)
        settler.cold_turns.find_all()
        places = [*roots(Config(), home, {}), *spool_roots(home / SPOOL, Config())]
        batches = [
            batch
            for log in find_logs(places).logs
            for batch in read_log(log.agent, log.path, log.root, Checkpoint(), now_ms)
        ]
        if batches:
            settler.settle(batches, now_ms)
    finally:
        db.close()


def move_home(store: Path, home: Path) -> None:
    """Makes the store one of `/home/dev`, whose bytes do not tell how long the real path was."""
    db = sqlite3.connect(store)
    with db:
        for column in ("path", "root"):
            db.execute(
                f"update log set {column} = replace({column}, ?, '/home/dev')", (str(home),)
            )
    db.execute("vacuum")
    db.close()
