"""Repositories of every shape are read, or it is said why not; never is anything fetched."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from tests.outcomes.lab import ME, OTHER, Repo
from toktui.outcomes import git as git_module
from toktui.outcomes import whys
from toktui.outcomes.chain import read_chain
from toktui.outcomes.git import Git, GitError
from toktui.outcomes.repository import find_repository, find_root

pytestmark = pytest.mark.git


def why(folder: Path | str) -> str:
    with pytest.raises(GitError) as failed:
        find_repository(str(folder), os.environ, ())
    return failed.value.why


def fake_git(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.mkdir()
    program = folder / "git"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")


def test_a_submodule_is_a_repository_of_its_own(repo: Repo) -> None:
    part = Repo.new(repo.folder.parent / "part")
    part.commit("Of the part")
    repo.commit("Of the whole")
    repo.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(part.folder), "lib")
    repo.git("commit", "-q", "-m", "Take the part in")
    inside = Repo(repo.folder / "lib")
    inside.git("config", "user.email", ME)
    assert inside.found().place == str(repo.folder / ".git/modules/lib")
    assert inside.found().upstream
    assert [c.subject for c in inside.landed()] == ["Of the part"]


def test_a_detached_head_and_an_unborn_branch_hide_nothing(repo: Repo) -> None:
    first = repo.commit("First")
    repo.commit("Second", minutes=90)
    repo.git("checkout", "-q", "--detach", first)
    assert [c.subject for c in repo.landed()] == ["First", "Second"]
    repo.git("checkout", "-q", "--orphan", "empty")
    assert len(repo.landed()) == 2


def test_without_a_usual_name_the_only_branch_or_the_one_checked_out_counts(repo: Repo) -> None:
    first = repo.commit("First")
    repo.git("branch", "-q", "-m", "main", "work")
    assert repo.found().ref == "refs/heads/work"
    repo.git("checkout", "-q", "--detach", first)
    assert repo.found().ref == "refs/heads/work"
    repo.git("branch", "-q", "other")
    assert why(repo.folder) == whys.NO_BRANCH
    repo.git("checkout", "-q", "other")
    assert repo.found().ref == "refs/heads/other"


def test_an_upstream_that_was_never_fetched_is_not_guessed(repo: Repo) -> None:
    repo.commit("Mine")
    repo.git("remote", "add", "team/hub", "https://example.invalid/x.git")
    assert why(repo.folder) == whys.NO_DEFAULT
    repo.git("update-ref", "refs/remotes/team/hub/main", "HEAD")
    assert (repo.found().ref, repo.found().upstream) == ("refs/remotes/team/hub/main", True)


def test_a_default_branch_that_was_renamed_is_found_once_its_old_name_is_pruned(repo: Repo) -> None:
    repo.commit("Before")
    repo.git("remote", "add", "origin", "https://example.invalid/x.git")
    repo.git("update-ref", "refs/remotes/origin/master", "HEAD")
    repo.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/master")
    assert repo.found().branch == "origin/master"
    repo.commit("After", minutes=90)
    repo.git("update-ref", "refs/remotes/origin/main", "HEAD")
    repo.git("update-ref", "-d", "refs/remotes/origin/master")
    assert repo.found().branch == "origin/main"
    repo.git("update-ref", "refs/remotes/origin/develop", "HEAD")
    repo.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/develop")
    assert (repo.found().branch, repo.found().local_name) == ("origin/develop", "develop")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_repository_of_somebody_else_is_not_read(repo: Repo) -> None:
    repo.commit("Theirs")
    os.chown(repo.folder, 12345, 12345)
    assert why(repo.folder) == whys.OTHER_OWNER


def test_mailmap_joins_the_addresses_of_one_person(repo: Repo) -> None:
    repo.commit("By an old address", author="old@example.com")
    assert repo.landed() == []
    (repo.folder / ".mailmap").write_text(f"Mira <{ME}> <old@example.com>\n")
    assert [c.subject for c in repo.landed()] == ["By an old address"]
    assert [c.subject for c in repo.landed("old@example.com")] == ["By an old address"]


def test_a_partial_clone_fetches_nothing_it_lacks(repo: Repo, tmp_path: Path) -> None:
    repo.git("config", "uploadpack.allowFilter", "true")
    for n in range(3):
        repo.commit(f"c{n}", minutes=90, lines=50)
    partial = Repo(tmp_path / "partial")
    repo.git("clone", "-q", "--filter=blob:none", "--no-checkout", f"file://{repo.folder}",
             str(partial.folder))  # fmt: skip
    partial.git("config", "user.email", ME)
    before = sorted(p for p in (partial.folder / ".git/objects").rglob("*"))
    changes = partial.landed()
    assert len(changes) == 3
    from toktui.outcomes.sizes import extents

    spans = [(c.before, c.hash) for c in changes]
    assert extents(Git(str(partial.folder), os.environ), spans) == {}
    assert sorted(p for p in (partial.folder / ".git/objects").rglob("*")) == before


def test_a_folder_without_a_repository_is_told_without_git(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = repo.folder / "a/b/c"
    deep.mkdir(parents=True)
    monkeypatch.setenv("PATH", "/nowhere")
    assert find_root(str(deep), os.environ) == str(repo.folder)
    plain = tmp_path / "plain"
    plain.mkdir()
    assert why(plain) == whys.NO_REPOSITORY
    assert why(plain / "gone") == whys.FOLDER_GONE


def test_git_that_does_not_answer_is_ended_with_all_that_it_started(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.commit("Begin")
    mark = tmp_path / "ran on"
    fake_git(tmp_path / "bin", f"(sleep 1.5; touch '{mark}') & sleep 60", monkeypatch)
    monkeypatch.setattr(git_module, "_TIMEOUT_S", 0.3)
    began = time.monotonic()
    with pytest.raises(GitError, match="in time"):
        Git(str(repo.folder), os.environ).ask("status", timeout_s=0.3)
    assert time.monotonic() - began < 1.2
    time.sleep(1.6)
    assert not mark.exists()


def test_a_repository_has_only_so_much_time_in_all(repo: Repo) -> None:
    repo.commit("Begin")
    git = Git(str(repo.folder), os.environ, within_s=0.0)
    with pytest.raises(GitError, match="in time"):
        git.ask("rev-parse", "HEAD")


def test_git_that_says_too_much_is_ended(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_git(tmp_path / "bin", "exec yes words", monkeypatch)
    monkeypatch.setattr(git_module, "MOST_BYTES", 1 << 20)
    with pytest.raises(GitError, match="too much"):
        Git(str(repo.folder), os.environ).ask("log")


def test_of_messages_that_are_too_long_together_the_newest_are_read(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(6):
        repo.commit(f"c{n}", minutes=90, body="x" * 4000)
    monkeypatch.setattr(git_module, "MOST_BYTES", 20_000)
    found = repo.found()
    chain = read_chain(Git(found.folder, os.environ), found.tip, 0)
    assert [c.subject for c in chain.commits] == ["c3", "c4", "c5"]
    assert chain.is_short


def test_git_that_is_too_old_is_named(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.commit("Begin")
    fake_git(tmp_path / "bin", 'shift; echo "--path-format=absolute"; echo .git', monkeypatch)
    assert why(repo.folder) == whys.GIT_OLD


def test_every_reason_that_git_gives_has_a_remedy_or_is_its_own_words() -> None:
    names = (name for name in vars(whys) if name.isupper() and name[0] != "_")
    reasons = [getattr(whys, name) for name in names if name != "TYPE_CHECKING"]
    assert len(reasons) > 8
    for reason in reasons:
        assert whys.help_with(reason) or reason == whys.TOO_MUCH, reason


def test_what_a_merge_brought_is_what_its_first_parent_does_not_reach(repo: Repo) -> None:
    """As git itself says it, merges of merges and of the branch itself included."""
    repo.commit("Begin")
    for n in range(3):
        repo.branch(f"b{n}")
        repo.commit(f"on b{n}", minutes=90)
        if n:
            repo.git("merge", "-q", "--no-ff", "-m", "sync", f"b{n - 1}")
        repo.git("checkout", "-q", "main")
        repo.commit(f"meanwhile {n}", minutes=5, author=OTHER)
        if n != 1:
            repo.merge(f"b{n}")
    git = Git(str(repo.folder), os.environ)
    chain = read_chain(git, repo.found().tip, 0)
    merges = [c for c in chain.commits if c.is_merge]
    assert len(merges) == 2
    for merge in merges:
        said = repo.git("rev-list", *merge.parents[1:], "--not", merge.before)
        assert {c.hash for c in chain.merged[merge.hash]} == set(said.split())


def test_a_clock_that_was_wrong_once_cuts_no_chain(repo: Repo) -> None:
    repo.commit("Before")
    repo.at_ms -= 3000 * 86_400_000
    repo.commit("In the past")
    repo.at_ms += 3001 * 86_400_000
    repo.commit("After")
    since = repo.at_ms - 10 * 86_400_000
    chain = read_chain(Git(str(repo.folder), os.environ), repo.head(), since)
    assert [c.subject for c in chain.commits] == ["Before", "In the past", "After"]
