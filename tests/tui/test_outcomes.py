"""The screen of outcomes: what landed, what landed nothing, and who made a change."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from toktui.export.outcomes import as_document
from toktui.metrics.outcome_lists import load_whole
from toktui.metrics.scope import read_scope
from toktui.outcomes.attribution import REASONS
from toktui.store.connect import connect_reader
from toktui.tui import format as fmt
from toktui.tui.views import view_types, way_to
from toktui.tui.widgets.outcome_fields import change_title

from .conftest import NOW, Run

WAYS = {view.KEY: way_to(view) for view in view_types()}
WAY = WAYS["outcomes"]
UTC = ZoneInfo("UTC")


async def test_the_unattributed_share_is_always_said(normal: Path, run: Run) -> None:
    found = load_whole(connect_reader(normal), zone=UTC)
    for size in ((80, 24), (120, 36), (40, 12)):
        async with run(normal, size=size) as screens:
            await screens.press(*WAY)
            assert f"{fmt.percent(found.outcomes.unattributed)} unattributed" in screens.text


async def test_spend_is_split_into_linked_and_not_to_the_nano_dollar(normal: Path) -> None:
    found = load_whole(connect_reader(normal), zone=UTC)
    whole = found.outcomes
    linked, unlinked = whole.linked.nusd or 0, whole.unlinked.nusd or 0
    assert linked + unlinked == whole.spent.nusd
    assert sum(week.spent.nusd or 0 for week in whole.weeks) == whole.spent.nusd
    assert sum(change.spent.nusd or 0 for change in found.changes) == linked
    assert sum(size.spent.nusd or 0 for size in whole.sizes) == linked


async def test_a_change_opens_with_its_sessions_and_their_reasons(normal: Path, run: Run) -> None:
    found = load_whole(connect_reader(normal), zone=UTC)
    first = found.changes[0]
    assert first.sessions == 1
    async with run(normal) as screens:
        await screens.press(*WAY, "enter")
        assert first.hash in screens.text
        assert any(words in screens.text for words in REASONS.values())
        await screens.press("enter")
        assert screens.app.view.KEY == "session"
        await screens.press("escape", "escape")
        assert screens.app.view.KEY == "outcomes"


async def test_sessions_that_landed_nothing_are_a_key_away(normal: Path, run: Run) -> None:
    costliest = load_whole(connect_reader(normal), zone=UTC).unlanded[0]
    async with run(normal) as screens:
        await screens.press(*WAY, "t")
        assert "nothing landed, or not yet" in screens.text
        await screens.press("enter")
        assert screens.app.view.KEY == "session"
        assert costliest.id[:8] in screens.text


async def test_the_filter_of_all_screens_narrows_it(normal: Path, run: Run) -> None:
    async with run(normal) as screens:
        await screens.press(*WAY, "slash", *"project:infra", "enter")
        shown = [line for line in screens.text.splitlines() if " Nov " in line or " Oct " in line]
        assert shown
        assert all("infra" in line for line in shown)


async def test_a_change_that_is_gone_is_a_sentence(
    normal: Path, run: Run, tmp_path: Path
) -> None:
    store = tmp_path / "toktui.db"
    with sqlite3.connect(normal) as source, sqlite3.connect(store) as copy:
        source.backup(copy)
    async with run(store) as screens:
        await screens.press(*WAY)
        with sqlite3.connect(store) as db:
            db.execute("delete from change")
        await screens.press("enter")
        assert "not known any more" in screens.text


@pytest.fixture
def estimated(normal: Path, tmp_path: Path) -> Path:
    """As usual, but for a call of the session of the last change, and of one that made none."""
    store = tmp_path / "toktui.db"
    with sqlite3.connect(normal) as source, sqlite3.connect(store) as db:
        source.backup(db)
        db.execute("update session_total set estimated = 0")
        db.execute(
            "update session_total set estimated = 1 where session in (select l.session from link l"
            " join change c on c.id = l.change order by c.at_ms desc limit 1) or session = (select"
            " id from session where linked = 0 and cost_nusd > 0 order by cost_nusd desc limit 1)"
        )
    return store


async def test_every_cost_with_estimates_in_it_is_marked(estimated: Path, normal: Path) -> None:
    found = load_whole(connect_reader(estimated), zone=UTC)
    whole, first, costliest = found.outcomes, found.changes[0], found.unlanded[0]
    assert first.spent.estimated
    assert costliest.spent.estimated
    assert whole.spent.estimated
    assert whole.linked.estimated
    assert whole.unlinked.estimated
    document = as_document(found, now_ms=NOW, zone="UTC")
    assert document.totals.spent.holds_estimates
    assert [change.cost.holds_estimates for change in document.changes] == [
        change.spent.estimated for change in found.changes
    ]
    assert sum(change.spent.estimated for change in found.changes) == 1
    assert sum(one.spent.estimated for one in found.unlanded) == 1
    assert {size.size for size in whole.sizes if size.spent.estimated} == {first.size}
    assert 1 <= sum(week.spent.estimated for week in whole.weeks) <= 2
    before = load_whole(connect_reader(normal), zone=UTC).outcomes
    assert (whole.spent.nusd, whole.linked.nusd) == (before.spent.nusd, before.linked.nusd)


async def test_marks_hold_under_a_filter(estimated: Path) -> None:
    db = connect_reader(estimated)
    first = load_whole(db, zone=UTC).changes[0]
    for project in ("infra", "notes", "shop-api", "web", "billing", "docs"):
        scope = read_scope(f"project:{project}", now_ms=NOW, zone=UTC).scope
        assert scope is not None
        narrow = load_whole(db, zone=UTC, scope=scope)
        seen = [change for change in narrow.changes if change.spent.estimated]
        assert [change.hash for change in seen] == (
            [first.hash] if first.repository.endswith(project) else []
        )
        assert narrow.outcomes.linked.estimated is bool(seen)


async def test_an_estimated_change_is_told_by_its_mark(estimated: Path, run: Run) -> None:
    change = load_whole(connect_reader(estimated), zone=UTC).changes[0]
    async with run(estimated) as screens:
        await screens.press(*WAY)
        (row,) = [line for line in screens.text.splitlines() if fmt.money(change.spent.nusd) in line
                  and change.subject in line]  # fmt: skip
        assert fmt.money(change.spent.nusd, estimated=True) in row
        await screens.press("enter")
        assert f"{fmt.money(change.spent.nusd, estimated=True)}, its share of" in screens.text


@pytest.mark.parametrize(
    ("subject", "branch", "shown"),
    [
        ("Merge pull request #56 from mira/fix/rounding", "fix/rounding", "fix/rounding #56"),
        ("Merge branch 'feat/x' into main", "feat/x", "feat/x"),
        ("Merge branch 'feat/x'", "", "Merge branch 'feat/x'"),
        ("Merge sort for orders", "sort", "Merge sort for orders"),
        ("", "feat/x", fmt.UNKNOWN),
    ],
)
async def test_a_merge_is_called_by_what_was_merged(
    subject: str, branch: str, shown: str, normal: Path
) -> None:
    change = load_whole(connect_reader(normal), zone=UTC).changes[0]
    assert change_title(replace(change, subject=subject, branch=branch)) == shown


async def test_hostile_subjects_are_text(normal: Path, run: Run, tmp_path: Path) -> None:
    store = tmp_path / "toktui.db"
    with sqlite3.connect(normal) as source, sqlite3.connect(store) as copy:
        source.backup(copy)
        copy.execute("update change set subject = '[/b][@click=app.quit]x[red]', lines = 1 << 62")
    async with run(store) as screens:
        await screens.press(*WAY)
        assert "[/b][@click=app.quit]x[red]" in screens.text
        await screens.press("enter")
        assert "[/b][@click=app.quit]x[red]" in screens.text


async def test_where_no_repository_was_read_the_screen_says_why_and_what_helps(
    normal: Path, run: Run, tmp_path: Path
) -> None:
    store = tmp_path / "toktui.db"
    with sqlite3.connect(normal) as source, sqlite3.connect(store) as copy:
        source.backup(copy)
        for table in ("link", "change", "repository"):
            copy.execute(f"delete from {table}")
        copy.execute("update workplace set repository = 0, why = 'no git repository'")
        copy.execute(
            "update workplace set why = 'it belongs to another user'"
            " where project = (select min(project) from workplace)"
        )
    async with run(store) as screens:
        await screens.press(*WAY)
        assert "what it bought is not known" in screens.text
        assert "no repository could be read" in screens.text
        assert "git init" in screens.text
        assert "safe.directory" in screens.text
        for untrue in ("0 landed", "unattributed", "0×", "XS", "COST OF A LANDED CHANGE"):
            assert untrue not in screens.text
        await screens.press("t", "enter")
        assert screens.app.view.KEY == "session"
        await screens.press("escape", *WAYS["history"])
        assert "BOUGHT  not known  1 folder not read" in screens.text


async def test_a_repository_that_was_not_read_beside_others_is_said(
    normal: Path, run: Run, tmp_path: Path
) -> None:
    store = tmp_path / "toktui.db"
    with sqlite3.connect(normal) as source, sqlite3.connect(store) as copy:
        source.backup(copy)
        copy.execute(
            "update workplace set repository = 0, why = 'git did not answer in time' where project"
            " = (select project from session where last_ms is not null order by last_ms desc)"
        )
    async with run(store) as screens:
        await screens.press(*WAY)
        assert "unattributed" in screens.text
        assert "1 folder not read" in screens.text
        await screens.press(*WAYS["history"])
        assert "1 folder not read" in screens.text


async def test_a_long_list_comes_in_windows_in_any_order(
    normal: Path, run: Run, tmp_path: Path
) -> None:
    store = tmp_path / "toktui.db"
    with sqlite3.connect(normal) as source, sqlite3.connect(store) as copy:
        source.backup(copy)
        (number,) = copy.execute("select min(id) from repository").fetchone()
        copy.executemany(
            "insert into change (repository, hash, before, at_ms, begun_ms, kind, commits, branch,"
            " subject, reverted_by) values (?, ?, '', ?, 0, 'push', ?, '', ?, '')",
            [(number, f"{n:040x}", 1_700_000_000_000 + n, n, f"number {n}.") for n in range(900)],
        )
    async with run(store, size=(140, 36)) as screens:
        await screens.press(*WAY, "end")
        assert "number 0." in screens.text
        await screens.press("pageup", "pageup")
        assert "number 40." in screens.text
        await screens.press("s", "s", "s")
        assert "↓commits" in screens.text
        assert "number 899." in screens.text
        await screens.press("r")
        assert "number 899." not in screens.text
        await screens.press("t", "s", "s", "s", "s")
        assert "session" in screens.text
        await screens.press("t")
        assert "↑commits" in screens.text


@pytest.mark.parametrize("text", [
    "agent:codex", "project:infra", "project:infra agent:codex", "since:7d", "infra",
    "project:web since:2026-11-01 agent:claude", "agent:nobody",
])  # fmt: skip
def test_a_filter_means_the_same_changes_as_a_look_at_each_of_them(
    normal: Path, text: str
) -> None:
    db = connect_reader(normal)
    scope = read_scope(text, now_ms=NOW, zone=UTC).scope
    assert scope is not None
    found = load_whole(db, zone=UTC, scope=scope)
    whole = found.outcomes
    filters = scope.filters
    expected: set[str] = set()
    for change in load_whole(db, zone=UTC).changes:
        makers = db.execute(
            "select a.text, p.text from link l join session s on s.id = l.session"
            " join name a on a.id = s.agent join name p on p.id = s.project where l.change = ?",
            (change.number,),
        ).fetchall()
        meant = any(
            filters.has_agent(agent) and all(w in agent or w in project for w in filters.words)
            for agent, project in makers
        )
        needs_a_maker = bool(filters.agents or filters.words)
        if (
            scope.holds(change.at_ms)
            and filters.has_project(change.repository)
            and (meant or not needs_a_maker)
        ):
            expected.add(change.hash)
    assert {change.hash for change in found.changes} == expected
    assert whole.changes == len(expected)
    parts = (whole.linked.nusd or 0) + (whole.unlinked.nusd or 0)
    assert parts == (whole.spent.nusd or 0)
    assert sum(week.spent.nusd or 0 for week in whole.weeks) == parts
    assert sum(week.changes or 0 for week in whole.weeks) == len(expected)
    assert sum(size.changes for size in whole.sizes) == whole.linked_changes
    for size in whole.sizes:
        costs = [c.spent.nusd for c in found.changes if c.sessions and c.size == size.size]
        known = sorted(cost for cost in costs if cost is not None)
        assert size.usual_nusd == (known[(len(known) - 1) // 2] if known else None)
    db.close()
