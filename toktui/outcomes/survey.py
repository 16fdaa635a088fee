"""Looks at all repositories in which sessions worked, and says what landed and who made it.

It reads the store and asks git; it writes nothing, so it runs beside the writer in a thread of its
own.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from toktui.clock import DAY_MS
from toktui.facts import decode_ran
from toktui.outcomes.attribution import STEP_MS, Stay, link
from toktui.outcomes.folders import folders
from toktui.outcomes.found import Findings, Found, row_of
from toktui.outcomes.git import Git, GitError, NoGitError
from toktui.outcomes.landed import Change, read_changes
from toktui.outcomes.ran import Ran, exact_links
from toktui.outcomes.repository import Repository, find_repository
from toktui.outcomes.sizes import Extent, extents
from toktui.text import clean

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Collection, Mapping

_BEFORE_MS: Final = DAY_MS
"""What landed so long before the first session in a repository is not looked at."""

Span = tuple[str, str]


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
    named = folders(db)
    for number, folder in named:
        if stopped():
            return Findings()
        try:
            repository = find_repository(root + folder, env, emails)
        except NoGitError as error:
            return Findings(nowhere=dict.fromkeys((n for n, _ in named), error.why))
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
    rows = tuple(row_of(change, known.get((change.before, change.hash))) for change in changes)
    return Found(repository, tuple(sorted(projects)), rows, tuple(links))


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
