"""What the store knows of the work in folders: who worked when on which branch, which commits
sessions ran, and how much of it there is, so that a look at a repository knows what is new."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from toktui.clock import DAY_MS, QUARTER_MS
from toktui.facts import decode_ran
from toktui.outcomes.attribution import STEP_MS, Stay
from toktui.outcomes.folders import folders
from toktui.outcomes.ran import Ran

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Iterable, Mapping


class Folder(NamedTuple):
    """A folder in which sessions worked; times are of the first and the last quarter of an hour."""

    number: int
    path: str
    first_ms: int
    last_ms: int


class Told(NamedTuple):
    """What a log tells of a commit, in the order of the sessions that made it."""

    first_ms: int
    key: str
    session: int
    at_ms: int
    hash: str
    projects: frozenset[int]
    """Folders in which the session worked."""


class Work:
    """Reads from one state of the store what several repositories ask for."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._told: list[Told] | None = None
        self._parents: dict[int, int] | None = None
        self._days: dict[int, list[tuple[int, int]]] | None = None
        self._stays: tuple[int, dict[int, list[tuple[int, str, int]]]] | None = None
        rows: Iterable[tuple[int, str, int, int]] = db.execute(
            "select n.id, n.text, min(q.quarter), max(q.quarter) from quarter q"
            " join name n on n.id = q.project where n.text <> '' group by n.id order by 4 desc, 2"
        )
        places: dict[int, str] = dict(folders(db))
        self.folders = [
            Folder(number, places.get(number) or name, first * QUARTER_MS, last * QUARTER_MS)
            for number, name, first, last in rows
        ]
        """All of them, the one worked in last first."""

    def calls(self, projects: Iterable[int], before_ms: int | None = None) -> int:
        """How many there were in these folders, up to the beginning of a day of UTC."""
        if self._days is None:
            self._days = self._read_days()
        last = None if before_ms is None else before_ms // DAY_MS
        return sum(
            calls
            for project in projects
            for day, calls in self._days.get(project, ())
            if last is None or day < last
        )

    def commits(self, projects: Collection[int], before_ms: int | None = None) -> int:
        """How many commits logs tell of whose sessions worked in these folders, up to a time."""
        return sum(
            not told.projects.isdisjoint(projects)
            and (before_ms is None or told.at_ms < before_ms)
            for told in self._all_told()
        )

    def ran(self, projects: Collection[int]) -> list[Ran]:
        """What logs say of commits of sessions that worked in these folders, the earliest session
        first."""
        return [
            Ran(told.session, told.hash, told.at_ms)
            for told in self._all_told()
            if not told.projects.isdisjoint(projects)
        ]

    def parents(self) -> Mapping[int, int]:
        """The session that started another one, by that one's number."""
        if self._parents is None:
            self._parents = dict(
                self._db.execute(
                    "select s.id, p.id from session s join session p"
                    " on p.agent = s.agent and p.key = s.parent where s.parent <> ''"
                )
            )
        return self._parents

    def stays(self, projects: Iterable[int], since_ms: int) -> list[Stay]:
        """Who worked in these folders when and on which branch."""
        if self._stays is None or self._stays[0] > since_ms:
            # Who asked for more than was read once reads everything: a scan for each is dearer.
            first_ms = 0 if self._stays else since_ms
            self._stays = (first_ms, self._read_stays(first_ms))
        quarters: defaultdict[tuple[int, str], set[int]] = defaultdict(set)
        for project in projects:
            for session, branch, quarter in self._stays[1].get(project, ()):
                if quarter * STEP_MS >= since_ms:
                    quarters[session, branch].add(quarter)
        return [Stay(session, branch, frozenset(at)) for (session, branch), at in quarters.items()]

    def _read_stays(self, since_ms: int) -> dict[int, list[tuple[int, str, int]]]:
        since_ms -= since_ms % STEP_MS
        rows = self._db.execute(
            f"select distinct c.project, c.session, b.text, c.at_ms / {STEP_MS}"
            " from session s cross join call c on c.session = s.id and c.at_ms >= ?1"
            " join name b on b.id = c.branch where s.last_ms >= ?1",
            (since_ms,),
        )
        found: defaultdict[int, list[tuple[int, str, int]]] = defaultdict(list)
        for project, session, branch, quarter in rows:
            found[project].append((session, branch, quarter))
        return found

    def _read_days(self) -> dict[int, list[tuple[int, int]]]:
        found: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
        rows = self._db.execute(
            f"select project, quarter / {DAY_MS // QUARTER_MS} as day, sum(calls) from quarter"
            " group by project, day"
        )
        for project, day, calls in rows:
            found[project].append((day, calls))
        return found

    def _all_told(self) -> list[Told]:
        if self._told is None:
            self._told = sorted(set(self._read_told()), key=lambda told: told[:5])
        return self._told

    def _read_told(self) -> Iterable[Told]:
        worked: dict[int, frozenset[int]] = {}
        told = self._db.execute(
            "select f.subject, f.body, f.at_ms, l.agent from fact f join log l on l.id = f.log"
            " where f.kind = 'commit' and f.at_ms is not null"
        ).fetchall()
        for name, body, at_ms, agent in told:
            key = decode_ran(body).session
            session = self._db.execute(
                "select id, first_ms from session"
                " where agent = ? and key = ? and last_ms is not null",
                (agent, key),
            ).fetchone()
            if session is None:
                continue
            number, first_ms = session
            if number not in worked:
                rows = self._db.execute(
                    "select distinct project from call where session = ?", (number,)
                )
                worked[number] = frozenset(project for (project,) in rows)
            yield Told(first_ms, key, number, at_ms, name, worked[number])
