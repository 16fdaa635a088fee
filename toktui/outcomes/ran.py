"""Exact links: commits that sessions ran, and the changes that these became."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final, NamedTuple

from toktui.clock import DAY_MS, MINUTE_MS
from toktui.outcomes.attribution import ExactReason, Link
from toktui.outcomes.git import PLAIN_DIFF, Git, GitError
from toktui.outcomes.landed import Change, Commit, read_commits

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_AROUND_MS: Final = 10 * MINUTE_MS
"""How far the time of a commit and that of the line which tells of it may be apart."""
_LATEST_MS: Final = 30 * DAY_MS
"""After which a patch is not looked for any more."""
_MOST: Final = 300
"""Commits that did not land as they are, of which the newest are looked into."""
_MOST_PATCHES: Final = 2_000


class Ran(NamedTuple):
    """A line of a log says that a session made a commit; `hash` is how git abbreviated it."""

    session: int
    hash: str
    at_ms: int


def exact_links(
    git: Git, tip: str, changes: Sequence[Change], said: Sequence[Ran]
) -> list[Link]:
    """The links of commits that landed, or what they became, in no order; `said` begins with the
    earliest session."""
    if not said or not changes:
        return []
    makers = _makers(git, said)
    landed: dict[str, tuple[str, ExactReason]] = {}
    for change in changes:
        landed |= {c.hash: (change.hash, "merged") for c in change.merged}
        landed |= {c.hash: (change.hash, "committed") for c in change.commits}
    rest = sorted((c for c in makers if c.hash not in landed), key=lambda c: (-c.at_ms, c.hash))
    landed |= _by_patch(git, tip, changes, rest[:_MOST])
    return [
        Link(session, *landed[commit.hash])
        for commit, session in makers.items()
        if commit.hash in landed
    ]


def _makers(git: Git, said: Iterable[Ran]) -> dict[Commit, int]:
    """The commits that are here, each with the session that made it: of several that tell of the
    same one, copies of each other, the earliest."""
    by_name: defaultdict[str, list[Ran]] = defaultdict(list)
    for one in said:
        by_name[one.hash].append(one)
    full = _full_names(git, sorted(by_name))
    try:
        commits = {c.hash: c for c in read_commits(git, sorted(set(full.values())))}
    except GitError:
        return {}
    makers: dict[Commit, int] = {}
    for name, runs in by_name.items():
        commit = commits.get(full.get(name, ""))
        if commit is None:
            continue
        near = [one.session for one in runs if abs(one.at_ms - commit.at_ms) <= _AROUND_MS]
        if near:
            makers.setdefault(commit, near[0])
    return makers


def _full_names(git: Git, names: Sequence[str]) -> dict[str, str]:
    """Hashes of commits by how they were abbreviated; what is not here or not plain is missing."""
    said = git.ask("cat-file", "--batch-check", said="".join(f"{n}\n" for n in names).encode())
    found: dict[str, str] = {}
    for name, line in zip(names, said.decode("ascii", "replace").splitlines(), strict=False):
        word, _, rest = line.partition(" ")
        if rest.startswith("commit ") and word.startswith(name):
            found[name] = word
    return found


def _by_patch(
    git: Git, tip: str, changes: Sequence[Change], rest: Sequence[Commit]
) -> dict[str, tuple[str, ExactReason]]:
    """What became of commits that did not land as they are: rebased, picked or squashed."""
    if not rest:
        return {}
    first = min(commit.at_ms for commit in rest)
    last = max(commit.at_ms for commit in rest) + _LATEST_MS
    homes: dict[str, str] = {}
    for change in changes:
        if first - _AROUND_MS <= change.at_ms <= last:
            homes |= {c.hash: change.hash for c in (*change.commits, *change.merged)}
    patches = _patch_ids(git, [(name, "") for name in list(homes)[-_MOST_PATCHES:]])
    landed: dict[str, str] = {patch: homes[name] for name, patch in sorted(patches.items())}
    times = {change.hash: change.at_ms for change in changes}
    found: dict[str, tuple[str, ExactReason]] = {}
    own = _patch_ids(git, [(commit.hash, "") for commit in rest])
    for commit in rest:
        home = landed.get(own.get(commit.hash, ""))
        if home is not None and _is_in_time(commit, times[home]):
            found[commit.hash] = (home, "same_patch")
    bases = {
        commit.hash: base
        for commit in rest
        if commit.hash not in found and (base := git.line("merge-base", commit.hash, tip))
    }
    whole = _patch_ids(git, list(bases.items()))
    for commit in sorted(rest, key=lambda c: (c.at_ms, c.hash)):
        home = landed.get(whole.get(commit.hash, ""))
        if home is None or not _is_in_time(commit, times[home]):
            continue
        for name in _between(git, bases[commit.hash], commit.hash):
            found.setdefault(name, (home, "squashed"))
    return found


def _is_in_time(commit: Commit, landed_ms: int) -> bool:
    return commit.at_ms - _AROUND_MS <= landed_ms <= commit.at_ms + _LATEST_MS


def _patch_ids(git: Git, spans: Sequence[tuple[str, str]]) -> dict[str, str]:
    """The patch of each commit against another (empty: its parent), as one word; without what git
    cannot say. A merge has none."""
    if not spans:
        return {}
    asked = "".join(f"{after} {before}".strip() + "\n" for after, before in spans)
    try:
        patches = git.ask("diff-tree", "--stdin", "--root", "-p", *PLAIN_DIFF, said=asked.encode())
        said = git.ask("patch-id", "--stable", said=patches)
    except GitError:
        return {}
    pairs = (line.split() for line in said.decode("ascii", "replace").splitlines())
    return {pair[1]: pair[0] for pair in pairs if len(pair) == 2}


def _between(git: Git, base: str, last: str) -> list[str]:
    try:
        said = git.ask("rev-list", f"--max-count={_MOST}", last, f"^{base}", "--")
    except GitError:
        return [last]
    return said.decode("ascii", "replace").split()
