"""Which repositories the folders are in where sessions worked, and why others are in none."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from toktui.outcomes.found import Findings
from toktui.outcomes.git import GitError, NoGitError
from toktui.outcomes.repository import find_repository, find_root
from toktui.outcomes.whys import NO_FOLDER
from toktui.text import clean

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from toktui.outcomes.repository import Repository
    from toktui.outcomes.work import Folder

_AT_ONCE: Final = 200
"""Folders in one part of the answer."""


class Places:
    """Finds them; git is asked once for all folders below one that looks like a repository."""

    def __init__(self, env: Mapping[str, str], emails: Collection[str]) -> None:
        self._env = env
        self._emails = emails
        self._asked: dict[str, Repository | GitError] = {}
        self._found: dict[str, tuple[Repository, set[int]]] = {}
        self._seen: set[int] = set()

    def find(
        self, folders: Sequence[Folder], root: str, is_over: Callable[[], bool]
    ) -> Iterator[Findings]:
        """Says of the folders that are in no repository why; gives up when the time is over."""
        nowhere: dict[int, str] = {}
        for folder in folders:
            if is_over():
                break
            self._seen.add(folder.number)
            if not os.path.isabs(folder.path):
                nowhere[folder.number] = NO_FOLDER
                continue
            try:
                repository = self._repository(root + folder.path)
            except NoGitError:
                raise
            except GitError as error:
                nowhere[folder.number] = error.why
            else:
                place = self._found.setdefault(repository.place, (repository, set()))
                place[1].add(folder.number)
            if len(nowhere) >= _AT_ONCE:
                yield Findings(nowhere=nowhere)
                nowhere = {}
        if nowhere:
            yield Findings(nowhere=nowhere)

    def repositories(
        self, db: sqlite3.Connection
    ) -> Iterator[tuple[Repository, tuple[int, ...]]]:
        """Each with the numbers of its folders; one that there was no time for is where it was."""
        for place, (repository, folders) in self._found.items():
            rows = db.execute(
                "select w.project from workplace w join repository r on r.id = w.repository"
                " where r.place = ?",
                (clean(place, 4096),),
            )
            known = {number for (number,) in rows if number not in self._seen}
            yield repository, tuple(sorted(folders | known))

    def _repository(self, folder: str) -> Repository:
        top = find_root(folder, self._env)
        if top not in self._asked:
            try:
                self._asked[top] = find_repository(top, self._env, self._emails)
            except NoGitError:
                raise
            except GitError as error:
                self._asked[top] = error
        found = self._asked[top]
        if isinstance(found, GitError):
            raise found
        return found
