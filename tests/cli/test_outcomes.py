"""`toktui outcomes`: what landed, what it cost, and what cannot be known."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Logs, Toktui
from tests.outcomes.lab import DAY, HOUR, ME, MINUTE, OTHER, Repo
from toktui.clock import iso
from toktui.export import outcomes as export

pytestmark = pytest.mark.git
Document = Callable[..., dict[str, Any]]


def session(n: int) -> str:
    return f"5e5510aa-0000-4000-8000-{n:012}"


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """However long the path of the home is, no line of the text is broken."""
    monkeypatch.setenv("COLUMNS", "400")


@pytest.fixture
def shop(home: Path) -> Repo:
    repo = Repo.new(home / "shop")
    repo.commit("Begin", author=OTHER)
    repo.at_ms += 2 * DAY
    return repo


def work(logs: Logs, repo: Repo, n: int, *, branch: str = "main", calls: int = 1) -> None:
    for i in range(calls):
        logs.call(at=iso(repo.at_ms + i), session=session(n), project=str(repo.folder),
                  branch=branch, output_tokens=1000)  # fmt: skip


def test_all_spend_is_in_the_cost_of_a_landed_change(
    logs: Logs, shop: Repo, document: Document
) -> None:
    work(logs, shop, 1)
    shop.commit("Landed", minutes=10)
    shop.at_ms += 9 * HOUR
    work(logs, shop, 2, calls=3)
    found = document("outcomes")
    assert found["schema"] == "toktui.outcomes/1"
    totals = found["totals"]
    assert (totals["changes"], totals["linked_changes"], totals["sessions"]) == (1, 1, 2)
    each = totals["linked"]["cost_nusd"]
    assert each > 0
    assert totals["spent"]["cost_nusd"] == 4 * each == totals["cost_per_landed_change_nusd"]
    assert totals["unlinked"]["cost_nusd"] == 3 * each
    assert totals["unattributed_share"] == 0.75
    (change,) = found["changes"]
    assert (change["commit"], change["link"]) == (shop.head(), "inferred")
    assert change["cost"]["cost_nusd"] == each
    assert [s["id"] for s in found["landed_nothing"]] == [session(2)]
    assert found["links"] == {"time": 1}
    assert sum(w["spent"]["cost_nusd"] for w in found["weeks"]) == 4 * each


def test_a_session_that_made_several_changes_is_shared_out_to_the_nano_dollar(
    logs: Logs, shop: Repo, document: Document
) -> None:
    for n in range(3):
        work(logs, shop, 1)
        shop.commit(f"Landed {n}", minutes=1, lines=10 + 200 * n)
        shop.at_ms += 61 * MINUTE
    found = document("outcomes")
    costs = [change["cost"]["cost_nusd"] for change in found["changes"]]
    assert len(costs) == 3
    assert sum(costs) == found["totals"]["spent"]["cost_nusd"]
    assert sum(s["cost"]["cost_nusd"] or 0 for s in found["sizes"]) == sum(costs)


def test_what_a_change_costs_grows_with_its_sessions_without_another_look(
    logs: Logs, shop: Repo, document: Document, toktui: Toktui
) -> None:
    work(logs, shop, 1)
    shop.commit("Landed", minutes=10)
    before = document("outcomes")["changes"][0]["cost"]["cost_nusd"]
    shop.folder.rename(shop.folder.parent / "away")
    work(logs, shop, 1, calls=2)
    toktui("sync")
    found = document("outcomes", "--no-sync")
    (change,) = found["changes"]
    assert change["cost"]["cost_nusd"] == 3 * before == found["totals"]["spent"]["cost_nusd"]
    assert sum(s["cost"]["cost_nusd"] or 0 for s in found["sizes"]) == 3 * before


def test_a_second_look_changes_nothing_and_a_new_commit_is_found(
    logs: Logs, shop: Repo, document: Document
) -> None:
    work(logs, shop, 1)
    shop.commit("Landed", minutes=10)
    first, second = document("outcomes"), document("outcomes")
    assert first | {"generated_at": ""} == second | {"generated_at": ""}
    shop.commit("More", minutes=200)
    assert document("outcomes", "--no-sync")["totals"]["changes"] == 1
    assert document("outcomes")["totals"]["changes"] == 2


def test_days_and_projects_narrow_it(logs: Logs, shop: Repo, document: Document) -> None:
    work(logs, shop, 1)
    shop.commit("Landed", minutes=10)
    day = iso(shop.at_ms)[:10]
    assert document("outcomes", "--until", "2026-11-01")["totals"]["changes"] == 0
    assert document("outcomes", "--since", day, "--until", day)["totals"]["changes"] == 1
    assert document("outcomes", "--project", "shop")["totals"]["sessions"] == 1
    nothing = document("outcomes", "--project", "blog")["totals"]
    assert (nothing["changes"], nothing["sessions"], nothing["spent"]["cost_nusd"]) == (0, 0, None)


def test_where_no_repository_can_be_read_nothing_is_known_and_it_says_why_and_what_to_do(
    logs: Logs, home: Path, document: Document, toktui: Toktui
) -> None:
    logs.call(project=str(home / "gone/away"))
    (home / "plain").mkdir()
    logs.call(project=str(home / "plain"), session=session(2), output_tokens=2000)
    found = document("outcomes")
    totals = found["totals"]
    assert found["not_read"] == {"no git repository": 1, "the folder is gone": 1}
    assert {s["no_repository"] for s in found["landed_nothing"]} == set(found["not_read"])
    for name in ("changes", "linked_changes", "reverted_changes", "unattributed_share",
                 "cost_per_landed_change_nusd"):  # fmt: skip
        assert totals[name] is None, name
    assert totals["unlinked"]["cost_nusd"] is totals["linked"]["cost_nusd"] is None
    assert totals["not_looked_at"] == totals["spent"]
    assert found["sizes"] == []
    assert [w["changes"] for w in found["weeks"]] == [None]
    text = toktui("outcomes").stdout
    assert "What that bought is not known: no repository could be read." in text
    assert f"1 folder ({home / 'plain'}): no git repository. `git init`" in text
    assert f"1 folder ({home / 'gone/away'}): the folder is gone." in text
    for untrue in ("0 landed", "100 %", "XS", "Landed"):
        assert untrue not in text


def test_a_repository_that_cannot_be_read_beside_others_is_marked(
    logs: Logs, shop: Repo, home: Path, document: Document, toktui: Toktui
) -> None:
    work(logs, shop, 1)
    shop.commit("Landed", minutes=10)
    other = Repo.new(home / "other")
    other.git("remote", "add", "origin", "https://example.invalid/x.git")
    work(logs, other, 2, calls=3)
    found = document("outcomes")
    totals = found["totals"]
    why = "its remote's default branch is not known here"
    assert found["not_read"] == {why: 1}
    assert totals["changes"] == 1
    assert totals["unread_folders"] == 1
    assert totals["not_looked_at"]["cost_nusd"] == totals["unlinked"]["cost_nusd"] > 0
    text = toktui("outcomes").stdout
    assert "1 folder with a repository could not be read, so more may have landed" in text
    assert "git remote set-head origin -a" in text


def test_a_repository_that_was_read_once_and_is_not_now_says_so(
    logs: Logs, shop: Repo, document: Document, toktui: Toktui
) -> None:
    work(logs, shop, 1)
    shop.commit("Landed", minutes=10)
    document("outcomes")
    (shop.folder / ".git/HEAD").write_text("nonsense\n")
    found = document("outcomes")
    assert found["totals"]["linked_changes"] == 1
    assert found["totals"]["unread_folders"] == 0
    assert [r["problem"] for r in found["repositories"]] == ["no git repository"]
    assert "shop is shown as it was when it could be read: no git repository." in (
        toktui("outcomes").stdout
    )


def test_before_the_first_look_it_says_that_nobody_has_looked(
    logs: Logs, shop: Repo, document: Document, toktui: Toktui
) -> None:
    work(logs, shop, 1)
    toktui("sync")
    found = document("outcomes", "--no-sync")
    assert found["not_read"] == {"not looked at yet": 1}
    assert found["totals"]["linked_changes"] is None
    assert f"1 folder ({shop.folder}): not looked at yet." in toktui("outcomes", "--no-sync").stdout


def test_without_git_the_command_says_so(
    logs: Logs, shop: Repo, toktui: Toktui, monkeypatch: pytest.MonkeyPatch
) -> None:
    work(logs, shop, 1)
    monkeypatch.setenv("PATH", "/nowhere")
    text = toktui("outcomes").stdout
    assert f"1 folder ({shop.folder}): git is not installed. Install it" in text


def test_a_repository_that_goes_away_keeps_what_was_known_of_it(
    logs: Logs, shop: Repo, document: Document
) -> None:
    work(logs, shop, 1)
    shop.commit("Landed", minutes=10)
    document("outcomes")
    shop.folder.rename(shop.folder.parent.parent / "elsewhere")
    assert document("outcomes")["totals"]["linked_changes"] == 1


def test_what_is_forgotten_leaves_no_trace_of_its_repository(
    logs: Logs, shop: Repo, document: Document, toktui: Toktui, tmp_path: Path
) -> None:
    work(logs, shop, 1)
    shop.commit("A secret subject", minutes=10)
    document("outcomes")
    toktui("data", "forget", "--project", str(shop.folder), "--yes")
    assert b"A secret subject" not in (tmp_path / "data/toktui.db").read_bytes()
    assert document("outcomes")["totals"]["changes"] == 0


def test_addresses_in_the_configuration_are_mine_too(
    logs: Logs, shop: Repo, document: Document, tmp_path: Path
) -> None:
    work(logs, shop, 1)
    shop.commit("Under another address", minutes=10, author=OTHER)
    assert document("outcomes")["totals"]["changes"] == 0
    (tmp_path / "config").mkdir()
    (tmp_path / "config/config.toml").write_text(f"[outcomes]\nemails = {json.dumps([OTHER])}\n")
    assert document("outcomes")["totals"]["changes"] == 1


def test_no_session_is_a_sentence(toktui: Toktui) -> None:
    assert "Nothing was spent" in toktui("outcomes").stdout


def test_a_commit_that_the_session_ran_is_an_exact_link(
    logs: Logs, shop: Repo, document: Document
) -> None:
    work(logs, shop, 1, branch="elsewhere")
    done = shop.commit("Landed", minutes=10)
    block: dict[str, Any] = {"type": "tool_use", "id": "toolu_1", "name": "Bash",
                             "input": {"command": "git commit -m Landed"}}  # fmt: skip
    call = {
        "type": "assistant", "sessionId": session(1), "timestamp": iso(shop.at_ms),
        "cwd": str(shop.folder), "gitBranch": "elsewhere", "version": "2.1.200",
        "message": {"id": "msg_01BBBBBBBBBBBBBBBBBB0001", "model": "claude-opus-4-8",
                    "content": [block], "stop_reason": "tool_use",
                    "usage": {"input_tokens": 1, "output_tokens": 1}},
    }  # fmt: skip
    said = f"[elsewhere {done[:9]}] Landed\n 1 file changed, 20 insertions(+)"
    answer = {"type": "tool_result", "tool_use_id": "toolu_1", "content": said}
    result = {"type": "user", "sessionId": session(1), "timestamp": iso(shop.at_ms + 900),
              "message": {"content": [answer]}}  # fmt: skip
    for row in (call, result):
        logs.raw(json.dumps(row), session=session(1))
    found = document("outcomes")
    assert found["links"] == {"committed": 1}
    assert found["changes"][0]["link"] == "exact"


def test_every_field_of_the_document_is_explained() -> None:
    text = (Path(__file__).parents[2] / "docs/outcomes.md").read_text()
    shapes = (export.Totals, export.Size, export.Week, export.Change, export.Session,
              export.Repository, export.OutcomesDocument)  # fmt: skip
    names = {name for shape in shapes for name in shape.__struct_fields__}
    names -= {"schema", "generated_at", "timezone", "week", "size"}
    assert [name for name in sorted(names) if f"`{name}`" not in text] == []


def test_the_whole_is_looked_at_again_when_asked_for(
    logs: Logs, shop: Repo, document: Document, toktui: Toktui
) -> None:
    work(logs, shop, 1)
    shop.commit("Landed", minutes=10, author="old@example.com", name="made/big.py")
    assert document("outcomes")["totals"]["changes"] == 0
    (shop.folder / ".mailmap").write_text(f"Mira <{ME}> <old@example.com>\n")
    (shop.folder / ".gitattributes").write_text("made/* linguist-generated\n")
    assert document("outcomes")["totals"]["changes"] == 0
    assert [c["size"] for c in document("outcomes", "--whole")["changes"]] == ["XS"]
    (shop.folder / ".gitattributes").unlink()
    assert [c["size"] for c in document("outcomes")["changes"]] == ["XS"]
    assert [c["size"] for c in document("outcomes", "--whole")["changes"]] == ["S"]
    toktui("outcomes", "--whole", "--no-sync", exit_code=2)
