"""Changes that landed: the user's commits on the first-parent chain of the default branch.

A merge is one change, however many commits it brings; so is a squash. What one pushes directly
within an hour is one, too.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from toktui.clock import DAY_MS, HOUR_MS
from toktui.outcomes.git import Git, GitError
from toktui.text import clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from toktui.outcomes.repository import Repository

MOST_COMMITS: Final = 20_000
"""Of a chain, the newest; what landed before is not looked at."""
_MOST_MERGED: Final = 500
_MOST_MERGES: Final = 2_000
PUSH_MS: Final = HOUR_MS
REVERT_MS: Final = 7 * DAY_MS
_FIELDS: Final = "%H%x00%T%x00%P%x00%at%x00%ct%x00%ae%x00%s%x00%b%x00"
_LOOKED_AT: Final = 16_384
"""Letters of a message that are looked at."""

_REVERTS: Final = re.compile(r"This reverts (?:merge )?commit ([0-9a-f]{7,64})")
_REVERTS_PULL: Final = re.compile(r"^Reverts \S*#(\d+)", re.MULTILINE)
_PULL: Final = re.compile(r"\(#(\d+)\)$")
_MERGE_PULL: Final = re.compile(r"Merge pull request #(\d+) from [^/\s]+/(\S+)")
_MERGE_BRANCH: Final = re.compile(r"Merge (?:remote-tracking )?branch '([^']+)'")
_CO_AUTHOR: Final = re.compile(r"^co-authored-by:.*<([^<>\s]+)>\s*$", re.IGNORECASE | re.MULTILINE)

Kind = Literal["merge", "squash", "push"]


class Commit(msgspec.Struct, frozen=True, kw_only=True):
    """A commit, as git has it: times are what clocks said."""

    hash: str
    tree: str
    parents: tuple[str, ...]
    author_ms: int
    at_ms: int
    email: str
    subject: str
    body: str

    @property
    def before(self) -> str:
        """Its first parent; empty if it has none."""
        return self.parents[0] if self.parents else ""

    @property
    def pull(self) -> str:
        """The number of the pull request that it is."""
        found = _MERGE_PULL.match(self.subject) or _PULL.search(self.subject)
        return found[1] if found else ""


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A landed change of the user's."""

    hash: str
    """Of its last commit on the chain."""
    before: str
    """What the chain was before it; empty: nothing."""
    commits: tuple[Commit, ...]
    """On the chain, the oldest first."""
    merged: tuple[Commit, ...] = ()
    """That a merge brought, in no order."""
    branch: str = ""
    """That was merged, as far as the message names it."""
    kind: Kind
    reverted_ms: int | None = None
    reverted_by: str = ""

    @property
    def at_ms(self) -> int:
        """When it landed."""
        return self.commits[-1].at_ms

    @property
    def begun_ms(self) -> int:
        """When the first of its commits was written."""
        return min(commit.author_ms for commit in (*self.commits, *self.merged))

    @property
    def subject(self) -> str:
        """What the last commit says in its first line."""
        return self.commits[-1].subject

    @property
    def is_contiguous(self) -> bool:
        """Whether its commits follow each other on the chain, so that one comparison shows it."""
        return all(b.before == a.hash for a, b in zip(self.commits, self.commits[1:], strict=False))


def read_changes(git: Git, repository: Repository, since_ms: int) -> list[Change]:
    """The user's changes that landed at `since_ms` or later, the oldest first."""
    chain = read_chain(git, repository.tip)
    merged = _merged(git, [c for c in chain if c.at_ms >= since_ms and len(c.parents) > 1])
    own = [c for c in chain if c.at_ms >= since_ms and _is_own(c, merged, repository.emails)]
    reverted = find_reverts(chain, merged)
    return [_with_revert(change, reverted) for change in grouped(own, merged)]


def read_chain(git: Git, tip: str) -> list[Commit]:
    """The first-parent chain, the oldest first."""
    said = git.ask(
        "log", "--first-parent", "-z", f"--max-count={MOST_COMMITS}", f"--format=tformat:{_FIELDS}",
        "--no-show-signature", tip, "--",
    )  # fmt: skip
    return list(_commits(said))[::-1]


def read_commits(git: Git, hashes: Sequence[str]) -> list[Commit]:
    """Some commits, in no order."""
    if not hashes:
        return []
    said = git.ask(
        "log", "--no-walk", "--stdin", "-z", f"--format=tformat:{_FIELDS}", "--no-show-signature",
        said="".join(f"{name}\n" for name in hashes).encode(),
    )  # fmt: skip
    return list(_commits(said))


def _merged(git: Git, merges: Sequence[Commit]) -> dict[str, tuple[Commit, ...]]:
    """What each merge brought."""
    found: dict[str, tuple[Commit, ...]] = {}
    for merge in merges[-_MOST_MERGES:]:
        others = [parent for parent in merge.parents if parent != merge.before]
        try:
            said = git.ask(
                "log", "-z", f"--max-count={_MOST_MERGED}", f"--format=tformat:{_FIELDS}",
                "--no-show-signature", *others, "--not", merge.before, "--",
            )  # fmt: skip
        except GitError:
            continue  # a shallow clone has not all of it
        found[merge.hash] = tuple(_commits(said))
    return found


def _commits(said: bytes) -> Iterator[Commit]:
    words = said.split(b"\0")
    # Each commit ends in an empty field: its own NUL, and the one between commits.
    for i in range(0, len(words) - 8, 9):
        hash_, tree, parents, author, at, email, subject, body = words[i : i + 8]
        yield Commit(
            hash=hash_.decode("ascii", "replace"),
            tree=tree.decode("ascii", "replace"),
            parents=tuple(parents.decode("ascii", "replace").split()),
            author_ms=_ms(author),
            at_ms=_ms(at),
            email=_text(email, 320).lower(),
            subject=clean(_text(subject, 2000), 200),
            body=_text(body, _LOOKED_AT),
        )


def _ms(seconds: bytes) -> int:
    number = int(seconds) if seconds.isdigit() and len(seconds) < 12 else 0
    return min(number * 1000, 253_402_214_399_000)


def _text(word: bytes, most: int) -> str:
    return word[: 4 * most].decode("utf-8", "replace")[:most]


def _is_own(
    commit: Commit, merged: dict[str, tuple[Commit, ...]], emails: frozenset[str]
) -> bool:
    """Whether the user wrote it: of a merge, at least half of what it brings."""
    brought = [c for c in merged.get(commit.hash, ()) if len(c.parents) < 2]
    if len(commit.parents) > 1 and brought:
        return 2 * sum(_wrote(c, emails) for c in brought) >= len(brought)
    return _wrote(commit, emails)


def _wrote(commit: Commit, emails: frozenset[str]) -> bool:
    return commit.email in emails or any(
        name.lower() in emails for name in _CO_AUTHOR.findall(commit.body)
    )


def grouped(
    own: Sequence[Commit], merged: dict[str, tuple[Commit, ...]]
) -> Iterator[Change]:
    """Changes of the user's commits on the chain, which are given the oldest first."""
    pushes: list[Commit] = []

    def pushed() -> Iterator[Change]:
        if pushes:
            yield Change(
                hash=pushes[-1].hash, before=pushes[0].before, commits=tuple(pushes), kind="push"
            )
            pushes.clear()

    for commit in own:
        is_merge = len(commit.parents) > 1
        if is_merge or commit.pull:
            yield from pushed()
            yield Change(
                hash=commit.hash,
                before=commit.before,
                commits=(commit,),
                merged=merged.get(commit.hash, ()),
                branch=_branch(commit.subject) if is_merge else "",
                kind="merge" if is_merge else "squash",
            )
            continue
        if pushes and not 0 <= commit.at_ms - pushes[0].at_ms < PUSH_MS:
            yield from pushed()
        pushes.append(commit)
    yield from pushed()


def _branch(subject: str) -> str:
    found = _MERGE_PULL.match(subject)
    if found:
        return found[2]
    named = _MERGE_BRANCH.match(subject)
    return named[1].removeprefix("origin/") if named else ""


def find_reverts(
    chain: Sequence[Commit], merged: dict[str, tuple[Commit, ...]]
) -> dict[str, Commit]:
    """Which commits of the chain were taken back within a week, and by which one.

    A commit that was taken back itself takes nothing back.
    """
    places: dict[str, int] = {}
    pulls: dict[str, int] = {}
    for i, commit in enumerate(chain):
        for one in (commit, *merged.get(commit.hash, ())):
            places.setdefault(one.hash, i)
        if commit.pull:
            pulls[commit.pull] = i
    trees: dict[str, int] = {}
    undone: list[tuple[int, set[int]]] = []
    for i, commit in enumerate(chain):
        taken: set[int] = set()
        for one in (commit, *merged.get(commit.hash, ())):
            taken |= _named(one, places, pulls)
        back = trees.get(commit.tree)
        if back is not None and back < i - 1 and chain[i - 1].tree != commit.tree:
            taken.update(range(back + 1, i))
        trees[commit.tree] = i
        undone.append((i, {t for t in taken if t < i}))
    gone: dict[str, Commit] = {}
    for i, taken in reversed(undone):
        by = chain[i]
        if by.hash in gone:
            continue
        for t in taken:
            if by.at_ms - chain[t].at_ms <= REVERT_MS:
                gone.setdefault(chain[t].hash, by)
    return gone


def _named(commit: Commit, places: dict[str, int], pulls: dict[str, int]) -> set[int]:
    """Places in the chain of what a message says it takes back."""
    found: set[int] = set()
    for word in _REVERTS.findall(commit.body):
        place = places.get(word)
        if place is None and len(word) < 40:
            place = next((at for name, at in places.items() if name.startswith(word)), None)
        if place is not None:
            found.add(place)
    if commit.subject.startswith("Revert "):
        found |= {pulls[number] for number in _REVERTS_PULL.findall(commit.body) if number in pulls}
    return found


def _with_revert(change: Change, reverted: dict[str, Commit]) -> Change:
    """A change of several commits is taken back when all of them are."""
    by = [reverted.get(commit.hash) for commit in change.commits]
    last = max((commit for commit in by if commit), key=lambda c: c.at_ms, default=None)
    if last is None or None in by:
        return change
    return msgspec.structs.replace(change, reverted_ms=last.at_ms, reverted_by=last.hash)


def all_hashes(changes: Iterable[Change]) -> dict[str, str]:
    """The change that each commit landed with, by the commit's hash."""
    return {
        commit.hash: change.hash
        for change in changes
        for commit in (*change.commits, *change.merged)
    }
