"""How large a change is: by files and by lines, whichever is the smaller, without what nobody
wrote."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from toktui.outcomes.git import PLAIN_DIFF, Git, GitError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SIZES: Final = ("XS", "S", "M", "L", "XL")
_FROM_LINES: Final = (0, 16, 64, 256, 1024)
_FROM_FILES: Final = (0, 1, 2, 4, 8)
_AT_ONCE: Final = 200
_TIMEOUT_S: Final = 20.0
_ATTRIBUTES: Final = ("linguist-generated", "linguist-vendored")

_LOCKS: Final = (
    r"package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.ya?ml|bun\.lockb?|poetry\.lock"
    r"|uv\.lock|pdm\.lock|Pipfile\.lock|Cargo\.lock|Gemfile\.lock|composer\.lock|go\.sum"
    r"|mix\.lock|flake\.lock|Podfile\.lock|pubspec\.lock|packages\.lock\.json|gradle\.lockfile"
)
_VENDORED: Final = r"vendor|node_modules|third_party|thirdparty|bower_components|\.yarn|Pods|dist"
_GENERATED: Final = (
    r".*\.min\.(?:js|css)|.*\.(?:js|css)\.map|.*\.pb\.(?:go|cc|h)|.*_pb2(?:_grpc)?\.pyi?"
    r"|.*\.(?:snap|lock|svg|ipynb)|.*\.g\.dart|.*\.designer\.cs|.*\.generated\..*"
)
_NOBODYS: Final = re.compile(
    rf"(?:.*/)?(?:{_LOCKS})|(?:.*/)?(?:{_VENDORED})/.*|{_GENERATED}", re.IGNORECASE | re.DOTALL
)


class Extent(NamedTuple):
    """Files and lines that somebody wrote or took out."""

    files: int
    lines: int

    @property
    def size(self) -> int:
        """Index in SIZES: the smaller of what the files and what the lines say."""
        return min(_step(self.lines, _FROM_LINES), _step(self.files, _FROM_FILES))


def _step(count: int, steps: Sequence[int]) -> int:
    return max(i for i, least in enumerate(steps) if count >= least)


def is_nobodys(path: str) -> bool:
    """Whether the path is of a lock file, vendored, minified or generated."""
    return bool(_NOBODYS.fullmatch(path))


def extents(git: Git, spans: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Extent]:
    """The extent of each pair of a commit before (empty: none) and a commit.

    A pair that git cannot compare in time is missing.
    """
    found: dict[tuple[str, str], Extent] = {}
    for start in range(0, len(spans), _AT_ONCE):
        found |= _as_far_as_possible(git, spans[start : start + _AT_ONCE])
    return found


def _as_far_as_possible(
    git: Git, spans: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], Extent]:
    try:
        return _extents(git, spans)
    except GitError:
        if len(spans) < 2:
            return {}
        middle = len(spans) // 2
        return _as_far_as_possible(git, spans[:middle]) | _as_far_as_possible(git, spans[middle:])


def _extents(git: Git, spans: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Extent]:
    asked = "".join(f"{after} {before}".strip() + "\n" for before, after in spans)
    said = git.ask(
        "diff-tree", "--stdin", "--root", "-r", "-z", "--numstat", "-w", "-M", "-C", *PLAIN_DIFF,
        said=asked.encode(), timeout_s=_TIMEOUT_S,
    )  # fmt: skip
    by_commit = {after: (before, after) for before, after in spans}
    touched: dict[str, list[tuple[int, bytes]]] = {after: [] for after in by_commit}
    commit = ""
    for word, lines, path in _numbers(said):
        if word:
            commit = word
        elif commit in touched:
            touched[commit].append((lines, path))
    foreign = _marked(git, {path for entries in touched.values() for _, path in entries})
    return {
        by_commit[after]: _extent([entry for entry in entries if entry[1] not in foreign])
        for after, entries in touched.items()
    }


def _extent(entries: Sequence[tuple[int, bytes]]) -> Extent:
    own = [
        lines for lines, path in entries
        if lines and not is_nobodys(path.decode("utf-8", "replace"))
    ]  # fmt: skip
    return Extent(len(own), min(sum(own), 2**53))


def _numbers(said: bytes) -> Iterator[tuple[str, int, bytes]]:
    """Either a commit, or the lines changed in a path. Binary files and mere renames have none."""
    parts = iter(said.split(b"\0"))
    for part in parts:
        head, newline, rest = part.partition(b"\n")
        if newline and _is_hash(head):
            yield head.decode(), 0, b""
            part = rest
        elif _is_hash(part):
            yield part.decode(), 0, b""
            continue
        added, _, more = part.partition(b"\t")
        removed, tab, path = more.partition(b"\t")
        if not tab:
            continue
        if not path:  # renamed or copied: the old and the new path follow
            next(parts, b"")
            path = next(parts, b"")
        if added.isdigit() and removed.isdigit():
            yield "", int(added) + int(removed), path


def _is_hash(part: bytes) -> bool:
    return len(part) in (40, 64) and all(char in b"0123456789abcdef" for char in part)


def _marked(git: Git, paths: set[bytes]) -> set[bytes]:
    """Paths that the repository itself calls generated or vendored."""
    if not paths:
        return set()
    try:
        said = git.ask(
            "check-attr", "-z", "--stdin", *_ATTRIBUTES, said=b"\0".join(sorted(paths)) + b"\0"
        )
    except GitError:
        return set()  # a bare repository has no attributes at hand
    words = said.split(b"\0")
    triples = zip(words[::3], words[1::3], words[2::3], strict=False)
    return {path for path, _, value in triples if value in (b"set", b"true")}
