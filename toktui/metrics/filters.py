"""Which calls are meant: by agent, model, project, branch, and words that are found in these."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from fnmatch import fnmatchcase, translate
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    import sqlite3

Patterns = tuple[str, ...]


class Filters(msgspec.Struct, frozen=True):
    """What calls have to match; empty: all. Everything but `words` may be globs.

    Of several patterns in one field one has to fit; of several words each has to be found.
    """

    agents: Patterns = ()
    models: Patterns = ()
    """Match the log's own name or the rate book's."""
    projects: Patterns = ()
    """Match the folder; without a slash also its last part."""
    branches: Patterns = ()
    words: tuple[str, ...] = ()
    """Each is a part of the agent, of a name of the model, or of the project."""
    any_case: bool = False
    """Whether large and small letters are the same to the patterns; to words they always are."""

    def __bool__(self) -> bool:
        return any((self.agents, self.models, self.projects, self.branches, self.words))

    def has_agent(self, name: str) -> bool:
        """Whether an agent is meant."""
        return not self.agents or self._fits(name, self.agents)

    def has_model(self, name: str, priced_as: str | None = None) -> bool:
        """Whether a model is meant, by either of its names."""
        return (
            not self.models
            or self._fits(name, self.models)
            or self._fits(priced_as or "", self.models)
        )

    def has_project(self, folder: str) -> bool:
        """Whether a project is meant."""
        return not self.projects or matches_folder(folder, self.projects, any_case=self.any_case)

    def has_branch(self, name: str) -> bool:
        """Whether a branch is meant."""
        return not self.branches or self._fits(name, self.branches)

    def fits(
        self, *, agent: str, model: str, priced_as: str | None, project: str, branch: str
    ) -> bool:
        """Whether a call is meant."""
        return (
            self.has_agent(agent)
            and self.has_model(model, priced_as)
            and self.has_project(project)
            and self.has_branch(branch)
            and all(
                any(word in name.casefold() for name in (agent, model, priced_as or "", project))
                for word in map(str.casefold, self.words)
            )
        )

    def _fits(self, name: str, patterns: Patterns) -> bool:
        return matches(name, patterns, any_case=self.any_case)


NO_FILTERS: Final = Filters()


@lru_cache(maxsize=1 << 14)
def matches(name: str, patterns: Patterns, *, any_case: bool = False) -> bool:
    """Whether a name is one of the patterns, or fits one as a glob."""
    if any_case:
        return name != "" and any(_in_any_case(p).match(name.casefold()) for p in patterns)
    return name != "" and any(name == p or fnmatchcase(name, p) for p in patterns)


def matches_folder(folder: str, patterns: Patterns, *, any_case: bool = False) -> bool:
    """Whether a folder or its last part fits; a pattern with a slash is about the whole folder."""
    last = folder.rstrip("/").rpartition("/")[2]
    without_slash = tuple(p for p in patterns if "/" not in p)
    return matches(folder, patterns, any_case=any_case) or matches(
        last, without_slash, any_case=any_case
    )


@lru_cache(maxsize=256)
def _in_any_case(pattern: str) -> re.Pattern[str]:
    return re.compile(translate(pattern.casefold()))


class Columns(msgspec.Struct, frozen=True):
    """Where a table has the numbers of names that filters are about; None: not at all."""

    agent: str
    model: str
    priced: str
    project: str | None
    branch: str | None


def columns_of(table: str) -> Columns:
    """Of a table, or what stands for one, that has all of them."""
    names = ("agent", "model", "priced", "project", "branch")
    return Columns(*(f"{table}.{name}" for name in names))


def conditions(
    db: sqlite3.Connection, filters: Filters, columns: Columns, *, without: Collection[str] = ()
) -> list[str]:
    """What has to be true of a row that is meant, as SQL without values: numbers of names only.

    `without` names fields that the table cannot tell.
    """
    if not filters:
        return []
    found = db.execute("select id, text from name where id <> 0").fetchall()

    def numbers(fits: Callable[[str], bool]) -> str:
        return _in_sql(number for number, text in found if fits(text))

    where: list[str] = []
    if filters.agents:
        where.append(f"{columns.agent} in ({numbers(filters.has_agent)})")
    if filters.models:
        models = numbers(filters.has_model)
        where.append(f"({columns.model} in ({models}) or {columns.priced} in ({models}))")
    if filters.projects:
        where.append(f"{columns.project} in ({numbers(filters.has_project)})")
    if filters.branches and "branches" not in without:
        where.append(f"{columns.branch} in ({numbers(filters.has_branch)})")
    places = [columns.agent, columns.model, columns.priced]
    places += [columns.project] if columns.project else []
    for word in map(str.casefold, filters.words):
        named = _in_sql(number for number, text in found if word in text.casefold())
        where.append("(" + " or ".join(f"{place} in ({named})" for place in places) + ")")
    return where


def _in_sql(numbers: Iterable[int]) -> str:
    return ", ".join(str(int(number)) for number in numbers)
