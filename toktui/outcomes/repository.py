"""Which repository a folder is in, whose it is, and where its changes land."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

import msgspec

from toktui.outcomes import whys
from toktui.outcomes.git import Git, GitError, NoGitError
from toktui.text import clean

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

_DEFAULTS: Final = ("main", "master", "trunk")
_REMOTE: Final = "refs/remotes/"
_LOCAL: Final = "refs/heads/"


class Repository(msgspec.Struct, frozen=True, kw_only=True):
    """A repository, one for all its worktrees."""

    place: str
    """Its common git folder, which tells it from others."""
    folder: str
    """A folder in it that is there."""
    ref: str
    """The branch on which changes land, in full."""
    tip: str
    """The newest commit there."""
    upstream: bool
    """The branch is a remote's; else there is no remote, and what lands is what is committed."""
    shallow: bool
    emails: frozenset[str]
    """Lower case, of the user."""

    @property
    def branch(self) -> str:
        """The branch as people say it: `origin/main`, `main`."""
        return clean(self.ref.removeprefix(_REMOTE).removeprefix(_LOCAL), 120)

    @property
    def local_name(self) -> str:
        """What the branch is called where one works on it: `main`."""
        name = self.ref.removeprefix(_LOCAL)
        return name.removeprefix(_REMOTE).partition("/")[2] if self.upstream else name


def nearest_folder(folder: str) -> str:
    """The folder, or where it was: a worktree that is gone lay most often in its repository."""
    while folder and not os.path.isdir(folder):
        above = os.path.dirname(folder)
        if above == folder:
            return ""
        folder = above
    return folder if os.path.isabs(folder) else ""


def find_repository(
    folder: str, env: Mapping[str, str], emails: Collection[str]
) -> Repository:
    """The repository that holds a folder; GitError with the reason where there is none."""
    start = nearest_folder(folder)
    if not start or (start != folder and start in ("/", env.get("HOME", ""))):
        raise GitError(whys.FOLDER_GONE)
    git = Git(start, env)
    try:
        said = git.ask("rev-parse", "--path-format=absolute", "--is-shallow-repository",
                       "--is-bare-repository", "--git-common-dir")  # fmt: skip
    except NoGitError:
        raise
    except GitError as error:
        raise (error if start == folder else GitError(whys.FOLDER_GONE)) from None
    shallow, bare, place = [*os.fsdecode(said).removesuffix("\n").split("\n", 2), "", ""][:3]
    ref, tip, upstream = _lands_on(git, bare=bare == "true")
    own = git.line("config", "--get", "user.email")
    return Repository(
        place=place,
        folder=start,
        ref=ref,
        tip=tip,
        upstream=upstream,
        shallow=shallow == "true",
        emails=frozenset(mail.strip().lower() for mail in (own, *emails) if mail.strip()),
    )


def _lands_on(git: Git, *, bare: bool) -> tuple[str, str, bool]:
    """The ref of the default branch, its tip, and whether it is a remote's."""
    remotes = git.ask("remote").decode("utf-8", "replace").split("\n")
    remotes = sorted(filter(None, remotes), key=lambda name: (name != "origin", name))
    for remote in remotes:
        named = git.line("symbolic-ref", "-q", f"{_REMOTE}{remote}/HEAD")
        candidates = [named, *(f"{_REMOTE}{remote}/{name}" for name in _DEFAULTS)]
        found = _first_there(git, candidates)
        if found:
            return (*found, True)
    if remotes and not bare:  # a bare clone has the remote's branches as its own
        raise GitError(whys.NO_DEFAULT)
    head = git.line("symbolic-ref", "-q", "HEAD")
    candidates = [*(f"{_LOCAL}{name}" for name in _DEFAULTS), head]
    found = _first_there(git, candidates)
    if found is None:
        raise GitError(whys.NO_COMMIT)
    return (*found, False)


def _first_there(git: Git, refs: list[str]) -> tuple[str, str] | None:
    for ref in refs:
        if ref.startswith("refs/"):
            tip = git.line("rev-parse", "-q", "--verify", "--end-of-options", f"{ref}^{{commit}}")
            if tip:
                return ref, tip
    return None
