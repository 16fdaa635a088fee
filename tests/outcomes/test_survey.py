"""A look finds what is new since the last one, and no less than a look at everything would."""

from __future__ import annotations

import os
import random
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.outcomes.lab import DAY, HOUR, MINUTE, OTHER, START_MS, Repo
from tests.outcomes.office import Office
from toktui.metrics.filters import NO_FILTERS
from toktui.metrics.outcome_places import load_places
from toktui.outcomes import survey as survey_module
from toktui.outcomes.git import Git
from toktui.outcomes.whys import NO_REPOSITORY

pytestmark = pytest.mark.git


@pytest.fixture
def office() -> Iterator[Office]:
    office = Office.new()
    yield office
    office.db.close()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The commands that git was asked."""
    commands: list[str] = []
    run = Git._run

    def counted(self: Git, args: list[list[str]], said: bytes, timeout_s: float) -> bytes:
        commands.append(args[0][0])
        return run(self, args, said, timeout_s)

    monkeypatch.setattr(Git, "_run", counted)
    return commands


class Life:
    """What happens to a repository and to those who work there, by chance."""

    def __init__(self, repo: Repo, office: Office, seed: int) -> None:
        self.repo, self.office, self.random = repo, office, random.Random(seed)
        self.branches = 0
        self.sessions = 0
        repo.commit("Begin", author=OTHER)
        self.repo.push()

    def work(self, branch: str) -> int:
        self.sessions += 1
        own = self.sessions
        for n in range(self.random.randrange(1, 4)):
            at_ms = self.repo.at_ms - n * 9 * MINUTE
            self.office.work(own, self.repo.folder, at_ms, branch)
            if self.random.random() < 0.3:
                self.sessions += 1
                self.office.work(self.sessions, self.repo.folder, at_ms, "")
                self.office.started_by(self.sessions, own)
        return own

    def commit(self, branch: str) -> str:
        author = OTHER if self.random.random() < 0.2 else None
        session = self.work(branch)
        done = self.repo.commit(f"Work {self.random.randrange(99)}", minutes=3, author=author,
                                lines=self.random.randrange(1, 90))  # fmt: skip
        if self.random.random() < 0.6:
            self.office.ran(session, done, self.repo.at_ms + 1000)
        return done

    def day(self) -> None:
        """Something, and some time."""
        repo, chance = self.repo, self.random
        repo.at_ms += int(chance.choice((0.5, 9, 30, 150)) * HOUR)
        what = chance.choice(("push", "push", "merge", "squash", "pick", "revert", "force", "idle"))
        if what in ("merge", "squash", "pick"):
            self.branches += 1
            name = f"topic{self.branches}"
            repo.branch(name)
            for _ in range(chance.randrange(1, 4)):
                last = self.commit(name)
                repo.at_ms += chance.randrange(1, 40) * HOUR
            repo.git("checkout", "-q", "main")
            if what == "merge":
                repo.merge(name)
            elif what == "squash":
                repo.squash(name, f"Topic {self.branches} (#{self.branches})")
            else:
                repo.at_ms += 5 * MINUTE
                repo.git("cherry-pick", "--allow-empty", "--keep-redundant-commits", last)
        elif what == "push":
            for _ in range(chance.randrange(1, 4)):
                self.commit("main")
        elif what == "revert" and not repo.git("log", "-1", "--format=%p").count(" "):
            if repo.git("log", "-1", "--format=%p"):
                repo.git("revert", "--no-edit", "HEAD")
        elif what == "force" and repo.git("rev-list", "--count", "--first-parent", "HEAD") > "3":
            repo.git("reset", "-q", "--hard", "HEAD~1")
        repo.push()


@pytest.mark.parametrize("seed", range(6))
def test_looks_after_each_day_find_what_one_look_at_the_end_finds(
    repo: Repo, office: Office, seed: int
) -> None:
    life = Life(repo, office, seed)
    recent = 0
    for _ in range(14):
        for _ in range(2):
            life.day()
        parts = office.look(repo.at_ms + MINUTE)
        recent += any(found.since_ms for part in parts for found in part.found)
    whole = office.copy()
    whole.look(repo.at_ms + MINUTE, whole=True)
    assert recent > 2
    assert office.known() == whole.known()
    assert office.known()[0]
    assert office.known()[1]


def test_most_looks_read_only_the_last_weeks(
    repo: Repo, office: Office, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []
    read_chain = survey_module.read_chain

    def counted(*args: object, **named: object) -> object:
        chain = read_chain(*args, **named)  # type: ignore[arg-type]
        read.append(len(chain.commits))
        return chain

    monkeypatch.setattr(survey_module, "read_chain", counted)
    for n in range(40):
        office.work(n + 1, repo.folder, repo.at_ms)
        repo.commit(f"c{n}", minutes=5)
        repo.at_ms += 5 * DAY
    office.look(repo.at_ms)
    office.work(99, repo.folder, repo.at_ms)
    repo.commit("New", minutes=5)
    office.look(repo.at_ms + HOUR)
    assert read == [40, 17]
    assert len(office.known()[0]) == 41


def test_where_nothing_is_new_git_is_asked_where_the_branch_is_and_no_more(
    repo: Repo, office: Office, asked: list[str]
) -> None:
    office.work(1, repo.folder, repo.at_ms)
    repo.commit("Landed", minutes=5)
    repo.push()
    office.look(repo.at_ms)
    asked.clear()
    before = office.db.total_changes
    (part,) = office.look(repo.at_ms + HOUR)
    assert part.unchanged
    assert sorted(asked) == ["config", "for-each-ref", "rev-parse"]
    assert office.db.total_changes == before


def test_folders_of_one_repository_are_asked_about_once_and_others_never(
    repo: Repo, office: Office, asked: list[str], tmp_path: Path
) -> None:
    repo.commit("Begin")
    for n in range(200):
        (repo.folder / f"d{n}").mkdir()
        (tmp_path / f"plain{n}").mkdir()
        office.work(n + 1, repo.folder / f"d{n}", repo.at_ms)
        office.work(n + 1001, tmp_path / f"plain{n}", repo.at_ms)
    office.look(repo.at_ms)
    assert asked.count("rev-parse") == 1
    assert len(asked) < 10
    whys = office.db.execute("select why, count(*) from workplace group by 1 order by 1").fetchall()
    assert whys == [("", 200), (NO_REPOSITORY, 200)]


def test_a_landed_change_that_a_forced_push_takes_away_is_gone_with_its_links(
    repo: Repo, office: Office
) -> None:
    repo.commit("Begin", author=OTHER)
    office.work(1, repo.folder, repo.at_ms)
    repo.commit("Landed", minutes=5)
    repo.push()
    office.look(repo.at_ms)
    assert [row[1] for row in office.known()[0]] == [repo.head()]
    repo.git("commit", "-q", "--amend", "-m", "Landed, with other words")
    repo.push()
    office.look(repo.at_ms + HOUR)
    assert [(row[1], row[8]) for row in office.known()[0]] == [
        (repo.head(), "Landed, with other words")
    ]
    assert office.db.execute("select count(*) from link").fetchone() == (1,)
    repo.git("reset", "-q", "--hard", "HEAD~1")
    repo.push()
    office.look(repo.at_ms + 2 * HOUR)
    assert office.known() == ([], [])
    assert office.db.execute("select linked from session").fetchone() == (0,)


def test_a_log_that_is_read_late_is_linked_to_what_landed_long_ago(
    repo: Repo, office: Office
) -> None:
    at_ms = repo.at_ms
    office.work(1, repo.folder, at_ms)
    repo.commit("Long ago", minutes=5)
    repo.at_ms += 100 * DAY
    office.work(2, repo.folder, repo.at_ms)
    office.look(repo.at_ms)
    office.work(3, repo.folder, at_ms + MINUTE)
    office.look(repo.at_ms + HOUR)
    assert [row[0] for row in office.known()[1]] == [1, 3]


def test_all_is_looked_at_again_after_a_week(repo: Repo, office: Office) -> None:
    office.work(1, repo.folder, repo.at_ms)
    repo.commit("Landed", minutes=5)
    office.look(repo.at_ms)
    office.db.execute("update change set subject = 'changed by nobody knows whom'")
    assert office.look(repo.at_ms + 6 * DAY)[0].unchanged
    office.look(repo.at_ms + 8 * DAY)
    assert office.known()[0][0][8] == "Landed"


def test_a_commit_of_the_far_future_has_not_landed_yet(repo: Repo, office: Office) -> None:
    office.work(1, repo.folder, repo.at_ms)
    now_ms = repo.at_ms
    repo.at_ms += 9000 * DAY
    repo.commit("From a clock that is wrong")
    office.look(now_ms)
    assert office.known() == ([], [])


def test_a_look_that_runs_out_of_time_leaves_the_rest_as_it_was(
    repo: Repo, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Repo.new(repo.folder.parent / "other")
    for n, each in enumerate((repo, other)):
        office.work(n + 1, each.folder, each.at_ms)
        each.commit("Landed", minutes=5)
    office.look(repo.at_ms)
    known = office.known()
    stopped = iter([False, False, False, True, True, True, True])
    assert len(list(office.look(repo.at_ms + 8 * DAY, stopped=lambda: next(stopped)))) <= 1
    assert office.known() == known
    monkeypatch.setattr(survey_module, "_FOR_ALL_S", 0.0)
    assert office.look(repo.at_ms + 9 * DAY) == []
    assert office.known() == known
    monkeypatch.setattr(survey_module, "_FOR_ALL_S", 60.0)
    monkeypatch.setattr(survey_module, "_FOR_ONE_S", 0.0)
    office.look(repo.at_ms + 20 * DAY)
    assert office.known() == known
    assert set(office.db.execute("select why from workplace")) == {("git did not answer in time",)}


def test_a_repository_that_is_dropped_from_all_folders_is_forgotten(
    repo: Repo, office: Office
) -> None:
    office.work(1, repo.folder / "sub", repo.at_ms)
    (repo.folder / "sub").mkdir()
    repo.commit("Landed", minutes=5)
    office.look(repo.at_ms)
    inner = Repo.new(repo.folder / "sub" / "x")
    inner.folder.rename(repo.folder / "moved")
    (repo.folder / "moved/.git").rename(repo.folder / "sub/.git")
    inner = Repo(repo.folder / "sub", repo.at_ms)
    inner.commit("Of another repository", minutes=5)
    office.look(repo.at_ms + HOUR)
    assert [row[8] for row in office.known()[0]] == ["Of another repository"]


def fast_history(repo: Repo, count: int) -> None:
    """Many commits at once: every 20 minutes one, each fourth Mira's."""
    lines: list[str] = []
    for n in range(count):
        at_s = START_MS // 1000 - (count - n) * 1200
        mail = "mira@example.com" if n % 4 == 0 else "olaf@example.com"
        lines.append(
            f"commit refs/heads/main\nmark :{n + 1}\nauthor A <{mail}> {at_s} +0000\n"
            f"committer A <{mail}> {at_s} +0000\ndata 8\nchange\n\n"
            f"M 100644 inline f{n % 50}.py\ndata {20 + len(str(n))}\n{'x' * 19}{n}\n\n"
        )
    subprocess.run(["git", "fast-import", "--quiet"], cwd=repo.folder, check=True,
                   input="".join(lines).encode(), env=dict(os.environ))  # fmt: skip


def test_of_a_huge_history_only_what_can_matter_is_read(repo: Repo, office: Office) -> None:
    fast_history(repo, 5_000)
    office.work(1, repo.folder, START_MS - 2 * DAY)
    office.look(START_MS)
    # Of the last three days every fourth of 72 commits a day, an hour's pushes as one.
    assert 30 < len(office.known()[0]) < 72 * 3


def test_older_changes_than_can_be_read_stay_as_they_are_known(
    repo: Repo, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    fast_history(repo, 60)
    office.work(1, repo.folder, START_MS - 2 * DAY)
    office.look(START_MS)
    before = office.known()[0]
    monkeypatch.setattr("toktui.outcomes.chain.MOST_COMMITS", 20)
    office.look(START_MS + HOUR, whole=True)
    assert {row[1] for row in office.known()[0]} == {row[1] for row in before}


def test_a_folder_that_there_was_no_time_for_is_where_it_was(repo: Repo, office: Office) -> None:
    for n, name in enumerate(("a", "b")):
        (repo.folder / name).mkdir()
        office.work(n + 1, repo.folder / name, repo.at_ms)
    repo.commit("Landed", minutes=5)
    office.look(repo.at_ms)
    over = iter([False, True])
    (part,) = office.look(repo.at_ms + HOUR, stopped=lambda: next(over, False))
    assert len(part.unchanged) == 2


def test_a_change_that_git_cannot_compare_is_not_tried_at_each_look(
    repo: Repo, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[int] = []

    def too_slow(git: Git, spans: list[tuple[str, str]]) -> dict[tuple[str, str], object]:
        tried.append(len(spans))
        return {}

    monkeypatch.setattr(survey_module, "extents", too_slow)
    for n in range(4):
        office.work(n + 1, repo.folder, repo.at_ms)
        repo.commit(f"c{n}", minutes=5)
        repo.at_ms += 2 * DAY
        office.look(repo.at_ms)
    office.look(repo.at_ms + 8 * DAY)
    assert tried == [1, 1, 1, 1, 4]
    assert [row[11] for row in office.known()[0]] == [None] * 4


def test_commits_by_my_name_under_other_addresses_are_named_and_not_counted(
    repo: Repo, office: Office
) -> None:
    def others() -> tuple[str, ...]:
        (row,) = load_places(office.db, NO_FILTERS, (), {}).repositories
        return row.other_addresses

    office.work(1, repo.folder, repo.at_ms)
    for mail in ("7+mira@users.noreply.github.com", "\x1b[31m@evil"):
        repo.at_ms += 2 * HOUR
        repo.write()
        repo.git("add", "-A")
        repo.git("commit", "-q", "-m", "Squashed (#1)", "--author", f"Mira <{mail}>")
    repo.commit("By another", minutes=90, author=OTHER)
    office.look(repo.at_ms)
    assert office.known()[0] == []
    assert others() == ("7+mira@users.noreply.github.com", "[31m@evil")
    office.work(2, repo.folder, repo.at_ms)
    office.look(repo.at_ms + HOUR)
    assert len(others()) == 2
    repo.git("config", "--unset", "user.name")
    office.look(repo.at_ms + HOUR, whole=True)
    assert others() == ()
