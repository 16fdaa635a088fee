"""Where it was looked for landed changes, and where nothing can be said of them, and why."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import msgspec

from toktui.metrics.outcome_spent import Group, Spent, added
from toktui.outcomes.looked import unpack
from toktui.outcomes.whys import NO_FOLDER, NOT_YET, is_unread

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping

    from toktui.metrics.filters import Filters


class RepositoryRow(msgspec.Struct, frozen=True, kw_only=True):
    """A repository that was read."""

    folder: str
    branch: str
    upstream: bool
    knows_author: bool
    changes: int
    other_addresses: tuple[str, ...]
    """Of commits there by the user's name, which are not known as the user's; some of them."""
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
    def other_addresses(self) -> tuple[str, ...]:
        """Addresses by which commits may be the user's, sorted."""
        return tuple(sorted({one for r in self.repositories for one in r.other_addresses}))

    @property
    def unread(self) -> int:
        """Folders with a repository of which nothing is known."""
        return sum(group.folders for group in self.elsewhere if group.is_unread)


def whys_of(db: sqlite3.Connection) -> Mapping[int, str]:
    """Why no repository was ever read, by the number of the folder; empty for one in a
    repository."""
    return dict(db.execute("select project, iif(repository, '', why) from workplace"))


def why_nothing(whys: Mapping[int, str], project: int) -> str:
    """Why nothing is known of what a session there landed; empty if something can be."""
    return whys.get(project, NOT_YET) if project else NO_FOLDER


def load_places(
    db: sqlite3.Connection, filters: Filters, groups: Iterable[Group], whys: Mapping[int, str]
) -> Places:
    """The repositories of the projects that are meant, and the other folders of these sessions."""
    folders: defaultdict[str, set[int]] = defaultdict(set)
    spent: defaultdict[str, list[Spent]] = defaultdict(list)
    for group in groups:
        if why := why_nothing(whys, group.project):
            folders[why].add(group.project)
            spent[why].append(group.spent)
    found = [
        Elsewhere(why=why, folders=len(numbers - {0}), example=_name(db, min(numbers)),
                  spent=added(spent[why]))
        for why, numbers in folders.items()
    ]  # fmt: skip
    found.sort(key=lambda one: (-(one.spent.nusd or 0), one.why))
    return Places(_repositories(db, filters), tuple(found))


def repositories_of(db: sqlite3.Connection, filters: Filters) -> set[int]:
    """Numbers of the repositories of the projects that are meant."""
    rows = db.execute(
        "select w.repository, n.text from workplace w join name n on n.id = w.project"
        " where w.repository <> 0"
    )
    return {number for number, folder in rows if filters.has_project(folder)}


def _name(db: sqlite3.Connection, number: int) -> str:
    return str(db.execute("select text from name where id = ?", (number,)).fetchone()[0])


def _repositories(db: sqlite3.Connection, filters: Filters) -> tuple[RepositoryRow, ...]:
    meant = repositories_of(db, filters) if filters.projects else None
    problems: dict[int, str] = dict(
        db.execute(
            "select repository, max(why) from workplace where repository <> 0"
            " group by repository having min(why) <> ''"
        )
    )
    rows = db.execute(
        "select r.id, r.folder, r.branch, r.upstream, r.mine,"
        " (select count(*) from change c where c.repository = r.id), r.looked from repository r"
        " order by r.folder"
    )
    return tuple(
        RepositoryRow(folder=folder, branch=branch, upstream=bool(upstream),
                      knows_author=bool(mine), changes=changes, problem=problems.get(number, ""),
                      other_addresses=_others(looked))
        for number, folder, branch, upstream, mine, changes, looked in rows
        if meant is None or number in meant
    )  # fmt: skip


def _others(packed: bytes) -> tuple[str, ...]:
    looked = unpack(packed)
    return looked.others if looked else ()
