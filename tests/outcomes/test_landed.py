"""What counts as a landed change, how large it is, and what was taken back."""

from __future__ import annotations

import os
import time

import pytest

from tests.outcomes.lab import DAY, HOUR, ME, OTHER, START_MS, Repo
from toktui.outcomes.git import Git, GitError, NoGitError
from toktui.outcomes.landed import Change
from toktui.outcomes.repository import find_repository
from toktui.outcomes.sizes import SIZES, Extent, extents, is_nobodys

pytestmark = pytest.mark.git


def size(repo: Repo, change: Change) -> str:
    span = (change.before, change.hash)
    return SIZES[extents(Git(str(repo.folder), os.environ), [span])[span].size]


def subjects(changes: list[Change]) -> list[str]:
    return [change.subject for change in changes]


def test_only_what_is_upstream_has_landed(repo: Repo) -> None:
    repo.commit("Seen by all")
    repo.push()
    repo.commit("Still here", minutes=300)
    assert subjects(repo.landed()) == ["Seen by all"]
    assert find_repository(str(repo.folder), os.environ, ()).upstream


def test_without_a_remote_the_local_branch_stands_in_and_says_so(repo: Repo) -> None:
    repo.commit("Mine alone")
    found = find_repository(str(repo.folder), os.environ, ())
    assert (found.branch, found.upstream) == ("main", False)
    assert subjects(repo.landed()) == ["Mine alone"]


def test_a_remote_whose_default_branch_is_not_known_is_no_guess(repo: Repo) -> None:
    repo.commit("x")
    repo.git("remote", "add", "origin", "https://example.invalid/x.git")
    with pytest.raises(GitError, match="default branch is not known"):
        find_repository(str(repo.folder), os.environ, ())


def test_a_merge_is_one_change_however_many_commits_it_brings(repo: Repo) -> None:
    repo.commit("Begin")
    repo.branch("orders")
    for n in range(4):
        repo.commit(f"Step {n}", minutes=90)
    merge = repo.merge("orders")
    (_, change) = repo.landed()
    assert (change.hash, change.kind, change.branch) == (merge, "merge", "orders")
    assert len(change.merged) == 4


def test_a_merge_belongs_to_who_wrote_what_it_brings(repo: Repo) -> None:
    repo.commit("Begin")
    repo.branch("hers")
    repo.commit("Written by another", minutes=90, author=OTHER)
    repo.merge("hers")
    repo.branch("mine")
    repo.commit("Written by me", minutes=90)
    repo.merge("mine", author=OTHER)
    assert [change.branch for change in repo.landed()] == ["", "mine"]


def test_a_squash_is_one_change(repo: Repo) -> None:
    repo.commit("Begin")
    repo.branch("cart")
    repo.commit("One", minutes=90)
    repo.commit("Two", minutes=90)
    repo.squash("cart", "Cart (#12)")
    assert [(c.subject, c.kind) for c in repo.landed()][-1] == ("Cart (#12)", "squash")


def test_pushes_within_an_hour_are_one_change(repo: Repo) -> None:
    for subject, minutes in (("a", 0), ("b", 30), ("c", 29), ("d", 2), ("e", 200)):
        repo.commit(subject, minutes=minutes)
    assert [(c.subject, len(c.commits)) for c in repo.landed()] == [("c", 3), ("d", 1), ("e", 1)]


def test_commits_of_others_are_not_mine_but_co_authored_ones_are(repo: Repo) -> None:
    repo.commit("Theirs", author=OTHER)
    repo.commit("Both", minutes=90, author=OTHER, body=f"Co-authored-by: Mira <{ME.upper()}>")
    assert subjects(repo.landed()) == ["Both"]
    assert len(repo.landed(OTHER)) == 2


def test_a_clock_that_runs_backwards_merges_nothing(repo: Repo) -> None:
    repo.commit("From the future")
    repo.at_ms -= 5 * HOUR
    repo.commit("From the past")
    assert subjects(repo.landed()) == ["From the future", "From the past"]


@pytest.mark.parametrize(("files", "lines", "expected"), [
    (0, 0, "XS"), (1, 15, "XS"), (1, 16, "S"), (1, 9000, "S"), (2, 64, "M"), (3, 63, "S"),
    (4, 256, "L"), (8, 1023, "L"), (8, 1024, "XL"), (100, 20, "S"),
])  # fmt: skip
def test_the_smaller_of_files_and_lines_gives_the_size(
    files: int, lines: int, expected: str
) -> None:
    assert SIZES[Extent(files, lines).size] == expected


def test_what_nobody_wrote_has_no_size(repo: Repo) -> None:
    repo.commit("Begin")
    for name in ("uv.lock", "web/package-lock.json", "vendor/a/b.go", "x.min.js", "a_pb2.py"):
        assert is_nobodys(name)
        repo.write(name, 4000)
    repo.write(".gitattributes", 0)
    (repo.folder / ".gitattributes").write_text("made/* linguist-generated\n")
    repo.write("made/big.py", 4000)
    repo.commit("Much ado", minutes=90, lines=20)
    assert size(repo, repo.landed()[-1]) == "S"


def test_a_move_is_no_work_and_several_pushes_are_compared_as_one(repo: Repo) -> None:
    repo.commit("Begin", name="a.py", lines=600)
    repo.at_ms += 2 * HOUR
    repo.git("mv", "a.py", "b.py")
    repo.git("commit", "-q", "-m", "Move")
    assert size(repo, repo.landed()[-1]) == "XS"
    repo.at_ms += 2 * HOUR
    for _ in range(3):
        repo.commit("Again and again", minutes=5, name="b.py", lines=20)
    span = (repo.landed()[-1].before, repo.head())
    assert extents(Git(str(repo.folder), os.environ), [span])[span] == Extent(1, 620)


def test_a_revert_takes_a_change_back_and_its_own_revert_brings_it_again(repo: Repo) -> None:
    repo.commit("Begin")
    bad = repo.commit("Bad idea", minutes=120)
    repo.at_ms += 2 * HOUR
    repo.git("revert", "--no-edit", bad)
    taken = repo.head()
    found = {c.subject: c for c in repo.landed()}
    assert (found["Bad idea"].reverted_by, found["Bad idea"].reverted_ms) == (taken, repo.at_ms)
    repo.at_ms += 2 * HOUR
    repo.git("revert", "--no-edit", taken)
    assert {c.subject: c.reverted_by for c in repo.landed()}["Bad idea"] == ""


def test_a_revert_after_more_than_a_week_is_a_change_of_mind(repo: Repo) -> None:
    repo.commit("Begin")
    bad = repo.commit("Bad idea", minutes=120)
    repo.at_ms += 7 * DAY + HOUR
    repo.git("revert", "--no-edit", bad)
    assert not any(c.reverted_by for c in repo.landed())


def test_a_revert_is_known_by_its_tree_or_its_pull_request_too(repo: Repo) -> None:
    repo.commit("Begin")
    repo.commit("Silent (#3)", minutes=120)
    repo.at_ms += 2 * HOUR
    repo.git("rm", "-q", "file2.py")
    repo.git("commit", "-q", "-m", "Never mind")
    repo.commit("Loud (#4)", minutes=120)
    repo.commit('Revert "Loud (#4)" (#5)', minutes=120, body="Reverts mira/shop#4")
    gone = [c.subject for c in repo.landed() if c.reverted_by]
    assert gone == ["Silent (#3)", "Loud (#4)"]


def test_an_empty_commit_takes_nothing_back(repo: Repo) -> None:
    repo.commit("Begin")
    repo.commit("Work", minutes=120)
    repo.at_ms += 2 * HOUR
    repo.git("commit", "-q", "--allow-empty", "-m", "Nothing")
    assert not any(c.reverted_by for c in repo.landed())


def test_worktrees_are_one_repository_even_when_they_are_gone(repo: Repo) -> None:
    repo.commit("Begin")
    beside = repo.folder / ".claude/worktrees/x"
    repo.git("worktree", "add", "-q", str(beside), "-b", "x")
    places = {find_repository(str(f), os.environ, ()).place for f in (repo.folder, beside)}
    repo.git("worktree", "remove", "--force", str(beside))
    places.add(find_repository(str(beside), os.environ, ()).place)
    assert len(places) == 1


def test_a_bare_repository_is_read(repo: Repo) -> None:
    repo.commit("Begin")
    bare = repo.folder.parent / "bare.git"
    repo.git("clone", "-q", "--bare", str(repo.folder), str(bare))
    found = find_repository(str(bare), os.environ, (ME,))
    assert not found.upstream
    (change,) = Repo(bare).landed(ME)
    assert size(Repo(bare), change) == "S"


def test_what_is_no_repository_says_why(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(GitError, match="no commit"):
        find_repository(str(repo.folder), os.environ, ())
    plain = repo.folder.parent / "plain"
    plain.mkdir()
    with pytest.raises(GitError, match="no git repository"):
        find_repository(str(plain), os.environ, ())
    for gone in ("/nowhere/at/all", "relative", ""):
        with pytest.raises(GitError, match="the folder is gone"):
            find_repository(gone, os.environ, ())
    monkeypatch.setenv("PATH", str(plain))
    with pytest.raises(NoGitError):
        find_repository(str(repo.folder), os.environ, ())


def test_hostile_names_and_messages_break_nothing(repo: Repo) -> None:
    repo.commit("Begin")
    repo.write("tab\tand\nnewline [red].py", 20)
    repo.git("add", "-A")
    repo.at_ms += 2 * HOUR
    repo.git("commit", "-q", "--cleanup=verbatim", "-m", "\x1b[31m[/b] \u202egnp.exe\n\n\x01\x02x")
    change = repo.landed()[-1]
    assert not {"\x1b", "\u202e"} & set(change.subject)
    assert size(repo, change) == "S"


@pytest.mark.parametrize("setting", [
    "core.fsmonitor", "core.pager", "diff.external", "diff.evil.command", "diff.evil.textconv",
    "filter.evil.smudge", "filter.evil.clean", "gpg.program", "core.sshCommand", "core.editor",
])  # fmt: skip
def test_no_program_of_the_repository_runs(repo: Repo, setting: str) -> None:
    repo.commit("Begin")
    mark = repo.folder.parent / "ran"
    program = repo.folder.parent / "evil.sh"
    program.write_text(f"#!/bin/sh\ntouch {mark}\n")
    program.chmod(0o755)
    (repo.folder / ".gitattributes").write_text("* diff=evil filter=evil\n")
    for hook in ("post-checkout", "post-index-change", "reference-transaction"):
        (repo.folder / ".git/hooks" / hook).write_text(f"#!/bin/sh\ntouch {mark}\n")
        (repo.folder / ".git/hooks" / hook).chmod(0o755)
    repo.push()
    mark.unlink(missing_ok=True)
    repo.git("config", setting, str(program))
    repo.git("config", "log.showSignature", "true")
    before = sorted((p, p.stat().st_mtime_ns) for p in repo.folder.rglob("*"))
    changes = repo.landed()
    assert [size(repo, c) for c in changes] == ["S"]
    assert not mark.exists()
    assert sorted((p, p.stat().st_mtime_ns) for p in repo.folder.rglob("*")) == before


@pytest.mark.parametrize(
    "path", ["{usual}", ":{usual}", ".:{usual}", "bin:{usual}", "{usual}:", ".", ""]
)
def test_a_program_that_lies_in_the_repository_is_not_git(
    repo: Repo, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.commit("Begin")
    mark = repo.folder.parent / "ran"
    for folder in (repo.folder, repo.folder / "bin"):
        folder.mkdir(exist_ok=True)
        (folder / "git").write_text(f'#!/bin/sh\ntouch {mark}\nexec /usr/bin/env -i git "$@"\n')
        (folder / "git").chmod(0o755)
    monkeypatch.setenv("PATH", path.format(usual=os.environ["PATH"]))
    assert [change.subject for change in repo.landed()] == ["Begin"]
    assert not mark.exists()


@pytest.mark.parametrize("setting", ["i18n.logOutputEncoding", "i18n.commitEncoding", "log.date"])
@pytest.mark.parametrize("value", ["UTF-16", "EBCDIC-US", "SHIFT_JIS"])
def test_no_setting_of_the_repository_changes_how_commits_read(
    repo: Repo, setting: str, value: str
) -> None:
    repo.commit("Grüße, 世界")
    repo.git("config", setting, value)
    assert [(c.subject, c.at_ms) for c in repo.landed()] == [("Grüße, 世界", repo.at_ms)]


def test_a_shallow_clone_did_not_make_everything_in_its_first_commit(repo: Repo) -> None:
    for n in range(3):
        repo.commit(f"c{n}", minutes=90, lines=5000)
    shallow = repo.folder.parent / "shallow"
    repo.git("clone", "-q", "--depth=2", f"file://{repo.folder}", str(shallow))
    found = find_repository(str(shallow), os.environ, (ME,))
    assert (found.shallow, found.branch) == (True, "origin/main")
    assert len(Repo(shallow).landed(ME, since_ms=START_MS)) == 2


def test_binary_files_and_pure_mode_changes_have_no_size(repo: Repo) -> None:
    repo.commit("Begin", name="run.sh")
    repo.at_ms += 2 * HOUR
    (repo.folder / "logo.png").write_bytes(bytes(range(256)) * 400)
    (repo.folder / "run.sh").chmod(0o755)
    repo.git("add", "-A")
    repo.git("commit", "-q", "-m", "A logo")
    assert size(repo, repo.landed()[-1]) == "XS"


def test_hostile_addresses_and_co_authors_are_nobody(repo: Repo) -> None:
    repo.commit("Begin")
    for n, mail in enumerate(("\x1b[31m@x", "a" * 5000, "", "\udcff@x", "[/b]@x")):
        named = f"Co-authored-by: {'x' * 900} <\u202e{mail}>\nCo-authored-by: <>"
        repo.commit(f"Theirs {n}", minutes=90, author=mail or "x@y", body=named)
    assert [c.subject for c in repo.landed()] == ["Begin"]
    assert repo.landed("")[-1].subject == "Begin"


def test_a_rebase_merge_is_as_many_changes_as_pushes_apart(repo: Repo) -> None:
    """GitHub's third button: every commit lands by itself, without a merge."""
    repo.commit("Begin")
    repo.branch("cart")
    for n in range(3):
        repo.commit(f"Step {n}", minutes=90)
    repo.git("checkout", "-q", "main")
    repo.git("merge", "-q", "--ff-only", "cart")
    assert [c.kind for c in repo.landed()] == ["push"] * 4


def test_reverts_of_reverts_of_reverts_end_where_the_tree_does(repo: Repo) -> None:
    repo.commit("Begin")
    repo.commit("Idea", minutes=120)
    for n in range(1, 5):
        repo.at_ms += 2 * HOUR
        repo.git("revert", "--no-edit", "HEAD")
        gone = {c.subject.partition(" ")[0] for c in repo.landed() if c.reverted_by}
        assert ("Idea" in gone) == bool(n % 2)


def test_many_short_hashes_in_messages_cost_no_time(repo: Repo) -> None:
    repo.commit("Begin")
    body = "".join(f"This reverts commit {n:07x}.\n" for n in range(480))
    for n in range(30):
        repo.commit(f"Noise {n}", minutes=70, body=body)
    began = time.process_time()
    assert len(repo.landed()) == 31
    assert time.process_time() - began < 1.0
