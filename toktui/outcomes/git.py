"""Asks git about a repository, which is hostile data: nothing is written, fetched or run.

Every answer is bytes, at most `MOST_BYTES` of them, or a `GitError` that says why there is none.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from typing import TYPE_CHECKING, Final

from toktui.outcomes import whys
from toktui.text import clean

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_BYTES: Final = 64 * 1024 * 1024
_TIMEOUT_S: Final = 30.0
_KEPT: Final = ("PATH", "HOME", "XDG_CONFIG_HOME", "TMPDIR", "SYSTEMROOT")
_ENVIRONMENT: Final = {
    "LC_ALL": "C",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_ALLOW_PROTOCOL": "",
    "GIT_ASKPASS": "",
    "GIT_PAGER": "cat",
}
_CAREFUL: Final = (
    "--no-pager",
    "--literal-pathspecs",
    *(
        part
        for setting in (
            "core.fsmonitor=false",
            "core.hooksPath=/dev/null",
            "core.pager=cat",
            "core.untrackedCache=false",
            "log.showSignature=false",
            "log.mailmap=false",
            "diff.submodule=short",
            "diff.ignoreSubmodules=all",
            "submodule.recurse=false",
            "protocol.allow=never",
            "maintenance.auto=false",
            "gc.auto=0",
        )
        for part in ("-c", setting)
    ),
)
PLAIN_DIFF: Final = ("--no-ext-diff", "--no-textconv", "--no-color")
"""What every command that compares is told: no program of the repository's choice compares."""
_SAID: Final = (
    ("dubious ownership", whys.OTHER_OWNER),
    ("not a git repository", whys.NO_REPOSITORY),
    ("unknown revision", whys.NO_COMMIT),
    ("bad revision", whys.NO_COMMIT),
    ("does not have any commits", whys.NO_COMMIT),
)


class GitError(Exception):
    """Git gave no answer; `why` is a part of a sentence, clean."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class NoGitError(GitError):
    """There is no git on this machine."""

    def __init__(self) -> None:
        super().__init__(whys.GIT_MISSING)


class Git:
    """Asks about one folder."""

    def __init__(self, folder: str, env: Mapping[str, str]) -> None:
        self.folder = folder
        self._env = {name: env[name] for name in _KEPT if name in env} | _ENVIRONMENT

    def ask(self, *args: str, said: bytes = b"", timeout_s: float = _TIMEOUT_S) -> bytes:
        """The output of a command that reads; `said` goes to its input.

        Raises GitError where it fails, lasts too long or says more than can be meant.
        """
        # Through files: a pipe that nobody empties would hold git up, and one too full us.
        with tempfile.TemporaryFile() as into, tempfile.TemporaryFile() as out:
            into.write(said)
            into.seek(0)
            try:
                done = subprocess.run(
                    ["git", *_CAREFUL, *args],
                    cwd=self.folder,
                    env=self._env,
                    stdin=into,
                    stdout=out,
                    stderr=subprocess.PIPE,
                    timeout=timeout_s,
                    check=False,
                    start_new_session=True,
                )
            except FileNotFoundError:
                if os.path.isdir(self.folder):
                    raise NoGitError from None
                raise GitError(whys.FOLDER_GONE) from None
            except subprocess.TimeoutExpired:
                raise GitError(whys.TOO_SLOW) from None
            except OSError as error:
                raise GitError(clean(error.strerror or "it cannot be read")) from None
            if done.returncode:
                raise GitError(_why(done.stderr))
            if out.tell() > MOST_BYTES:
                raise GitError(whys.TOO_MUCH)
            out.seek(0)
            return out.read()

    def line(self, *args: str) -> str:
        """The first line of an answer; empty where git has none."""
        try:
            said = self.ask(*args)
        except NoGitError:
            raise
        except GitError:
            return ""
        return said.decode("utf-8", "replace").partition("\n")[0].strip()


def _why(stderr: bytes) -> str:
    text = stderr[:4000].decode("utf-8", "replace")
    for words, meaning in _SAID:
        if words in text:
            return meaning
    first = text.strip().partition("\n")[0].removeprefix("fatal: ")
    return clean(first, 120) or "git failed"
