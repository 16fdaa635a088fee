"""Reads commits: the first-parent chain of a branch, and what each merge on it brought."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import msgspec

from toktui.outcomes import whys
from toktui.outcomes.git import Git, GitError
from toktui.text import clean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

MOST_COMMITS: Final = 20_000
"""Of a chain, the newest; what landed before is not looked at."""
_MOST_READ: Final = 50_000
"""Commits of the chain and of what was merged, at one look."""
_MOST_MERGED: Final = 500
_LOOKED_AT: Final = 16_384
"""Letters of a message that are looked at."""
_FIELDS: Final = "%H%x00%T%x00%P%x00%at%x00%ct%x00%ae%x00%aE%x00%an%x00%s%x00%b%x00"
_COUNT: Final = 10
_LOG: Final = ("log", "-z", f"--format=tformat:{_FIELDS}", "--no-show-signature")

_REVERTS: Final = re.compile(r"This reverts (?:merge )?commit ([0-9a-f]{7,64})")
_REVERTS_PULL: Final = re.compile(r"^Reverts \S*#(\d+)", re.MULTILINE)
_PULL: Final = re.compile(r"\(#(\d+)\)$")
_MERGE_PULL: Final = re.compile(r"Merge pull request #(\d+) from [^/\s]+/(\S+)")
_MERGE_BRANCH: Final = re.compile(r"Merge (?:remote-tracking )?branch '([^']+)'")
_CO_AUTHOR: Final = re.compile(r"^co-authored-by:.*<([^<>\s]+)>\s*$", re.IGNORECASE | re.MULTILINE)


class Commit(msgspec.Struct, frozen=True, kw_only=True):
    """A commit, as git has it: times are what clocks said."""

    hash: str
    tree: str
    parents: tuple[str, ...]
    author_ms: int
    at_ms: int
    emails: frozenset[str]
    """Of its author, as written and as `.mailmap` has it, and of its co-authors; lower case."""
    author: tuple[str, str] = ("", "")
    """Name and address as written, clean."""
    subject: str
    reverts: tuple[str, ...] = ()
    """Hashes, most often abbreviated, that its message says it takes back."""
    reverts_pulls: tuple[str, ...] = ()

    @property
    def before(self) -> str:
        """Its first parent; empty if it has none."""
        return self.parents[0] if self.parents else ""

    @property
    def is_merge(self) -> bool:
        """Whether it has several parents."""
        return len(self.parents) > 1

    @property
    def pull(self) -> str:
        """The number of the pull request that it is."""
        found = _MERGE_PULL.match(self.subject) or _PULL.search(self.subject)
        return found[1] if found else ""

    @property
    def merged_branch(self) -> str:
        """The branch that a merge's message names."""
        found = _MERGE_PULL.match(self.subject)
        if found:
            return found[2]
        named = _MERGE_BRANCH.match(self.subject)
        return named[1].removeprefix("origin/") if named else ""


class Chain(msgspec.Struct, frozen=True):
    """A first-parent chain, the oldest first, as far back as was asked for."""

    commits: tuple[Commit, ...]
    merged: Mapping[str, tuple[Commit, ...]]
    """What each merge on it brought, by the merge's hash, in no order."""
    is_short: bool
    """There are more commits than are read at once: it begins later than was asked for."""
    has_old: bool
    """The commit that was asked about is on it, however far back."""


def read_chain(git: Git, tip: str, since_ms: int, old_tip: str = "") -> Chain:
    """The chain from the first commit that landed at `since_ms` or later, with all after it,
    whatever their clocks said."""
    said = git.ask(
        "rev-list", "--first-parent", "--timestamp", f"--max-count={MOST_COMMITS + 1}", tip, "--"
    )
    lines = [line.split() for line in said.decode("ascii", "replace").splitlines()]
    hashes = [words[1] for words in lines]
    since_s = since_ms // 1000
    recent = (n + 1 for n, words in enumerate(lines) if int(words[0]) >= since_s)
    count = min(max(recent, default=0), MOST_COMMITS)
    before = hashes[count : count + 1]
    graph = _read(git, tip, *(f"^{name}" for name in before)) if count else {}
    commits: list[Commit] = []
    for name in hashes[:count]:
        if name not in graph:
            break  # More was merged since than is read at once.
        commits.append(graph[name])
    commits.reverse()
    return Chain(
        commits=tuple(commits),
        merged=_merged(commits, graph),
        is_short=len(commits) < count or count == MOST_COMMITS,
        has_old=old_tip in hashes,
    )


def read_commits(git: Git, hashes: Sequence[str]) -> list[Commit]:
    """Some commits, in no order."""
    if not hashes:
        return []
    said = git.ask(
        *_LOG, "--no-walk", "--stdin", said="".join(f"{name}\n" for name in hashes).encode()
    )
    return list(_commits(said))


def _read(git: Git, *revisions: str) -> dict[str, Commit]:
    """The newest commits of a part of history, fewer where their messages are very long."""
    most = _MOST_READ
    while True:
        try:
            said = git.ask(*_LOG, f"--max-count={most}", *revisions, "--")
        except GitError as error:
            most //= 4
            if error.why != whys.TOO_MUCH or not most:
                raise
        else:
            return {commit.hash: commit for commit in _commits(said)}


def _merged(
    chain: Sequence[Commit], graph: Mapping[str, Commit]
) -> dict[str, tuple[Commit, ...]]:
    """A commit came with the first merge that can reach it."""
    landed = {commit.hash for commit in chain}
    found: dict[str, tuple[Commit, ...]] = {}
    for merge in chain:
        if not merge.is_merge:
            continue
        brought: list[Commit] = []
        waiting = list(merge.parents[1:])
        while waiting:
            name = waiting.pop()
            commit = graph.get(name)
            if commit is None or name in landed:
                continue
            landed.add(name)
            brought.append(commit)
            waiting += commit.parents
        found[merge.hash] = tuple(brought[:_MOST_MERGED])
    return found


def read_unlanded(
    git: Git, hashes: Sequence[str], tip: str, most: int
) -> Mapping[str, Sequence[str]]:
    """Parents of every commit that these reach and the tip does not, at most so many."""
    if not hashes:
        return {}
    asked = "".join(f"{name}\n" for name in hashes) + f"^{tip}\n"
    try:
        said = git.ask(
            "rev-list", "--parents", f"--max-count={most}", "--stdin", said=asked.encode()
        )
    except GitError:
        return {}
    rows = (line.split() for line in said.decode("ascii", "replace").splitlines())
    return {row[0]: row[1:] for row in rows if row}


def _commits(said: bytes) -> Iterator[Commit]:
    words = said.split(b"\0")
    # Each commit ends in an empty field: its own NUL, and the one between commits.
    for i in range(0, len(words) - _COUNT, _COUNT + 1):
        hash_, tree, parents, author, at, email, mapped, name, subject, body = (
            words[i : i + _COUNT]
        )
        text = _text(body, _LOOKED_AT)
        line = clean(_text(subject, 2000), 200)
        emails = {_text(email, 320), _text(mapped, 320), *_CO_AUTHOR.findall(text)}
        yield Commit(
            hash=hash_.decode("ascii", "replace"),
            tree=tree.decode("ascii", "replace"),
            parents=tuple(parents.decode("ascii", "replace").split()),
            author_ms=_ms(author),
            at_ms=_ms(at),
            emails=frozenset(one.lower() for one in emails),
            author=(clean(_text(name, 400), 120), clean(_text(email, 320), 120)),
            subject=line,
            reverts=tuple(dict.fromkeys(_REVERTS.findall(text))),
            reverts_pulls=(
                tuple(_REVERTS_PULL.findall(text)) if line.startswith("Revert ") else ()
            ),
        )


def _ms(seconds: bytes) -> int:
    number = int(seconds) if seconds.isdigit() and len(seconds) < 12 else 0
    return min(number * 1000, 253_402_214_399_000)


def _text(word: bytes, most: int) -> str:
    return word[: 4 * most].decode("utf-8", "replace")[:most]
