"""A program that writes a database all the time: `-m tests.agents.database_writer PATH MODE`.

Every commit moves an amount between accounts and notes it, so in each state of the database the
accounts add up to `TOTAL`, and the number of notes is the number that `counter` says. Notes are
long, so that they fill pages and overflow; some transactions are rolled back.
"""

from __future__ import annotations

import random
import sqlite3
import sys
import time

ACCOUNTS = 400
TOTAL = ACCOUNTS * 1000


def make(path: str, mode: str) -> None:
    db = sqlite3.connect(path, isolation_level=None)
    db.execute(f"pragma journal_mode = {mode}")
    db.execute("create table account (id integer primary key, amount int, pad text)")
    db.execute("create table note (id integer primary key, body text)")
    db.execute("create table counter (notes int)")
    db.execute("insert into counter values (0)")
    db.execute("begin")
    db.executemany(
        "insert into account (amount, pad) values (1000, ?)",
        [("x" * 900,) for _ in range(ACCOUNTS)],
    )
    db.execute("commit")
    db.close()


def write(path: str, mode: str) -> None:
    """Commits until stdin is closed or the process is killed; opens anew now and then."""
    draw = random.Random(7)
    while True:
        db = sqlite3.connect(path, isolation_level=None, timeout=30)
        db.execute("pragma synchronous = off")
        if mode == "wal":
            db.execute(f"pragma wal_autocheckpoint = {draw.choice((0, 5, 20, 100))}")
        for _ in range(draw.randrange(5, 200)):
            _transact(db, draw)
            time.sleep(draw.choice((0, 0, 0.001)))
            if mode == "wal" and draw.random() < 0.05:
                kind = draw.choice(("passive", "full", "restart", "truncate"))
                db.execute(f"pragma wal_checkpoint({kind})")
        db.close()


def _transact(db: sqlite3.Connection, draw: random.Random) -> None:
    db.execute("begin immediate")
    for _ in range(draw.randrange(1, 6)):
        one, other = draw.sample(range(1, ACCOUNTS + 1), 2)
        amount = draw.randrange(100)
        db.execute("update account set amount = amount - ? where id = ?", (amount, one))
        db.execute("update account set amount = amount + ? where id = ?", (amount, other))
    db.execute("insert into note (body) values (?)", ("n" * draw.randrange(10, 9000),))
    db.execute("update counter set notes = notes + 1")
    if draw.random() < 0.1:
        db.execute("delete from note where id < (select max(id) - 200 from note)")
        db.execute("update counter set notes = (select count(*) from note)")
    db.execute("rollback" if draw.random() < 0.1 else "commit")


if __name__ == "__main__":
    print("writing", flush=True)  # noqa: T201
    write(sys.argv[1], sys.argv[2])
