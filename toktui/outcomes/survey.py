"""Looks at all repositories in which sessions worked, and says what landed and who made it.

It reads the store and asks git; it writes nothing, so it runs beside the writer in a thread of its
own.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

import msgspec

from toktui.clock import DAY_MS
from toktui.facts import decode_ran
from toktui.outcomes.attribution import STEP_MS, Link, Stay, link
from toktui.outcomes.git import Git, GitError, NoGitError
from toktui.outcomes.landed import Change, read_changes
from toktui.outcomes.ran import Ran, exact_links
from toktui.outcomes.repository import Repository, find_repository
from toktui.outcomes.sizes import Extent, extents
from toktui.text import clean

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Collection, Mapping, Sequence

_BEFORE_MS: Final = DAY_MS
"""What landed so long before the first session in a repository is not looked at."""

Span = tuple[str, str]


class Found(msgspec.Struct, frozen=True):
    """What was found in one repository."""

    repository: Repository
    projects: frozenset[int]
    """Numbers of the folders' names."""
    changes: tuple[Change, ...]
    extents: Mapping[Span, Extent]
    links: tuple[Link, ...]


class Findings(msgspec.Struct, frozen=True):
    """What was found in all of them; `nowhere` says of the other folders why there is nothing."""

    found: tuple[Found, ...] = ()
    nowhere: Mapping[int, str] = {}


def survey(
    db: sqlite3.Connection,
    env: Mapping[str, str],
    emails: Collection[str],
    *,
    root: str = "",
    stopped: Callable[[], bool] = lambda: False,
) -> Findings:
    """Looks at every repository once. What cannot be read now keeps what is stored of it.

    `root` stands before every folder.
    """
    places: dict[str, tuple[Repository, set[int]]] = {}
    nowhere: dict[int, str] = {}
    for number, folder in _projects(db):
        if stopped():
            return Findings()
        try:
            repository = find_repository(root + folder, env, emails)
        except NoGitError as error:
            return Findings(nowhere=dict.fromkeys((n for n, _ in _projects(db)), error.why))
        except GitError as error:
            nowhere[number] = error.why
            continue
        _, projects = places.setdefault(repository.place, (repository, set()))
        projects.add(number)
    found: list[Found] = []
    for repository, projects in places.values():
        if stopped():
            return Findings()
        try:
            found.append(_look(db, repository, frozenset(projects), env))
        except GitError as error:
            nowhere |= dict.fromkeys(projects, error.why)
    return Findings(tuple(found), nowhere)


def _projects(db: sqlite3.Connection) -> list[tuple[int, str]]:
    return db.execute(
        "select id, text from name where id in (select distinct project from quarter)"
        " and text <> '' order by text"
    ).fetchall()


def _look(
    db: sqlite3.Connection, repository: Repository, projects: frozenset[int],
    env: Mapping[str, str],
) -> Found:  # fmt: skip
    git = Git(repository.folder, env)
    stays, since_ms = _stays(db, projects)
    changes = read_changes(git, repository, since_ms - _BEFORE_MS)
    known = _known_extents(db, repository)
    spans = [(c.before, c.hash) for c in changes if _can_be_sized(c, repository)]
    known |= extents(git, [span for span in spans if span not in known])
    ran = exact_links(git, repository.tip, changes, _ran(db, {stay.session for stay in stays}))
    links = link(changes, stays, ran, repository.local_name)
    sized = {span: known[span] for span in spans if span in known}
    return Found(repository, projects, tuple(changes), sized, tuple(links))


def _can_be_sized(change: Change, repository: Repository) -> bool:
    """The first commit of a shallow clone looks as if it had made everything."""
    return change.is_contiguous and (bool(change.before) or not repository.shallow)


def _stays(db: sqlite3.Connection, projects: frozenset[int]) -> tuple[list[Stay], int]:
    """Who worked there when and on which branch, and when the first call was."""
    quarters: defaultdict[tuple[int, str], set[int]] = defaultdict(set)
    rows = db.execute(
        f"select distinct c.session, b.text, c.at_ms / {STEP_MS} from call c"
        f" join name b on b.id = c.branch where c.project in ({_list(projects)})"
    )
    first: int | None = None
    for session, branch, quarter in rows:
        quarters[session, branch].add(quarter)
        first = quarter if first is None else min(first, quarter)
    stays = [Stay(session, branch, frozenset(at)) for (session, branch), at in quarters.items()]
    return stays, (first or 0) * STEP_MS


def _ran(db: sqlite3.Connection, sessions: Collection[int]) -> list[Ran]:
    """What logs say of commits that these sessions made, the earliest session first."""
    rows = db.execute(
        "select f.subject, f.body, f.at_ms, l.agent from fact f join log l on l.id = f.log"
        " where f.kind = 'commit' and f.at_ms is not null"
    )
    all_of_them = db.execute("select id, agent, key, first_ms from session")
    known = {
        (agent, key): (first_ms, key, number)
        for number, agent, key, first_ms in all_of_them
        if number in sessions
    }
    found: list[tuple[tuple[int, str, int], int, str]] = []
    for name, body, at_ms, agent in rows:
        session = known.get((agent, decode_ran(body).session))
        if session is not None:
            found.append((session, at_ms, name))
    return [Ran(session[2], name, at_ms) for session, at_ms, name in sorted(set(found))]


def _list(numbers: Collection[int]) -> str:
    return ", ".join(str(int(number)) for number in numbers)


def _known_extents(db: sqlite3.Connection, repository: Repository) -> dict[Span, Extent]:
    rows = db.execute(
        "select c.before, c.hash, c.files, c.lines from change c"
        " join repository r on r.id = c.repository where r.place = ? and c.files is not null",
        (clean(repository.place, 4096),),
    )
    return {(before, hash_): Extent(files, lines) for before, hash_, files, lines in rows}


def keep(db: sqlite3.Connection, findings: Findings) -> None:
    """Writes what was found over what was known of the same repositories; in a transaction."""
    for number, why in findings.nowhere.items():
        db.execute(
            "insert into workplace (project, repository, why) values (?, 0, ?)"
            " on conflict (project) do update set why = excluded.why",
            (number, why),
        )
    for found in findings.found:
        _keep(db, found)
    db.execute(
        "delete from repository where id not in (select repository from workplace)"
    )
    db.execute("delete from change where repository not in (select id from repository)")
    db.execute("delete from link where change not in (select id from change)")


def _keep(db: sqlite3.Connection, found: Found) -> None:
    r = found.repository
    (number,) = db.execute(
        "insert into repository (place, folder, branch, upstream, tip, mine)"
        " values (?, ?, ?, ?, ?, ?) on conflict (place) do update set folder = excluded.folder,"
        " branch = excluded.branch, upstream = excluded.upstream, tip = excluded.tip,"
        " mine = excluded.mine returning id",
        (clean(r.place, 4096), clean(r.folder, 4096), r.branch, r.upstream, r.tip, bool(r.emails)),
    ).fetchone()
    db.executemany(
        "insert or replace into workplace (project, repository, why) values (?, ?, '')",
        [(project, number) for project in found.projects],
    )
    db.execute(
        "delete from link where change in (select id from change where repository = ?)", (number,)
    )
    hashes = {change.hash for change in found.changes}
    stored = db.execute("select id, hash from change where repository = ?", (number,)).fetchall()
    db.executemany("delete from change where id = ?", [(i,) for i, h in stored if h not in hashes])
    for change in found.changes:
        _keep_change(db, number, change, found.extents.get((change.before, change.hash)))
    db.executemany(
        "insert or replace into link (session, change, reason)"
        " select ?, id, ? from change where repository = ? and hash = ?",
        [(one.session, one.reason, number, one.change) for one in found.links],
    )


def _keep_change(
    db: sqlite3.Connection, repository: int, change: Change, extent: Extent | None
) -> None:
    files, lines, size = (*extent, extent.size) if extent else (None, None, None)
    values: Sequence[object] = (
        repository, change.hash, change.before, change.at_ms, change.begun_ms, change.kind,
        len(change.commits) + len(change.merged), clean(change.branch, 120), change.subject,
        files, lines, size, change.reverted_ms, change.reverted_by,
    )  # fmt: skip
    db.execute(
        "insert into change (repository, hash, before, at_ms, begun_ms, kind, commits, branch,"
        " subject, files, lines, size, reverted_ms, reverted_by)"
        f" values ({', '.join('?' * len(values))})"
        " on conflict (repository, hash) do update set before = excluded.before,"
        " at_ms = excluded.at_ms, begun_ms = excluded.begun_ms, kind = excluded.kind,"
        " commits = excluded.commits, branch = excluded.branch, subject = excluded.subject,"
        " files = excluded.files, lines = excluded.lines, size = excluded.size,"
        " reverted_ms = excluded.reverted_ms, reverted_by = excluded.reverted_by",
        values,
    )
