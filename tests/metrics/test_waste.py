"""What cold turns cost: of any range and under any filter it is the sum over the turns."""

from __future__ import annotations

import sqlite3

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.metrics.conftest import NOW
from toktui.clock import DAY_MS, Range
from toktui.metrics.filters import Filters
from toktui.metrics.scope import of_whole
from toktui.metrics.waste import Waste, load_waste
from toktui.store.absurd import MOST, guard_sums
from toktui.store.cold_turns import WHY
from toktui.store.migrate import migrate

PRICED_AS = (
    "select distinct n.text from cold_turn t"
    " join name n on n.id = iif(t.priced = 0, t.model, t.priced)"
)


def test_under_filters_it_adds_up(db: sqlite3.Connection):
    within = Range(NOW - 40 * DAY_MS, NOW)
    whole = load_waste(db, within)
    assert whole is not None
    assert whole.turns
    for field in ("agents", "models", "projects", "branches"):
        names = [text for (text,) in db.execute("select text from name where text <> ''")]
        if field == "models":
            names = [name for (name,) in db.execute(PRICED_AS)]
        parts = [
            load_waste(db, within, Filters(**{field: of_whole(name)})) or Waste() for name in names
        ]
        assert sum(part.turns for part in parts) == whole.turns
        assert sum(part.nusd for part in parts) == whole.nusd
    assert load_waste(db, within, Filters(agents=("no such agent",))) == Waste()


@settings(max_examples=60)
@given(
    edges=st.tuples(*[st.one_of(st.integers(0, 50 * DAY_MS), st.integers(0, 50).map(DAY_MS.__mul__))
                      for _ in "se"]),
)
def test_of_any_range_it_is_that_of_its_turns(
    edges: tuple[int, int], db: sqlite3.Connection
):
    first = (NOW - 45 * DAY_MS) // DAY_MS * DAY_MS
    start, end = (first + edge for edge in sorted(edges))
    turns = db.execute(
        "select count(*), coalesce(sum(tokens), 0), coalesce(sum(extra_nusd), 0),"
        " coalesce(sum(extra_nusd is null), 0), coalesce(sum(why = 0), 0),"
        " coalesce(sum(iif(why = 2, extra_nusd, 0)), 0)"
        " from cold_turn where at_ms >= ? and at_ms < ?",
        (start, end),
    ).fetchone()
    found = load_waste(db, Range(start, end))
    assert found is not None
    assert turns == (
        found.turns, found.tokens, found.nusd, found.unpriced, found.expired, found.lost_nusd
    )  # fmt: skip
    worst = db.execute(
        "select sum(t.extra_nusd), s.key from cold_turn t join session s on s.id = t.session"
        " where t.at_ms >= ? and t.at_ms < ? group by 2 order by 1 desc, 2 limit 1",
        (start, end),
    ).fetchone()
    assert (found.worst and (found.worst.nusd, found.worst.id)) == worst


def test_of_absurd_turns_it_stops_at_the_largest_number():
    db = sqlite3.connect(":memory:", isolation_level=None)
    migrate(db)
    guard_sums(db)
    db.execute("insert into setting (name, value) values ('cold', 'of a book')")
    for why in range(len(WHY)):
        for session in (1, 2):
            row = (20_000, session, why, 0, 0, 0, 0, 0, 1, MOST, MOST, 0)
            db.execute(f"insert into cold_day values ({', '.join('?' * 12)})", row)
    found = load_waste(db, Range(0, 30_000 * DAY_MS))
    assert found is not None
    assert (found.turns, found.tokens, found.nusd) == (6, MOST, MOST)
    assert {found.expired_nusd, found.model_nusd, found.lost_nusd} == {MOST}
    db.close()
