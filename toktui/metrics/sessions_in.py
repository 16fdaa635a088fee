"""Which sessions have a call in a scope, without a look at more calls than it takes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from toktui.metrics.filters import Columns, columns_of, conditions
from toktui.metrics.names import has_table
from toktui.metrics.question import is_limited

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from toktui.metrics.scope import Scope

PART_COLUMNS: Final = Columns("s.agent", "t.model", "t.priced", "t.project", "t.branch")
"""Of a part `t` of a session `s`."""


def sessions_in(
    db: sqlite3.Connection, scope: Scope, among: Sequence[int] | None = None
) -> set[int]:
    """Numbers of the sessions with a call that is meant; `among`: only these are looked at.

    A session that began and ended in the range is told by its parts. Of one that reaches beyond it
    the calls decide: they are found by session and time, and the first that fits is enough.
    """
    within = scope.within
    where = ["s.last_ms is not null"]
    values: list[object] = []
    inside = "1"
    if is_limited(within):
        where.append("s.last_ms >= ? and s.first_ms < ?")
        values += within
        inside = f"s.first_ms >= {within.start_ms} and s.last_ms < {within.end_ms}"
    if among is not None:
        where.append("s.id in (select value from json_each(?))")
        values.append(json.dumps(list(among)))
    filters, joined = scope.filters, ""
    if filters.models or filters.projects or filters.branches or filters.words:
        if has_table(db, "session_part"):
            joined = "join session_part t on t.session = s.id"
            where += conditions(db, filters, PART_COLUMNS)
        else:
            inside = "0"
    elif filters:
        where += conditions(db, filters, PART_COLUMNS)
    found = db.execute(
        f"select distinct s.id, {inside} from session s {joined} where {' and '.join(where)}",
        values,
    ).fetchall()
    sure = {number for number, is_inside in found if is_inside}
    return sure | _by_calls(db, scope, [number for number, _ in found if number not in sure])


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
