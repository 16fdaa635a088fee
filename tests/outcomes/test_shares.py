"""What changes cost, with what is linked to none, is all that was spent: to the nano-dollar."""

from __future__ import annotations

import sqlite3
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st
from sqlite_utils import Database

from toktui.metrics.outcome_lists import load_whole
from toktui.outcomes.attribution import REASONS, Link
from toktui.outcomes.found import Findings, Found, Row
from toktui.outcomes.keeping import keep
from toktui.outcomes.repository import Repository
from toktui.store.absurd import MOST, mark
from toktui.store.migrate import migrate
from toktui.store.schema import MIGRATIONS
from toktui.store.shares import share_again, split, weight_of

DAY = 86_400_000
HASHES = [f"{n:040x}" for n in range(8)]

sizes = st.sampled_from([None, 0, 1, 2, 3, 4])
costs = st.one_of(st.none(), st.integers(0, 2**40))
landings = st.dictionaries(st.sampled_from(HASHES), sizes)
made = st.sets(st.tuples(st.integers(1, 6), st.sampled_from(HASHES)))


def store(nusd: dict[int, int | None]) -> sqlite3.Connection:
    """Sessions that cost this, in a folder with number 7."""
    db = sqlite3.connect(":memory:", isolation_level=None)
    migrate(db)
    db.execute("insert into name (id, text) values (1, 'codex'), (7, '/home/dev/shop')")
    db.executemany(
        "insert into session (id, agent, key, project, first_ms, last_ms, cost_nusd)"
        " values (?, 1, ?, 7, ?, ?, ?)",
        [(n, f"s{n}", n * DAY, n * DAY, cost) for n, cost in nusd.items()],
    )
    return db


def found(landed: dict[str, int | None], links: set[tuple[int, str]], since_ms: int = 0) -> Found:
    repository = Repository(
        place="/home/dev/shop/.git", folder="/home/dev/shop", ref="refs/heads/x", tip="x",
        upstream=False, shallow=False, emails=frozenset({"m"}),
    )  # fmt: skip
    rows = tuple(
        Row(hash=name, before="p", at_ms=(1 + HASHES.index(name)) * DAY, begun_ms=DAY, kind="push",
            commits=1, branch="", subject="", files=None, lines=None, size=size, reverted_ms=None,
            reverted_by="")
        for name, size in landed.items()
    )  # fmt: skip
    reasons = sorted(REASONS)
    return Found(repository, (7,), rows, tuple(
        Link(session, change, reasons[(session + len(links)) % len(reasons)])
        for session, change in sorted(links)
    ), since_ms)  # fmt: skip


def check(db: sqlite3.Connection) -> None:
    """Every sum says the same, and each row what its links say."""
    whole = load_whole(db, zone=ZoneInfo("Europe/Paris"))
    all_of_it = db.execute("select coalesce(sum(cost_nusd), 0) from session").fetchone()[0]
    changes = sum(change.spent.nusd or 0 for change in whole.changes)
    unlinked = whole.outcomes.unlinked.nusd or 0
    assert changes + unlinked == all_of_it == (whole.outcomes.spent.nusd or 0)
    assert changes == (whole.outcomes.linked.nusd or 0)
    assert sum(week.spent.nusd or 0 for week in whole.outcomes.weeks) == all_of_it
    assert sum(size.spent.nusd or 0 for size in whole.outcomes.sizes) == changes
    for number, cost, linked in db.execute("select id, cost_nusd, linked from session"):
        shares = [n for (n,) in db.execute("select nusd from link where session = ?", (number,))]
        assert linked == bool(shares)
        if shares:
            assert sum(n or 0 for n in shares) == (cost or 0)
            assert all((n is None) == (cost is None) for n in shares)
    for change in whole.changes:
        made_by = db.execute("select count(*) from link where change = ?", (change.number,))
        assert made_by.fetchone()[0] == change.sessions


@given(
    nusd=st.dictionaries(st.integers(1, 6), costs, min_size=1),
    looks=st.lists(st.tuples(landings, made, st.integers(0, 9)), min_size=1, max_size=4),
    later=st.dictionaries(st.integers(1, 6), costs),
)
def test_costs_of_changes_and_what_is_linked_to_none_are_all_spend(
    nusd: dict[int, int | None],
    looks: list[tuple[dict[str, int | None], set[tuple[int, str]], int]],
    later: dict[int, int | None],
) -> None:
    db = store(nusd)
    for landed, links, day in looks:
        seen = {name: size for name, size in landed.items() if HASHES.index(name) + 1 >= day}
        links = {(s, name) for s, name in links if s in nusd and name in seen}
        keep(db, Findings((found(seen, links, day * DAY),)))
        check(db)
    for session, cost in later.items():
        db.execute("update session set cost_nusd = ? where id = ?", (cost, session))
    share_again(db, later)
    check(db)


def test_a_store_of_before_learns_what_its_changes_cost() -> None:
    db = sqlite3.connect(":memory:", isolation_level=None)
    for migration in MIGRATIONS[:6]:
        migration(Database(db))
    db.execute("insert into name (id, text) values (1, 'codex'), (7, '/home/dev/shop')")
    db.executemany(
        "insert into session (id, agent, key, project, first_ms, last_ms, cost_nusd)"
        " values (?, 1, ?, 7, 0, 5, ?)",
        [(1, "a", 100), (2, "b", 7)],
    )
    db.execute("insert into repository values (3, 'p', 'f', 'main', 1, 'tip', 1)")
    db.execute("insert into workplace values (7, 3, '')")
    for number, size in ((1, 0), (2, 2)):
        db.execute(
            "insert into change values (?, 3, ?, '', 9, 9, 'push', 1, '', '', 1, 1, ?, null, '')",
            (number, HASHES[number], size),
        )
    db.executemany("insert into link values (1, ?, 'merged')", [(1,), (2,)])
    MIGRATIONS[6](Database(db))
    check(db)
    costs = db.execute("select nusd, sessions, exact from change order by id").fetchall()
    assert costs == [(20, 1, 1), (80, 1, 1)]


@given(landings, made)
def test_a_look_that_finds_the_same_writes_nothing(
    landed: dict[str, int | None], links: set[tuple[int, str]]
) -> None:
    db = store(dict.fromkeys(range(1, 7), 1000))
    links = {(session, name) for session, name in links if name in landed}
    keep(db, Findings((found(landed, links),)))
    before = db.total_changes
    keep(db, Findings((found(landed, links),)))
    # The repository itself says when it was looked at, and the folder that it is in it.
    assert db.total_changes - before <= 2


@given(st.integers(0, 2**63 - 1), st.lists(st.integers(1, 16), min_size=1, max_size=40))
def test_shares_add_up_to_the_nano_dollar(amount: int, weights: list[int]) -> None:
    parts = split(amount, weights)
    assert sum(parts) == amount
    whole = sum(weights)
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part * whole - amount * weight) < whole


def test_each_size_weighs_twice_the_one_below() -> None:
    assert [weight_of(size) for size in (0, 1, 2, 3, 4, None)] == [1, 2, 4, 8, 16, 2]


def test_sums_that_no_number_holds_stop_at_the_largest() -> None:
    db = store(dict.fromkeys(range(1, 7), MOST))
    mark(db)
    links = {(session, HASHES[0]) for session in range(1, 7)}
    keep(db, Findings((found({HASHES[0]: 1, HASHES[1]: None}, links),)))
    whole = load_whole(db, zone=ZoneInfo("UTC"))
    assert whole.outcomes.spent.nusd == whole.outcomes.linked.nusd == MOST
    assert {change.spent.nusd for change in whole.changes} == {MOST, None}
    assert [size.usual_nusd for size in whole.outcomes.sizes[:2]] == [None, MOST]
