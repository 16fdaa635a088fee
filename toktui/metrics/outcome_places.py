"""Where it was looked for landed changes, and where nothing can be said of them, and why."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import msgspec

from toktui.metrics.outcome_spent import Spent, added
from toktui.outcomes.whys import NO_FOLDER, NOT_YET, is_unread

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping

    from toktui.metrics.filters import Filters
    from toktui.metrics.outcome_spent import SessionSpent


class RepositoryRow(msgspec.Struct, frozen=True, kw_only=True):
    """A repository that was read."""

    folder: str
    branch: str
    upstream: bool
    knows_author: bool
    changes: int
    problem: str
    """Why it could not be read at the last look, so that it is shown as it was before; empty if it
    was."""


class Elsewhere(msgspec.Struct, frozen=True, kw_only=True):
    """Folders in which sessions worked and no repository was ever read, for one reason."""

    why: str
    """One of `outcomes.whys`, or what git said."""
    folders: int
    """0 where no folder is logged."""
    example: str
    """One of them."""
    spent: Spent

    @property
    def is_unread(self) -> bool:
        """Whether a repository is there, in which more may have landed."""
        return is_unread(self.why)


class Places(msgspec.Struct, frozen=True):
    """All folders of some sessions; those in which most was spent come first."""

    repositories: tuple[RepositoryRow, ...] = ()
    elsewhere: tuple[Elsewhere, ...] = ()

    @property
    def unread(self) -> int:
        """Folders with a repository of which nothing is known."""
        return sum(group.folders for group in self.elsewhere if group.is_unread)


def whys_of(db: sqlite3.Connection) -> Mapping[str, str]:
    """Why no repository was ever read, by folder; empty for one in a repository."""
    rows: Iterable[tuple[str, str]] = db.execute(
        "select n.text, iif(w.repository, '', w.why) from workplace w"
        " join name n on n.id = w.project"
    )
    return dict(rows)


def why_nothing(whys: Mapping[str, str], project: str) -> str:
    """Why nothing is known of what a session there landed; empty if something can be."""
    return whys.get(project, NOT_YET) if project else NO_FOLDER


def load_places(
    db: sqlite3.Connection,
    filters: Filters,
    sessions: Iterable[SessionSpent],
    whys: Mapping[str, str],
) -> Places:
    """The repositories of the projects that are meant, and the other folders of these sessions."""
    folders: defaultdict[str, set[str]] = defaultdict(set)
    spent: defaultdict[str, list[Spent]] = defaultdict(list)
    for one in sessions:
        if why := why_nothing(whys, one.project):
            folders[why].add(one.project)
            spent[why].append(one.spent)
    groups = [
        Elsewhere(why=why, folders=len(names - {""}), example=min(names), spent=added(spent[why]))
        for why, names in folders.items()
    ]
    groups.sort(key=lambda group: (-(group.spent.nusd or 0), group.why))
    return Places(_repositories(db, filters), tuple(groups))


def repositories_of(db: sqlite3.Connection, filters: Filters) -> set[int]:
    """Numbers of the repositories of the projects that are meant."""
    rows = db.execute(
        "select w.repository, n.text from workplace w join name n on n.id = w.project"
        " where w.repository <> 0"
    )
    return {number for number, folder in rows if filters.has_project(folder)}


def _repositories(db: sqlite3.Connection, filters: Filters) -> tuple[RepositoryRow, ...]:
    meant = repositories_of(db, filters) if filters.projects else None
    rows = db.execute(
        "select r.id, r.folder, r.branch, r.upstream, r.mine,"
        " (select count(*) from change c where c.repository = r.id),"
        " (select max(why) from workplace w where w.repository = r.id"
        "  having min(why) <> '') from repository r order by r.folder"
    )
    return tuple(
        RepositoryRow(folder=folder, branch=branch, upstream=bool(upstream),
                      knows_author=bool(mine), changes=changes, problem=problem or "")
        for number, folder, branch, upstream, mine, changes, problem in rows
        if meant is None or number in meant
    )  # fmt: skip
