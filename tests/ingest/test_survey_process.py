"""Repositories are looked at by a process of its own, which writes nothing anywhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.ingest.victim import context
from tests.outcomes.lab import Repo
from tests.properties.lab import write
from tests.properties.worlds import claude_row, lines
from toktui.clock import iso
from toktui.ingest import access, messages
from toktui.ingest.context import Context
from toktui.ingest.outcomes import Surveying
from toktui.ingest.settle import Settler

pytestmark = pytest.mark.git
ROOT = Path(__file__).parent.parent.parent
PATIENCE_S = 60.0
SOON = 10_000
"""Milliseconds after which a look is due."""


@pytest.fixture
def shop(home: Path) -> Repo:
    repo = Repo.new(home / "shop")
    row = claude_row("msg_01" + "A" * 22, "s1", iso(repo.at_ms), output=100) | {
        "cwd": str(repo.folder), "gitBranch": "main",
    }  # fmt: skip
    write(home / ".claude/projects/-w/s1.jsonl", lines([row]))
    repo.commit("Landed", minutes=5)
    repo.push()
    return repo


@pytest.fixture
def here(shop: Repo, home: Path, tmp_path: Path) -> Context:
    here = context(home, tmp_path / "data")
    here.env = dict(os.environ)
    return here


@pytest.fixture
def settler(here: Context) -> Iterator[Settler]:
    access.sync(here)
    settler = access.open_settler(here)
    yield settler
    settler.db.close()


def wait(until: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not until():
        assert time.monotonic() < end
        time.sleep(0.01)


def turns_until_done(surveying: Surveying, settler: Settler, now_ms: int) -> int:
    """How often something was written."""
    written = surveying.turn(settler, now_ms)

    def done() -> bool:
        nonlocal written
        written += surveying.turn(settler, now_ms)
        return surveying._process is None

    wait(done)
    return int(written)


def test_what_landed_is_found_and_a_second_look_has_nothing_to_tell(
    here: Context, settler: Settler
) -> None:
    now_ms = here.now_ms()
    surveying = Surveying(here, now_ms)
    assert not surveying.turn(settler, now_ms)
    assert surveying._process is None
    assert turns_until_done(surveying, settler, now_ms + SOON) == 1
    found = settler.db.execute("select subject, sessions, nusd > 0 from change").fetchall()
    assert found == [("Landed", 1, 1)]
    surveying.heard(now_ms)
    assert turns_until_done(surveying, settler, now_ms + 60 * 60_000) == 0


@pytest.mark.parametrize("program", ["/nowhere/python", "/bin/echo", "/bin/false"])
def test_where_it_cannot_run_the_ingest_goes_on(
    here: Context, settler: Settler, monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    monkeypatch.setattr(messages.sys, "executable", program)
    now_ms = here.now_ms()
    surveying = Surveying(here, now_ms)
    surveying.turn(settler, now_ms + SOON)
    wait(lambda: not surveying.turn(settler, now_ms + SOON) and surveying._process is None)
    assert settler.db.execute("select count(*) from workplace").fetchone() == (0,)


def test_the_end_of_the_ingest_ends_the_process_and_its_git(
    here: Context, settler: Settler, tmp_path: Path
) -> None:
    told = tmp_path / "pid"
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "git").write_text(f"#!/bin/sh\necho $$ > '{told}.new'; mv '{told}.new' '{told}'\n"
                                "exec sleep 60\n")  # fmt: skip
    (folder / "git").chmod(0o755)
    here.env = {**here.env, "PATH": f"{folder}:{os.environ['PATH']}"}
    now_ms = here.now_ms()
    surveying = Surveying(here, now_ms)
    surveying.turn(settler, now_ms + SOON)
    wait(told.exists)
    began = time.monotonic()
    surveying.close()
    assert time.monotonic() - began < 2.0
    git = int(told.read_text())
    wait(lambda: not Path(f"/proc/{git}").exists() or _is_dead(git))


def test_a_look_that_never_ends_is_given_up(
    here: Context, settler: Settler, tmp_path: Path
) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "git").write_text("#!/bin/sh\nexec sleep 60\n")
    (folder / "git").chmod(0o755)
    here.env = {**here.env, "PATH": f"{folder}:{os.environ['PATH']}"}
    now_ms = here.now_ms()
    surveying = Surveying(here, now_ms)
    surveying.turn(settler, now_ms + SOON)
    assert surveying._process is not None
    surveying.turn(settler, now_ms + 19 * 60_000)
    assert surveying._process is not None
    surveying.turn(settler, now_ms + SOON + 21 * 60_000)
    assert surveying._process is None


def _is_dead(number: int) -> bool:
    return Path(f"/proc/{number}/stat").read_text().split()[2] == "Z"


_LOOK = """
import os, sys
from pathlib import Path
from toktui.outcomes.survey import survey
from toktui.store.connect import connect_reader
db = connect_reader(Path(sys.argv[1]))
parts = list(survey(db, os.environ, (), now_ms=int(sys.argv[2])))
assert any(part.found for part in parts), parts
"""
_WRITES = re.compile(r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC")
_CHANGES = re.compile(
    r"\b(?:creat|unlink|rename|link|symlink|mkdir|rmdir|chmod|chown|truncate|utime|mknod)\w*\("
)


@pytest.mark.strace
def test_a_look_writes_nothing_opens_no_connection_and_runs_nothing_but_git(
    here: Context, settler: Settler, shop: Repo, tmp_path: Path
) -> None:
    """Not even where the repository asks for it: hooks, fsmonitor, a credential helper, a missing
    object, an index that is stale."""
    shop.branch("topic")
    shop.commit("Not landed", minutes=5)
    mark = tmp_path / "ran"
    program = tmp_path / "evil.sh"
    program.write_text(f"#!/bin/sh\ntouch '{mark}'\n")
    program.chmod(0o755)
    for setting in ("core.fsmonitor", "core.pager", "credential.helper", "core.askPass",
                    "core.sshCommand", "diff.external", "gpg.program"):  # fmt: skip
        shop.git("config", setting, str(program))
    shop.git("config", "remote.origin.promisor", "true")
    shop.git("config", "remote.origin.partialclonefilter", "blob:none")
    (shop.folder / ".git/hooks").mkdir(exist_ok=True)
    for hook in ("post-index-change", "reference-transaction", "pre-auto-gc"):
        (shop.folder / ".git/hooks" / hook).write_text(program.read_text())
        (shop.folder / ".git/hooks" / hook).chmod(0o755)
    os.utime(shop.folder / "file1.py", (1, 1))
    before = {p: p.lstat().st_mtime_ns for p in shop.folder.rglob("*")}
    traced = tmp_path / "trace"
    subprocess.run(
        ["strace", "-f", "-qq", "-y", "-o", traced, "-e", "trace=%file,%network,openat", "--",
         sys.executable, "-c", _LOOK, here.paths.store, str(here.now_ms())],
        cwd=ROOT, env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}, check=True, timeout=120,
    )  # fmt: skip
    wrong: list[str] = []
    programs: set[str] = set()
    for line in traced.read_text(errors="replace").splitlines():
        if " = -1 " in line:
            continue
        if "execve(" in line:
            programs.add(Path(line.partition('execve("')[2].partition('"')[0]).name)
        elif re.search(r"\b(?:connect|bind|sendto|sendmsg)\(", line):
            wrong.append(line)
        elif _WRITES.search(line) or _CHANGES.search(line):
            named = re.findall(r'"([^"]*)"', line)
            allowed = (str(here.paths.data), "/dev/", "/tmp", "/proc/self")
            if any(str(shop.folder) in path or not path.startswith(allowed) for path in named):
                wrong.append(line)
    assert wrong == []
    assert programs <= {"git", Path(sys.executable).name, "python", "python3"}
    assert "git" in programs
    assert not mark.exists()
    assert {p: p.lstat().st_mtime_ns for p in shop.folder.rglob("*")} == before
