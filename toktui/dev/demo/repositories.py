"""Repositories of the demo: what its sessions made, as git keeps it."""

from __future__ import annotations

import os
import shutil
import subprocess
from random import Random
from typing import TYPE_CHECKING, Final

from toktui.dev.demo import words
from toktui.dev.demo.script import HOUR_MS, history

if TYPE_CHECKING:
    from pathlib import Path

    from toktui.dev.demo.scene import Scene

_MINUTE_MS: Final = 60_000
_LANDS: Final = 0.6
"""Share of the sessions that a change comes of."""
_WHO: Final = "Mira <mira@example.com>"


def make_repositories(folder: Path, *, seed: int, now_ms: int, weeks: int = 5) -> None:
    """A repository for each project of the demo, below `folder` at the path that its logs name.
    Without git there are none."""
    if shutil.which("git") is None:
        return
    scenes = history(seed, now_ms, weeks)
    for project, _ in words.PROJECTS:
        place = folder / project.lstrip("/")
        place.mkdir(parents=True, exist_ok=True)
        _git(place, "init", "-q", "-b", "main")
        _git(place, "config", "user.email", "mira@example.com")
        _git(place, "config", "remote.origin.url", "https://example.invalid/demo.git")
        own = [scene for scene in scenes if scene.project == project]
        _git(place, "fast-import", "--quiet", said=_stream(own, now_ms))


def _git(place: Path, *args: str, said: str = "") -> None:
    env = {"PATH": os.environ.get("PATH", ""), "HOME": str(place), "GIT_CONFIG_NOSYSTEM": "1"}
    subprocess.run(
        ["git", *args], cwd=place, env=env, input=said.encode(), check=True, capture_output=True
    )


def _stream(scenes: list[Scene], now_ms: int) -> str:
    """What `git fast-import` reads: a commit or a merge for most scenes, in their order."""
    parts: list[str] = []
    first = (scenes[0].starts_ms if scenes else now_ms) - HOUR_MS
    parts.append(_commit("refs/remotes/origin/main", 1, first, "Begin", "", "README.md", 12))
    last, mark = 1, 1
    for scene in scenes:
        rng = Random(f"repository {scene.seed}")
        at_ms = scene.starts_ms + rng.randrange(6, 20) * _MINUTE_MS
        if rng.random() > _LANDS or at_ms > now_ms:
            continue
        title, lines = rng.choice(words.TITLES), round(6 * 2 ** rng.uniform(0, 8))
        mark += 1
        onto = f"from :{last}\n"
        if scene.branch == "main":
            name = "refs/remotes/origin/main"
            parts.append(_commit(name, mark, at_ms, title, onto, f"src/{mark}.py", lines))
        else:
            name = f"refs/heads/{scene.branch}"
            parts.append(_commit(name, mark, at_ms, title, onto, f"src/{mark}.py", lines))
            mark += 1
            message = f"Merge pull request #{mark} from mira/{scene.branch}"
            parts.append(_commit("refs/remotes/origin/main", mark, at_ms + 9 * _MINUTE_MS, message,
                                 f"{onto}merge :{mark - 1}\n", f"src/{mark - 1}.py", lines))
        last = mark
    parts.append("reset refs/remotes/origin/HEAD\nfrom refs/remotes/origin/main\n\n")
    return "".join(parts)


def _commit(
    ref: str, mark: int, at_ms: int, message: str, onto: str, path: str, lines: int
) -> str:
    """A commit that writes so many lines over several files."""
    files = max(1, min(9, lines // 40))
    body = "".join(f"line {n}\n" for n in range(max(1, lines // files)))
    data = f"data {len(body)}\n{body}"
    writes = "".join(f"M 100644 inline {path}.{n}\n{data}" for n in range(files))
    who = f"{_WHO} {at_ms // 1000} +0000"
    return (
        f"commit {ref}\nmark :{mark}\nauthor {who}\ncommitter {who}\n"
        f"data {len(message.encode())}\n{message}\n{onto}{writes}\n"
    )
