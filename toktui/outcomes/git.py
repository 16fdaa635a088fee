"""Asks git about a repository, which is hostile data: nothing is written, fetched or run.

Every answer is bytes, at most `MOST_BYTES` of them, or a `GitError` that says why there is none.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import tempfile
import time
from math import inf
from typing import IO, TYPE_CHECKING, Final

from toktui.outcomes import whys
from toktui.text import clean

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MOST_BYTES: Final = 64 * 1024 * 1024
_TIMEOUT_S: Final = 30.0
_AT_ONCE: Final = 1 << 16
_MOST_ERRORS: Final = 4000
KEPT: Final = ("PATH", "HOME", "XDG_CONFIG_HOME", "TMPDIR", "SYSTEMROOT")
"""Of the environment, what git is told."""
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
            "core.askPass=",
            "credential.helper=",
            "core.hooksPath=/dev/null",
            "core.pager=cat",
            "core.untrackedCache=false",
            "log.showSignature=false",
            "log.mailmap=false",
            "log.date=default",
            "i18n.logOutputEncoding=UTF-8",
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

    def __init__(self, folder: str, env: Mapping[str, str], *, within_s: float = inf) -> None:
        """After `within_s` seconds there are no answers any more."""
        self.folder = folder
        self._env = {name: env[name] for name in KEPT if name in env} | _ENVIRONMENT
        self._env["PATH"] = _absolute(env.get("PATH", ""))
        self._end = time.monotonic() + within_s

    def ask(self, *args: str, said: bytes = b"", timeout_s: float = _TIMEOUT_S) -> bytes:
        """The output of a command that reads; `said` goes to its input.

        Raises GitError where it fails, lasts too long or says more than can be meant.
        """
        return self._run((args,), said, timeout_s)

    def ask_through(
        self, args: Sequence[str], more: Sequence[str], *, said: bytes, timeout_s: float
    ) -> bytes:
        """The output of a command that reads the output of another one."""
        return self._run((args, more), said, timeout_s)

    def line(self, *args: str) -> str:
        """The first line of an answer; empty where git has none."""
        try:
            said = self.ask(*args)
        except NoGitError:
            raise
        except GitError:
            return ""
        return said.decode("utf-8", "replace").partition("\n")[0].strip()

    def _run(self, commands: Sequence[Sequence[str]], said: bytes, timeout_s: float) -> bytes:
        end = min(self._end, time.monotonic() + timeout_s)
        if end <= time.monotonic():
            raise GitError(whys.TOO_SLOW)
        running: list[subprocess.Popen[bytes]] = []
        # Input from a file: a pipe that nobody empties would hold us up.
        with tempfile.TemporaryFile() as into:
            into.write(said)
            into.seek(0)
            try:
                for args in commands:
                    source = running[-1].stdout if running else into
                    running.append(self._start(args, source))
                    if running[1:] and running[-2].stdout is not None:
                        running[-2].stdout.close()
                out, err = _read(running[-1], end)
                codes = [process.wait(max(0.01, end - time.monotonic())) for process in running]
            except subprocess.TimeoutExpired:
                raise GitError(whys.TOO_SLOW) from None
            finally:
                for process in running:
                    _end(process)
        if any(codes):
            raise GitError(_why(err))
        return out

    def _start(self, args: Sequence[str], source: IO[bytes] | None) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(
                ["git", *_CAREFUL, *args],
                cwd=self.folder,
                env=self._env,
                stdin=source,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except FileNotFoundError:
            if os.path.isdir(self.folder):
                raise NoGitError from None
            raise GitError(whys.FOLDER_GONE) from None
        except OSError as error:
            raise GitError(clean(error.strerror or "it cannot be read")) from None


def _absolute(path: str) -> str:
    """Where programs are looked for, without what would be looked for in the repository."""
    places = [place for place in path.split(os.pathsep) if os.path.isabs(place)]
    return os.pathsep.join(places) or os.defpath


def _read(process: subprocess.Popen[bytes], end: float) -> tuple[bytes, bytes]:
    """What a process says until it is silent; GitError if that is too much or lasts too long."""
    assert process.stdout is not None
    assert process.stderr is not None
    heard = {process.stdout: bytearray(), process.stderr: bytearray()}
    out, err = heard.values()
    with selectors.DefaultSelector() as waiting:
        for stream in heard:
            waiting.register(stream, selectors.EVENT_READ)
        while waiting.get_map():
            ready = waiting.select(end - time.monotonic())
            if not ready and end <= time.monotonic():
                raise GitError(whys.TOO_SLOW)
            for key, _ in ready:
                came = os.read(key.fd, _AT_ONCE)
                if not came:
                    waiting.unregister(key.fileobj)
                elif key.fileobj is process.stdout:
                    out += came
                elif len(err) < _MOST_ERRORS:
                    err += came
            if len(out) > MOST_BYTES:
                raise GitError(whys.TOO_MUCH)
    return bytes(out), bytes(err)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ends a process, with whatever it has started."""
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    for stream in (process.stdout, process.stderr):
        if stream is not None:
            stream.close()


def _why(stderr: bytes) -> str:
    text = stderr.decode("utf-8", "replace")
    for words, meaning in _SAID:
        if words in text:
            return meaning
    first = text.strip().partition("\n")[0].removeprefix("fatal: ")
    return clean(first, 120) or "git failed"
