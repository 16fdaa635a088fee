"""What each project costs: calls, tokens, cost over time, and who and what worked on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from toktui.metrics.cut import (
    IN_SHORT,
    Slices,
    Tally,
    last_quarters,
    meant,
    rows_in,
    share,
    slices_of,
)
from toktui.metrics.names import has_table, names_of
from toktui.metrics.one_state import one_state
from toktui.metrics.rollup import values_of
from toktui.metrics.sums import Sums

if TYPE_CHECKING:
    import sqlite3
    from zoneinfo import ZoneInfo

    from toktui.clock import Range
    from toktui.metrics.filters import Filters


MOST_SLICES: Final = 31
"""What a row has room for."""


class ProjectRow(msgspec.Struct, frozen=True, kw_only=True):
    """A project; of calls that name no folder its name is empty."""

    project: str
    """The folder of its repository where that is known, else the folder as logged."""
    folders: tuple[str, ...]
    """As logged: those of one repository, its worktrees included, are one project."""
    sums: Sums
    cost_share: float | None
    costs: tuple[int, ...]
    """Nano-dollars in each slice of the range."""
    tokens: tuple[int, ...]
    agents: tuple[str, ...]
    models: tuple[str, ...]
    """As priced, or else as logged."""
    branches: tuple[str, ...]
    last_ms: int
    """The quarter of an hour of its last call."""


class Projects(msgspec.Struct, frozen=True):
    """The dearest first; the sum of all rows is `sums`."""

    rows: tuple[ProjectRow, ...]
    sums: Sums
    slices: Slices
    now_ms: int


def load_projects(
    db: sqlite3.Connection,
    *,
    filters: Filters,
    within: Range,
    now_ms: int,
    zone: ZoneInfo,
) -> Projects:
    """All projects of the calls that are meant, from one state of the store."""
    with one_state(db):
        slices = slices_of(db, within, zone, MOST_SLICES)
        tallies: dict[int, Tally] = {}
        whole = Tally(slices.count, IN_SHORT)
        for row in rows_in(db, ("project",), slices, filters, measures=IN_SHORT):
            tally = tallies.get(row.keys[0])
            if tally is None:
                tally = tallies[row.keys[0]] = Tally(slices.count, IN_SHORT)
            tally.add(row)
        for (number,), last in last_quarters(db, ("project",), slices, filters).items():
            tallies[number].last = last
        for tally in tallies.values():
            whole.join(tally)
        worked = _worked(db, slices, filters)
        names = names_of(db, [*tallies, *(number for each in worked for number in each)])
        homes = _homes(db, {number: names[number] for number in tallies})
        return _projects(tallies, whole.sums, worked, names, homes, slices, now_ms)


def _worked(
    db: sqlite3.Connection, slices: Slices, filters: Filters
) -> set[tuple[int, int, int, int]]:
    """Which agents and models worked on which branches of which projects."""
    keys = ("project", "agent", "priced", "model", "branch")
    found = values_of(db, slices.edges, keys, meant(db, filters))
    return {
        (project, agent, priced or model, branch)
        for project, agent, priced, model, branch in found
    }


def _homes(db: sqlite3.Connection, folders: dict[int, str]) -> dict[int, str]:
    """What folders belong to: their repository, where it was looked for and found, or themselves.

    An older store that can only be read has no table for that.
    """
    homes = dict(folders)
    if has_table(db, "workplace"):
        rows = db.execute(
            "select w.project, r.folder from workplace w join repository r on r.id = w.repository"
        )
        homes |= {number: folder for number, folder in rows if number in folders}
    return homes


class _Group:
    """What is known of a project while it is added up."""

    def __init__(self, count: int) -> None:
        self.tally = Tally(count, IN_SHORT)
        self.folders: list[str] = []
        self.seen: tuple[set[str], set[str], set[str]] = (set(), set(), set())
        """Agents, models, branches."""


def _projects(
    tallies: dict[int, Tally],
    total: Sums,
    worked: set[tuple[int, int, int, int]],
    names: dict[int, str],
    homes: dict[int, str],
    slices: Slices,
    now_ms: int,
) -> Projects:
    groups: dict[str, _Group] = {}
    for number, tally in tallies.items():
        group = groups.setdefault(homes[number], _Group(slices.count))
        group.tally.join(tally)
        group.folders.append(names[number])
    for project, *others in worked:
        for texts, number in zip(groups[homes[project]].seen, others, strict=True):
            if number:
                texts.add(names[number])
    rows = [_row(project, group, total) for project, group in groups.items()]
    rows.sort(key=lambda row: (-row.sums.priced_nusd, -row.sums.tokens, row.project))
    return Projects(tuple(rows), total, slices, now_ms)


def _row(project: str, group: _Group, total: Sums) -> ProjectRow:
    sums = group.tally.sums
    agents, models, branches = (tuple(sorted(texts)) for texts in group.seen)
    return ProjectRow(
        project=project,
        folders=tuple(sorted(group.folders)),
        sums=sums,
        cost_share=share(sums.priced_nusd, total.priced_nusd),
        costs=tuple(group.tally.costs),
        tokens=tuple(group.tally.tokens),
        agents=agents,
        models=models,
        branches=branches,
        last_ms=group.tally.last_ms,
    )
