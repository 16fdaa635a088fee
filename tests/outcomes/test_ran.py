"""Commits that sessions ran are followed to what became of them."""

from __future__ import annotations

import os

import pytest

from tests.outcomes.lab import DAY, HOUR, OTHER, Repo
from toktui.outcomes.attribution import Link
from toktui.outcomes.git import Git
from toktui.outcomes.patches import Patches
from toktui.outcomes.ran import Ran, exact_links

pytestmark = pytest.mark.git


def links(repo: Repo, *said: Ran) -> list[Link]:
    git = Git(str(repo.folder), os.environ)
    return sorted(exact_links(git, repo.found().tip, repo.landed(), said, Patches(git, {})))


def ran(repo: Repo, session: int = 1, *, later_ms: int = 2000) -> Ran:
    """What a log says right after the last commit."""
    return Ran(session, repo.head()[:8], repo.at_ms + later_ms)


def test_a_commit_that_landed_as_it_is(repo: Repo) -> None:
    repo.commit("Begin", author=OTHER)
    done = repo.commit("Mine", minutes=90)
    assert links(repo, ran(repo)) == [Link(1, done, "committed")]


def test_a_commit_that_was_merged(repo: Repo) -> None:
    repo.commit("Begin")
    repo.branch("orders")
    repo.commit("Step", minutes=90)
    said = ran(repo)
    merge = repo.merge("orders")
    assert links(repo, said) == [Link(1, merge, "merged")]


def test_a_commit_that_was_rebased_and_its_branch_deleted(repo: Repo) -> None:
    repo.commit("Begin", author=OTHER)
    repo.branch("cart")
    repo.commit("Step", minutes=90)
    said = ran(repo)
    repo.git("checkout", "-q", "main")
    repo.commit("Meanwhile", minutes=5, author=OTHER)
    repo.at_ms += DAY
    repo.git("cherry-pick", "cart")
    repo.git("branch", "-q", "-D", "cart")
    assert links(repo, said) == [Link(1, repo.head(), "same_patch")]


def test_all_commits_of_a_squash(repo: Repo) -> None:
    repo.commit("Begin", author=OTHER)
    repo.branch("cart")
    said: list[Ran] = []
    for session in (1, 2, 2):
        repo.commit(f"Step of {session}", minutes=90)
        said.append(ran(repo, session))
    repo.git("checkout", "-q", "main")
    repo.commit("Meanwhile", minutes=5, author=OTHER)
    squash = repo.squash("cart", "Cart (#12)")
    repo.git("branch", "-q", "-D", "cart")
    expected = {Link(1, squash, "squashed"), Link(2, squash, "squashed")}
    assert set(links(repo, *said)) == set(links(repo, *said[::-1])) == expected


def test_what_did_not_land_is_linked_to_nothing(repo: Repo) -> None:
    repo.commit("Begin")
    repo.branch("idea")
    repo.commit("Thrown away", minutes=90)
    said = ran(repo)
    repo.git("checkout", "-q", "main")
    repo.commit("Other", minutes=90)
    assert links(repo, said, Ran(1, "deadbeef", repo.at_ms), Ran(1, "0" * 40, repo.at_ms)) == []


def test_a_line_that_tells_of_an_old_commit_made_none(repo: Repo) -> None:
    repo.commit("Begin", author=OTHER)
    done = repo.commit("Mine", minutes=90)
    copied = ran(repo, 2, later_ms=5 * HOUR)
    assert links(repo, copied) == []
    assert links(repo, ran(repo, 1), ran(repo, 3), copied) == [Link(1, done, "committed")]
