"""The demo's home is seeded, believable and understood to the last line by toktui itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from toktui.agents import agent_names
from toktui.config import Config
from toktui.dev.demo import LiveAgents, demo_context, make_home
from toktui.dev.demo.home import play
from toktui.dev.demo.script import history, open_now
from toktui.dev.demo.writers import writer, writer_names
from toktui.ingest.access import sync
from toktui.ingest.context import Context
from toktui.metrics.composition import load_composition
from toktui.paths import Paths
from toktui.pricing.rates import load_book
from toktui.pricing.tokenizer import count
from toktui.store.connect import connect_reader

NOW_MS = 1_795_343_400_000
"""2026-11-22, in the middle of a day."""
MINUTE_MS = 60_000


def files_of(home: Path) -> dict[str, bytes]:
    return {str(p.relative_to(home)): p.read_bytes() for p in sorted(home.rglob("*.jsonl"))}


def context_at(tmp_path: Path, home: Path, now_ms: int) -> Context:
    paths = Paths(data=tmp_path / "data", config=tmp_path / "config")
    return Context(paths, Config(), home, {}, now_ms=lambda: now_ms)


def counted(context: Context, sql: str) -> list[tuple[object, ...]]:
    db = connect_reader(context.paths.store)
    try:
        return db.execute(sql).fetchall()
    finally:
        db.close()


@pytest.fixture(scope="module")
def five_weeks(tmp_path_factory: pytest.TempPathFactory) -> Context:
    base = tmp_path_factory.mktemp("demo")
    make_home(base / "home", seed=7, now_ms=NOW_MS)
    agents = LiveAgents(base / "home", seed=7, now_ms=NOW_MS)
    for minute in range(1, 91):
        agents.step(NOW_MS + minute * MINUTE_MS)
    context = context_at(base, base / "home", NOW_MS + 91 * MINUTE_MS)
    sync(context)
    return context


@pytest.mark.parametrize("agent", ["claude-code", "codex"])
def test_logs_of_open_sessions_have_the_text_that_is_billed(five_weeks: Context, agent: str):
    now_ms = NOW_MS + 91 * MINUTE_MS
    db = connect_reader(five_weeks.paths.store)
    rows = db.execute(
        "select s.id from session s join name a on a.id = s.agent where a.text = ?"
        " and s.first_ms < ? and s.last_ms > ? and s.parent = '' order by s.last_ms desc",
        (agent, NOW_MS, now_ms - 20 * MINUTE_MS),
    ).fetchall()
    found = [load_composition(db, load_book(), number, count, now_ms) for (number,) in rows]
    db.close()
    assert found
    for one in found:
        assert one is not None
        assert 0.7 < one.scale < 1.4


def test_the_logs_of_five_weeks_take_little_room(tmp_path: Path) -> None:
    make_home(tmp_path / "home", seed=7, now_ms=NOW_MS)
    assert sum(p.stat().st_size for p in (tmp_path / "home").rglob("*.*")) < 20_000_000


def test_only_agents_that_are_read_are_imitated() -> None:
    assert set(writer_names()) <= set(agent_names())


def test_the_same_seed_and_time_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "other"):
        make_home(tmp_path / name, seed=3, now_ms=NOW_MS, weeks=1)
        agents = LiveAgents(tmp_path / name, seed=3, now_ms=NOW_MS)
        agents.step(NOW_MS + 10 * MINUTE_MS)
    assert files_of(tmp_path / "one") == files_of(tmp_path / "other")


def test_another_seed_gives_another_home(tmp_path: Path) -> None:
    for seed in (3, 4):
        make_home(tmp_path / str(seed), seed=seed, now_ms=NOW_MS, weeks=1)
    assert files_of(tmp_path / "3").keys().isdisjoint(files_of(tmp_path / "4"))


def test_it_does_not_matter_how_often_one_steps(tmp_path: Path) -> None:
    for name, steps in (("often", 600), ("seldom", 4)):
        make_home(tmp_path / name, seed=5, now_ms=NOW_MS, weeks=1)
        agents = LiveAgents(tmp_path / name, seed=5, now_ms=NOW_MS)
        for step in range(1, steps + 1):
            agents.step(NOW_MS + step * 2 * MINUTE_MS // steps)
    assert files_of(tmp_path / "often") == files_of(tmp_path / "seldom")


def test_no_row_is_written_before_it_is_due(tmp_path: Path) -> None:
    make_home(tmp_path, seed=7, now_ms=NOW_MS, weeks=1)
    newest = max(p.stat().st_mtime_ns for p in tmp_path.rglob("*.jsonl"))
    assert newest <= NOW_MS * 1_000_000
    before = files_of(tmp_path)
    assert LiveAgents(tmp_path, seed=7, now_ms=NOW_MS).step(NOW_MS) == 0
    assert files_of(tmp_path) == before


def test_going_on_only_appends(tmp_path: Path) -> None:
    make_home(tmp_path, seed=7, now_ms=NOW_MS, weeks=1)
    before = files_of(tmp_path)
    assert LiveAgents(tmp_path, seed=7, now_ms=NOW_MS).step(NOW_MS + 20 * MINUTE_MS) > 0
    after = files_of(tmp_path)
    assert all(after[path].startswith(data) for path, data in before.items())
    assert after != before


def test_sessions_write_in_the_order_of_time() -> None:
    for scene in history(7, NOW_MS, 1):
        times = [write.at_ms for write in play(scene)]
        assert times == sorted(times)
        assert times[0] >= scene.starts_ms


def test_somebody_sits_at_the_agents_of_most_and_in_different_projects() -> None:
    scenes = open_now(1, NOW_MS)
    assert len({scene.agent for scene in scenes}) >= 3
    assert len({scene.project for scene in scenes}) == len(scenes)


def test_every_feature_of_a_writer_happens() -> None:
    scenes = history(7, NOW_MS, 5)
    for name in writer_names():
        shown = {f for scene in scenes if scene.agent == name for f in scene.features}
        assert shown == set(writer(name).FEATURES)


def test_every_agent_that_is_imitated_has_worked(five_weeks: Context) -> None:
    at_work = {name for (name,) in counted(five_weeks, "select distinct agent from calls")}
    assert at_work == set(writer_names())


def test_every_line_is_understood(five_weeks: Context) -> None:
    assert counted(five_weeks, "select * from misread") == []


def test_all_buckets_models_and_days_are_filled(five_weeks: Context) -> None:
    ((read, short, long, output, reasoning),) = counted(
        five_weeks,
        "select sum(cache_read), sum(cache_write_5m), sum(cache_write_1h), sum(output),"
        " sum(reasoning) from calls",
    )
    assert min(read, short, long, output, reasoning) > 10_000  # type: ignore[type-var]
    ((models, projects, branches),) = counted(
        five_weeks,
        "select count(distinct model), count(distinct project), count(distinct branch) from calls",
    )
    assert models >= 8  # type: ignore[operator]
    assert projects >= 5  # type: ignore[operator]
    assert branches >= 6  # type: ignore[operator]
    ((days,),) = counted(five_weeks, "select count(distinct day) from utc_days")
    assert days >= 25  # type: ignore[operator]


def test_the_cache_works_as_in_real_logs(five_weeks: Context) -> None:
    ((rate,),) = counted(
        five_weeks,
        "select 1.0 * sum(cache_read) / sum(input + cache_read + cache_write_5m + cache_write_1h)"
        " from calls",
    )
    assert 0.93 < rate < 0.99  # type: ignore[operator]


def test_forks_resumes_and_repetitions_are_copies(five_weeks: Context) -> None:
    reasons = counted(five_weeks, "select reason from copy_total where rows > 0")
    assert {"fork", "resume", "stream", "reemit"} <= {reason for (reason,) in reasons}


def test_placeholders_ledgers_and_models_without_a_price_are_there(five_weeks: Context) -> None:
    kinds = dict(counted(five_weeks, "select exactness, count(*) from calls group by 1"))
    assert kinds.keys() == {"exact", "placeholder", "estimated", "residual"}
    assert kinds["exact"] > 5_000  # type: ignore[operator]
    unpriced = counted(five_weeks, "select distinct model from calls where cost_nusd is null")
    assert unpriced == [("inhouse-coder-2",)]


def test_a_ledger_has_only_the_side_calls_beyond_the_calls(five_weeks: Context) -> None:
    ((residual, exact),) = counted(
        five_weeks,
        "select sum(iif(exactness = 'residual', output, 0)),"
        " sum(iif(exactness = 'exact', output, 0)) from calls where agent = 'claude-code'",
    )
    assert 0 < residual < exact / 100  # type: ignore[operator]


def test_limits_searches_and_tiers_are_there(five_weeks: Context) -> None:
    names = {row[0] for row in counted(five_weeks, "select name from limit_seen")}
    assert len(names) == 2
    ((searches,),) = counted(five_weeks, "select sum(web_search) from calls")
    assert searches > 0  # type: ignore[operator]
    tiers = {row[0] for row in counted(five_weeks, "select distinct tier from calls")}
    assert tiers == {"standard", "fast", "priority"}


def test_sub_agents_of_both_kinds_are_there(five_weeks: Context) -> None:
    ((inside,),) = counted(five_weeks, "select count(*) from calls where agent_id <> ''")
    ((own,),) = counted(
        five_weeks, "select count(*) from sessions where parent_session_id is not null"
    )
    assert inside > 100  # type: ignore[operator]
    assert own > 5  # type: ignore[operator]


def test_the_context_lies_in_a_folder_that_goes_away(tmp_path: Path) -> None:
    base = context_at(tmp_path, tmp_path / "mine", NOW_MS)
    with demo_context(base, weeks=1) as context:
        folder = context.home.parent
        assert context.paths.data.parent == folder
        assert not (tmp_path / "mine").exists()
        assert context.now_ms() == NOW_MS
        assert any(context.home.rglob("*.jsonl"))
    assert not folder.exists()


def test_agents_variables_of_the_user_do_not_reach_the_demo(tmp_path: Path) -> None:
    base = context_at(tmp_path, tmp_path / "mine", NOW_MS)
    base.env = {"TZ": "Asia/Tokyo", "CLAUDE_CONFIG_DIR": "/elsewhere", "CODEX_HOME": "/elsewhere"}
    with demo_context(base, weeks=1) as context:
        assert context.env == {"TZ": "Asia/Tokyo"}
