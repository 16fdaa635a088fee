"""Which sessions have a call in a scope, without a look at more calls than it takes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from toktui.metrics.filters import Columns, Filters, columns_of, conditions
from toktui.metrics.select import is_limited

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from toktui.metrics.scope import Scope


def sessions_in(
    db: sqlite3.Connection, scope: Scope, among: Sequence[int] | None = None
) -> set[int]:
    """Numbers of the sessions with a call that is meant; `among`: only these are looked at.

    A session that began and ended in the range is told by its totals. Of one that reaches beyond
    it, or where a branch is asked for, the calls decide: they are found by session and time, and
    the first that fits is enough.
    """
    filters, within = scope.filters, scope.within
    where = ["s.last_ms is not null", *conditions(
        db, filters, Columns("s.agent", "t.model", "t.priced", "s.project", None),
        without=("branches",),
    )]  # fmt: skip
    values: list[object] = []
    if is_limited(within):
        where.append("s.last_ms >= ? and s.first_ms < ?")
        values += within
    if among is not None:
        where.append("s.id in (select value from json_each(?))")
        values.append(json.dumps(list(among)))
    by_calls = bool(filters.branches)
    inside = "0" if by_calls else f"s.first_ms >= {within.start_ms} and s.last_ms < {within.end_ms}"
    by_model = filters.models or filters.words
    joined = "join session_total t on t.session = s.id" if by_model else ""
    found = db.execute(
        f"select distinct s.id, {inside} from session s {joined} where {' and '.join(where)}",
        values,
    ).fetchall()
    sure = {number for number, is_inside in found if is_inside}
    if by_calls and not filters.models and not filters.words and not is_limited(within):
        sure = _begun_on(db, scope) & {number for number, _ in found}
    doubtful = [number for number, _ in found if number not in sure]
    return sure | _by_calls(db, scope, doubtful)


def _begun_on(db: sqlite3.Connection, scope: Scope) -> set[int]:
    """Sessions of projects that have no call on another branch: their first call is meant."""
    wanted = scope.filters
    filters = Filters(branches=wanted.branches, any_case=wanted.any_case)
    branch = conditions(db, filters, columns_of("q"))
    found = db.execute(
        "select id from session where project in (select q.project from quarter q"
        f" group by q.project having min({' and '.join(branch)}))"
    )
    return {number for (number,) in found}


def _by_calls(db: sqlite3.Connection, scope: Scope, numbers: Sequence[int]) -> set[int]:
    if not numbers:
        return set()
    meant = "".join(f" and {each}" for each in conditions(db, scope.filters, columns_of("c")))
    found = db.execute(
        "select j.value from json_each(?) j where exists (select 1 from call c"
        f" where c.session = j.value and c.at_ms >= ? and c.at_ms < ?{meant})",
        (json.dumps(list(numbers)), *scope.within),
    )
    return {number for (number,) in found}
