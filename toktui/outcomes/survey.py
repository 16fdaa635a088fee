"""Looks at the repositories in which sessions worked, and says what landed and who made it.

It reads the store and asks git; it writes nothing. What has not changed since the last look is not
looked at again: of a repository where only something was added, the last weeks.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, NamedTuple

from toktui.clock import DAY_MS
from toktui.outcomes.attribution import SQUASH_BEFORE_MS, link
from toktui.outcomes.chain import read_chain
from toktui.outcomes.found import Findings, Found, row_of
from toktui.outcomes.git import Git, GitError, NoGitError
from toktui.outcomes.landed import CONTEXT_MS, changes_in, other_addresses
from toktui.outcomes.looked import Looked, is_same, new_since, pack, stand, unpack, with_others
from toktui.outcomes.patches import Patches
from toktui.outcomes.places import Places
from toktui.outcomes.ran import LATEST_MS, exact_links
from toktui.outcomes.sizes import Extent, extents
from toktui.outcomes.work import Work
from toktui.text import clean

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Collection, Iterator, Mapping

    from toktui.outcomes.landed import Change
    from toktui.outcomes.repository import Repository

_BEFORE_MS: Final = DAY_MS
"""What landed so long before the first session in a repository is not looked at."""
_AROUND_MS: Final = LATEST_MS + CONTEXT_MS
"""How much of a chain before the first change tells what that is, and what was known to land."""
_FOR_ONE_S: Final = 120.0
_FOR_ALL_S: Final = 600.0

Span = tuple[str, str]


class _Task(NamedTuple):
    """A repository to look at, and what there is in the store to say of it."""

    repository: Repository
    projects: tuple[int, ...]
    before: Looked | None
    now: Looked


def survey(
    db: sqlite3.Connection,
    env: Mapping[str, str],
    emails: Collection[str],
    *,
    now_ms: int,
    root: str = "",
    stopped: Callable[[], bool] = lambda: False,
    whole: bool = False,
) -> Iterator[Findings]:
    """Looks at every repository once, part by part, those worked in last first; what could not be
    looked at in time is left as it is known. `root` stands before every folder; `whole` looks at
    all of each and measures every change anew, whatever is known.
    """
    began = time.monotonic()
    work = Work(db)

    def is_over(share: float = 1.0) -> bool:
        return stopped() or time.monotonic() - began > share * _FOR_ALL_S

    places = Places(env, emails)
    try:
        yield from places.find(work.folders, root, lambda: is_over(0.5))
        # The store is asked first how far it is: what comes meanwhile is new to the next look.
        tasks = [
            _Task(repository, projects, _looked(db, repository),
                  stand(work, repository, projects, now_ms))
            for repository, projects in places.repositories(db)
        ]  # fmt: skip
        surveyor = _Surveyor(db, work, env, now_ms, whole=whole)
        for task in tasks:
            if is_over():
                return
            yield surveyor.look(task)
    except NoGitError as error:
        yield Findings(nowhere=dict.fromkeys((each.number for each in work.folders), error.why))


def _looked(db: sqlite3.Connection, repository: Repository) -> Looked | None:
    row = db.execute(
        "select looked from repository where place = ?", (clean(repository.place, 4096),)
    ).fetchone()
    return unpack(row[0]) if row else None


class _Surveyor:
    def __init__(
        self, db: sqlite3.Connection, work: Work, env: Mapping[str, str], now_ms: int, *,
        whole: bool,
    ) -> None:  # fmt: skip
        self._db = db
        self._work = work
        self._env = env
        self._now_ms = now_ms
        self._whole = whole

    def look(self, task: _Task) -> Findings:
        """What is new in one repository."""
        if not self._whole and task.before is not None and is_same(task.before, task.now):
            return Findings(unchanged=dict.fromkeys(task.projects, task.repository.place))
        try:
            return Findings((self._look(task),))
        except NoGitError:
            raise
        except GitError as error:
            return Findings(nowhere=dict.fromkeys(task.projects, error.why))

    def _look(self, task: _Task) -> Found:
        repository, projects, before, now = task
        git = Git(repository.folder, self._env, within_s=_FOR_ONE_S)
        recent_ms = None if self._whole or before is None else new_since(before, now, self._work)
        chain = None
        if before is not None and recent_ms is not None:
            chain = read_chain(git, repository.tip, recent_ms - _AROUND_MS, before.tip)
        if recent_ms is None or chain is None or not chain.has_old:  # or it was written anew
            recent_ms = None
            first_ms = min(f.first_ms for f in self._work.folders if f.number in projects)
            chain = read_chain(git, repository.tip, first_ms - _BEFORE_MS - _AROUND_MS)
            since_ms = first_ms - _BEFORE_MS
        else:
            since_ms = recent_ms
        if chain.is_short and chain.commits:
            since_ms = max(since_ms, chain.commits[0].at_ms)
        every = changes_in(chain, repository.emails)
        changes = [c for c in every if since_ms <= c.at_ms <= self._now_ms + DAY_MS]
        begun_ms = min((change.begun_ms for change in changes), default=self._now_ms)
        stays = self._work.stays(projects, begun_ms - SQUASH_BEFORE_MS)
        patches = Patches(git, self._known_patches(repository))
        exact = exact_links(git, repository.tip, every, self._work.ran(projects), patches)
        meant = {change.hash for change in changes}
        exact = [one for one in exact if one.change in meant]
        sized = self._extents(git, repository, changes, again=recent_ms is None)
        return Found(
            repository=repository,
            projects=projects,
            rows=tuple(row_of(c, sized.get((c.before, c.hash))) for c in changes),
            links=tuple(
                link(changes, stays, exact, repository.local_name, self._work.parents())
            ),
            since_ms=since_ms if recent_ms is not None or chain.is_short else 0,
            patches=patches.used,
            looked=pack(
                with_others(
                    now,
                    before if recent_ms is not None else None,
                    other_addresses(chain, repository),
                )
            ),
        )

    def _extents(
        self, git: Git, repository: Repository, changes: Collection[Change], *, again: bool
    ) -> Mapping[Span, Extent]:
        """How large they are. What git could not compare before is only tried `again` now and
        then: it may take long."""
        known: dict[Span, Extent] = {}
        tried: set[Span] = set()
        if not self._whole:
            for before, hash_, files, lines in self._db.execute(
                "select c.before, c.hash, c.files, c.lines from change c join repository r"
                " on r.id = c.repository where r.place = ?",
                (clean(repository.place, 4096),),
            ):
                if files is not None:
                    known[before, hash_] = Extent(files, lines)
                elif not again:
                    tried.add((before, hash_))
        # The first commit of a shallow clone looks as if it had made everything.
        spans = [
            (change.before, change.hash) for change in changes
            if change.is_contiguous and (change.before or not repository.shallow)
        ]  # fmt: skip
        return known | extents(git, [s for s in spans if s not in known and s not in tried])

    def _known_patches(self, repository: Repository) -> Mapping[str, str]:
        return dict(
            self._db.execute(
                "select p.hash, p.patch from patch p join repository r on r.id = p.repository"
                " where r.place = ?",
                (clean(repository.place, 4096),),
            )
        )
