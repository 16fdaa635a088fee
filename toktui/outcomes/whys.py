"""Why nothing is known of what landed from a folder, and what helps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

GIT_MISSING: Final = "git is not installed"
GIT_OLD: Final = "git is older than 2.31"
FOLDER_GONE: Final = "the folder is gone"
NO_REPOSITORY: Final = "no git repository"
OTHER_OWNER: Final = "it belongs to another user"
NO_COMMIT: Final = "it has no commit"
NO_DEFAULT: Final = "its remote's default branch is not known here"
NO_BRANCH: Final = "none of its branches is known as the default one"
TOO_SLOW: Final = "git did not answer in time"
TOO_MUCH: Final = "git said too much"
NOT_YET: Final = "not looked at yet"
NO_FOLDER: Final = "no folder is logged"

_HELPS: Final[Mapping[str, str]] = {
    GIT_MISSING: "Install it, or put it on the PATH.",
    GIT_OLD: "Install a newer one.",
    FOLDER_GONE: "Nothing can be found there any more.",
    NO_REPOSITORY: "`git init` there begins one, if its changes are to be counted.",
    OTHER_OWNER: "If you trust it: `git config --global --add safe.directory FOLDER`.",
    NO_COMMIT: "It counts from its first commit on.",
    NO_DEFAULT: "`git fetch`, then `git remote set-head origin -a` there.",
    NO_BRANCH: "Changes are looked for on `main`, `master`, `trunk`, or the branch checked out.",
    TOO_SLOW: "It is tried again with each look.",
    NOT_YET: "`toktui outcomes` looks at once, the screens soon after they are opened.",
    NO_FOLDER: "Its agent does not say where it worked.",
}
_HOLDS_NONE: Final = frozenset({FOLDER_GONE, NO_REPOSITORY, NO_COMMIT, NO_FOLDER, NOT_YET})


def help_with(why: str) -> str:
    """A sentence about what to do; empty where nothing is known to help."""
    return _HELPS.get(why, "")


def is_unread(why: str) -> bool:
    """Whether a repository is there all the same, so that more may have landed than is known."""
    return why not in _HOLDS_NONE
