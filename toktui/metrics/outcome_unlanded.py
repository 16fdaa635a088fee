"""Sessions that landed nothing, a window at a time: what cost most, and is linked to no change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import msgspec

from toktui.metrics.outcome_places import why_nothing
from toktui.metrics.outcome_spent import Spent

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

    from toktui.metrics.outcome_spent import Which

COSTLIEST: Final = 50
"""How many a document names."""
UnlandedSort = Literal["last", "agent", "project", "id", "cost"]
UNLANDED_SORTS: Final[Mapping[UnlandedSort, str]] = {
    "last": "s.last_ms", "agent": "a.text", "project": "nullif(p.text, '') collate nocase",
    "id": "s.key", "cost": "s.cost_nusd",
}  # fmt: skip
_COSTS: Final = "s.linked = 0 and s.cost_nusd > 0"


class Unlanded(msgspec.Struct, frozen=True, kw_only=True):
    """A session that is linked to no landed change."""

    number: int
    id: str
    agent: str
    project: str
    branch: str
    """Of its last call; empty: not logged."""
    last_ms: int
    spent: Spent
    why: str
    """Empty where it worked in a repository that was read."""


def count_unlanded(db: sqlite3.Connection, which: Which) -> int:
    """How many of the sessions cost something and landed nothing."""
    found = db.execute(
        f"select count(*) from {which.table} where {which.condition} and {_COSTS}", which.values
    )
    return int(found.fetchone()[0])


def load_unlanded(
    db: sqlite3.Connection,
    which: Which,
    whys: Mapping[int, str],
    *,
    sort: UnlandedSort = "cost",
    descending: bool = True,
    first: int = 0,
    count: int = COSTLIEST,
) -> tuple[Unlanded, ...]:
    """A window of them, by default the costliest; what is unknown comes last."""
    key, way = UNLANDED_SORTS[sort], "desc" if descending else "asc"
    unknown = f"{key} is null, " if sort == "project" else ""
    named = ""
    if sort in ("agent", "project"):
        named = " join name a on a.id = s.agent join name p on p.id = s.project"
    rows = db.execute(
        f"select s.id from {which.table}{named} where {which.condition} and {_COSTS}"
        f" order by {unknown}{key} {way}, s.last_ms {way}, s.id limit ? offset ?",
        [*which.values, count, first],
    )
    numbers = [number for (number,) in rows]
    return tuple(_load(db, number, whys, number in which.estimated) for number in numbers)


def _load(
    db: sqlite3.Connection, number: int, whys: Mapping[int, str], estimated: bool
) -> Unlanded:
    key, agent, project_number, project, last_ms, nusd, unpriced, branch = db.execute(
        "select s.key, a.text, s.project, p.text, s.last_ms, s.cost_nusd, s.unpriced,"
        " (select n.text from call c join name n on n.id = c.branch"
        "  where c.session = s.id order by c.at_ms desc limit 1)"
        " from session s join name a on a.id = s.agent join name p on p.id = s.project"
        " where s.id = ?",
        (number,),
    ).fetchone()
    return Unlanded(
        number=number, id=key, agent=agent, project=project, branch=branch or "", last_ms=last_ms,
        spent=Spent(nusd, unpriced > 0, estimated), why=why_nothing(whys, project_number),
    )  # fmt: skip
