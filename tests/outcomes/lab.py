"""Repositories as people make them, with a clock that the test sets."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from toktui.clock import parse_ms
from toktui.outcomes.chain import read_chain
from toktui.outcomes.git import Git
from toktui.outcomes.landed import Change, changes_in
from toktui.outcomes.repository import Repository, find_repository

ME = "mira@example.com"
OTHER = "olaf@example.com"
START_MS = parse_ms("2026-11-16T09:00:00.000Z") or 0
MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR


@dataclass
class Repo:
    """A repository below the user's home."""

    folder: Path
    at_ms: int = START_MS
    _written: int = field(default=0)

    @classmethod
    def new(cls, folder: Path, *, email: str = ME) -> Repo:
        """An empty one, whose user is Mira."""
        folder.mkdir(parents=True)
        repo = cls(folder)
        repo.git("init", "-q", "-b", "main")
        repo.git("config", "user.email", email)
        repo.git("config", "user.name", "Mira")
        repo.git("config", "commit.gpgsign", "false")
        return repo

    def git(self, *args: str, author: str | None = None) -> str:
        """Runs git at the time of the repository."""
        stamp = f"{self.at_ms // 1000} +0000"
        env = dict(os.environ) | {"GIT_AUTHOR_DATE": stamp, "GIT_COMMITTER_DATE": stamp}
        if author:
            for who in ("AUTHOR", "COMMITTER"):
                env |= {f"GIT_{who}_EMAIL": author, f"GIT_{who}_NAME": "A"}
        done = subprocess.run(
            ["git", *args], cwd=self.folder, env=env, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, (args, done.stderr)
        return done.stdout.strip()

    def write(self, name: str = "", lines: int = 20) -> str:
        """A file with other lines than before."""
        self._written += 1
        name = name or f"file{self._written}.py"
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"line {self._written} {i}\n" for i in range(lines)))
        return name

    def commit(
        self, subject: str, *, minutes: float = 0, name: str = "", lines: int = 20,
        author: str | None = None, body: str = "",
    ) -> str:  # fmt: skip
        """Commits a file some minutes later; gives the hash."""
        self.at_ms += int(minutes * MINUTE)
        self.write(name, lines)
        self.git("add", "-A")
        words = ["-m", subject, *(("-m", body) if body else ())]
        self.git("commit", "-q", *words, author=author)
        return self.head()

    def head(self) -> str:
        return self.git("rev-parse", "HEAD")

    def push(self) -> None:
        """What a push and a fetch leave behind, without a remote that could be reached."""
        if "origin" not in self.git("remote").split():
            self.git("remote", "add", "origin", "https://example.invalid/x.git")
        self.git("update-ref", "refs/remotes/origin/main", "refs/heads/main")
        self.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")

    def branch(self, name: str) -> None:
        self.git("checkout", "-q", "-b", name)

    def merge(self, name: str, *, minutes: float = 5, author: str | None = None) -> str:
        """As the button on GitHub does it."""
        self.at_ms += int(minutes * MINUTE)
        self.git("checkout", "-q", "main")
        self.git("merge", "-q", "--no-ff", "-m", f"Merge pull request #7 from mira/{name}", name,
                 author=author)  # fmt: skip
        return self.head()

    def squash(self, name: str, subject: str, *, minutes: float = 5) -> str:
        """As the other button does it."""
        self.at_ms += int(minutes * MINUTE)
        self.git("checkout", "-q", "main")
        self.git("merge", "-q", "--squash", name)
        self.git("commit", "-q", "-m", subject)
        return self.head()

    def found(self, *emails: str) -> Repository:
        """As a look finds it."""
        return find_repository(str(self.folder), os.environ, emails)

    def landed(self, *emails: str, since_ms: int = 0) -> list[Change]:
        """What landed, as a look finds it."""
        found = self.found(*emails)
        git = Git(found.folder, os.environ)
        return changes_in(read_chain(git, found.tip, since_ms), found.emails)
