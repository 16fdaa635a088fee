"""Which repository a folder is in, whose it is, and where its changes land."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

import msgspec

from toktui.outcomes import whys
from toktui.outcomes.git import Git, GitError, NoGitError
from toktui.text import clean

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

_DEFAULTS: Final = ("main", "master", "trunk")
_REMOTE: Final = "refs/remotes/"
_LOCAL: Final = "refs/heads/"
_MOST_REMOTES: Final = 50
_DEEPEST: Final = 64


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
    name: str = ""
    """The user's, as git has it there; empty: not known."""

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


def find_root(folder: str, env: Mapping[str, str]) -> str:
    """The folder at or above one that looks like a repository or a worktree, without asking git;
    GitError with the reason where there is none."""
    start = nearest_folder(folder)
    is_gone = start != folder
    if not start or (is_gone and start in ("/", env.get("HOME", ""))):
        raise GitError(whys.FOLDER_GONE)
    at = start
    for _ in range(_DEEPEST):
        if os.path.lexists(os.path.join(at, ".git")) or _is_bare(at):
            return at
        above = os.path.dirname(at)
        if above == at:
            break
        at = above
    raise GitError(whys.FOLDER_GONE if is_gone else whys.NO_REPOSITORY)


def _is_bare(folder: str) -> bool:
    return all(os.path.lexists(os.path.join(folder, name)) for name in ("HEAD", "objects", "refs"))


def find_repository(
    folder: str, env: Mapping[str, str], emails: Collection[str]
) -> Repository:
    """The repository that holds a folder; GitError with the reason where there is none."""
    root = find_root(folder, env)
    git = Git(root, env)
    said = git.ask("rev-parse", "--path-format=absolute", "--is-shallow-repository",
                   "--is-bare-repository", "--git-common-dir")  # fmt: skip
    shallow, bare, place = [*os.fsdecode(said).removesuffix("\n").split("\n", 2), "", ""][:3]
    if {shallow, bare} - {"true", "false"} or not os.path.isabs(place):
        raise GitError(whys.GIT_OLD)
    own, name, remotes = _settings(git)
    # A bare clone has the remote's branches as its own.
    upstream = bool(remotes) and bare != "true"
    ref, tip = _upstream(git, remotes) if upstream else _local(git)
    return Repository(
        place=place,
        folder=root,
        ref=ref,
        tip=tip,
        upstream=upstream,
        shallow=shallow == "true",
        emails=frozenset(mail.strip().lower() for mail in (own, *emails) if mail.strip()),
        name=clean(name, 120).strip(),
    )


def _settings(git: Git) -> tuple[str, str, list[str]]:
    """The user's address and name there, and the names of the remotes, `origin` first."""
    wanted = r"^(user\.(email|name)|remote\..*\.(url|fetch))$"
    try:
        said = git.ask("config", "-z", "--get-regexp", wanted)
    except NoGitError:
        raise
    except GitError:
        return "", "", []  # there is none of these
    user = {"user.email": "", "user.name": ""}
    remotes: set[str] = set()
    for entry in said.decode("utf-8", "replace").split("\0"):
        key, _, value = entry.partition("\n")
        if key in user:
            user[key] = value  # the last one counts
        elif key:
            remotes.add(key.partition(".")[2].rpartition(".")[0])
    ordered = sorted(remotes, key=lambda name: (name != "origin", name))
    return user["user.email"], user["user.name"], ordered[:_MOST_REMOTES]


def _upstream(git: Git, remotes: Sequence[str]) -> tuple[str, str]:
    """The default branch of the first remote of which it is known, and its tip."""
    names = [f"{_REMOTE}{remote}/{name}" for remote in remotes for name in ("HEAD", *_DEFAULTS)]
    refs = _refs(git, names)
    for remote in remotes:
        tip, target = refs.get(f"{_REMOTE}{remote}/HEAD", ("", ""))
        if tip and target.startswith(_REMOTE):
            return target, tip
        for name in _DEFAULTS:
            ref = f"{_REMOTE}{remote}/{name}"
            if ref in refs:
                return ref, refs[ref][0]
    raise GitError(whys.NO_DEFAULT)


def _local(git: Git) -> tuple[str, str]:
    """The branch that is most likely the one on which changes land, and its tip."""
    refs = _refs(git, [_LOCAL])
    head = git.line("symbolic-ref", "-q", "HEAD")
    only = next(iter(refs)) if len(refs) == 1 else ""
    for ref in (*(f"{_LOCAL}{name}" for name in _DEFAULTS), head, only):
        if ref in refs:
            return ref, refs[ref][0]
    raise GitError(whys.NO_BRANCH if refs else whys.NO_COMMIT)


def _refs(git: Git, patterns: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Commit and, of a symbolic one, target of the references that are there."""
    form = "%(refname)%00%(objectname)%00%(symref)%00%(objecttype)"
    said = git.ask("for-each-ref", f"--format={form}", *patterns)
    found: dict[str, tuple[str, str]] = {}
    for line in said.decode("utf-8", "replace").splitlines():
        name, tip, target, kind = [*line.split("\0"), "", "", ""][:4]
        if kind == "commit":
            found[name] = (tip, target)
    return found
