"""What is being burned right now, on small stores made of logs."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import takewhile
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toktui.dev.demo.home import lay, play
from toktui.dev.demo.scene import Scene
from toktui.dev.sample import DAY, MINUTE, Conversation, Thread, settle_home
from toktui.metrics.burn import Burn, HotCall, burn_of, hour_of
from toktui.metrics.live import Live, load_live
from toktui.model import TIERS
from toktui.pricing.price import next_turn
from toktui.pricing.rates import RateBook, load_book
from toktui.store.connect import connect_reader

NOW = 1_795_357_925_000
"""2026-11-22 14:32:05 UTC, a Sunday."""
UTC = ZoneInfo("UTC")
FIRST = "9e3779b1-0000-4000-8000-000000000001"
SECOND = "daa66d13-0000-4000-8000-000000000003"


@pytest.fixture(scope="module")
def book() -> RateBook:
    return load_book()


Look = Callable[..., Live]


@pytest.fixture
def look(tmp_path: Path, home: Path, book: RateBook) -> Iterator[Look]:
    """Settles the logs of the home and looks at the store."""
    opened: list[sqlite3.Connection] = []
    store = tmp_path / "data/toktui.db"

    def looking(now_ms: int = NOW, zone: ZoneInfo = UTC) -> Live:
        settle_home(home, store, book, now_ms)
        db = connect_reader(store)
        opened.append(db)
        return load_live(db, now_ms, zone, book)

    yield looking
    for db in opened:
        db.close()


def talk(home: Path, *ages_ms: int, session: str = FIRST, **traits: object) -> Conversation:
    """A conversation with turns so long ago, of which the log last grew with the last one."""
    log = Conversation(home, session, "/home/dev/shop-api", **traits)  # type: ignore[arg-type]
    for age_ms in ages_ms:
        log.turn(NOW - age_ms)
    log.write(NOW - ages_ms[-1])
    return log


def test_nothing_was_called(look: Look):
    live = look()
    assert [burn.tokens for burn in live.burn] == [0, 0, 0]
    assert live.headline.nusd_per_hour == 0
    assert live.sessions == live.feed == live.limits == ()
    assert live.last_call_ms is None
    assert live.today.sums.cache_hit_rate is None
    assert live.is_quiet


def test_a_window_is_open_at_its_beginning_and_closed_at_its_end(home: Path, look: Look):
    talk(home, 15 * MINUTE, 5 * MINUTE, 5 * MINUTE - 1, 60_000, 59_999, 0)
    live = look()
    assert [burn.calls for burn in live.burn] == [2, 4, 5]


def test_a_call_of_the_future_burns_only_when_its_time_has_come(home: Path, look: Look):
    talk(home, -5_000)
    assert look().headline.calls == 0
    assert look(NOW + 5_000).headline.calls == 1


def test_burn_is_divided_by_wall_time(home: Path, look: Look):
    talk(home, 30_000)
    live = look()
    (entry,) = live.feed
    for burn in live.burn:
        assert burn.tokens_per_min == entry.call.total / burn.minutes
        assert burn.output_tokens_per_min == entry.call.output / burn.minutes
        assert entry.call.cost_nusd is not None
        assert burn.nusd_per_hour == round(entry.call.cost_nusd * 60 / burn.minutes)


def test_an_unpriced_call_is_no_zero(home: Path, look: Look):
    talk(home, 30_000, model="house-model-7b")
    live = look()
    assert live.headline.nusd_per_hour is None
    assert live.headline.unpriced == 1
    assert live.headline.tokens > 0
    assert live.today.sums.cost_nusd is None
    assert live.today.unpriced_models == ("house-model-7b",)
    assert live.sessions[0].sums.cost_nusd is None
    assert live.sessions[0].next_turn is None


@given(
    calls=st.lists(
        st.tuples(st.integers(-90 * MINUTE, MINUTE), st.integers(0, 10**6)), max_size=20
    ),
    now=st.integers(NOW, NOW + MINUTE),
)
def test_the_minutes_of_the_hour_hold_every_call_once(calls: list[tuple[int, int]], now: int):
    made = [_call(NOW + offset, output) for offset, output in calls]
    hour = hour_of(made, now)
    within = [call for call in made if hour.start_ms <= call.at_ms < hour.end_ms]
    assert sum(map(sum, hour.tokens)) == sum(call.total for call in within)
    assert hour.end_ms - MINUTE <= now < hour.end_ms
    cost = sum(call.cost_nusd or 0 for call in within)
    assert sum(sum(agent.nusd) for agent in hour.agents) == cost


@given(ages=st.lists(st.integers(-MINUTE, 20 * MINUTE), max_size=20))
def test_a_longer_window_holds_what_a_shorter_holds(ages: list[int]):
    calls = [_call(NOW - age, 7) for age in ages]
    burns: list[Burn] = [burn_of(calls, NOW, minutes) for minutes in (1, 5, 15)]
    assert burns[0].calls <= burns[1].calls <= burns[2].calls


def _call(at_ms: int, output: int) -> HotCall:
    return HotCall(
        1, "msg", 1, "", at_ms, "claude-code", "/p", "m", "", 0, "", 0, 3, 5, 0, 0, output, 0,
        output * 2, (0, 0, 0, 0, output * 2, 0), FIRST,
    )  # fmt: skip


def test_a_session_is_working_while_its_log_grows_then_warm_then_idle(home: Path, look: Look):
    talk(home, 90_000, 20_000)
    assert look().sessions[0].state == "working"
    assert look(NOW + 39_999).sessions[0].state == "working"
    assert look(NOW + 40_000).sessions[0].state == "warm"
    assert look(NOW + 5 * MINUTE - 20_001).sessions[0].state == "warm"
    assert look(NOW + 5 * MINUTE - 20_000).sessions[0].state == "idle"
    assert look(NOW + 60 * MINUTE - 20_001).sessions != ()
    assert look(NOW + 60 * MINUTE - 20_000).sessions == ()


def test_a_log_that_grows_without_calls_works(home: Path, look: Look):
    log = talk(home, 10 * MINUTE)
    os.utime(log.path, ((NOW - 1000) / 1000, (NOW - 1000) / 1000))
    assert look().sessions[0].state == "working"


def test_a_database_of_many_sessions_grows_for_the_one_that_called_last(home: Path, look: Look):
    for seed, ago_ms, turns in (("old", 50 * MINUTE, 1), ("new", 4 * MINUTE, None)):
        scene = Scene("opencode", seed, "/home/dev/web", "main", NOW - ago_ms, turns)
        for write in takewhile(lambda write: write.at_ms <= NOW, play(scene)):
            lay(home, write)
    database = home / ".local/share/opencode/opencode.db"
    os.utime(database, (NOW / 1000, NOW / 1000))
    states = {session.last_call_ms: session.state for session in look().sessions}
    newest = max(states)
    assert len(states) == 2
    assert states.pop(newest) == "working"
    assert set(states.values()) <= {"warm", "idle"}


def test_the_longest_lifetime_that_was_written_decides_the_expiry(home: Path, look: Look):
    log = Conversation(home, FIRST, "/home/dev/shop-api")
    log.turn(NOW - 4 * MINUTE)
    log.write(NOW - 4 * MINUTE)
    assert look().sessions[0].cache_expires_ms == NOW + MINUTE
    log.long_cache = True
    log.turn(NOW - 3 * MINUTE)
    log.write(NOW - 3 * MINUTE)
    assert look().sessions[0].cache_expires_ms == NOW + 57 * MINUTE


def test_the_next_turn_reads_the_context_or_writes_it_again(home: Path, look: Look, book: RateBook):
    log = talk(home, 90_000, 20_000)
    (session,) = look().sessions
    expected = next_turn(
        book, model=log.model, at_ms=NOW, context=session.context_tokens or 0, lifetime="short",
        tier=TIERS[0],
    )  # fmt: skip
    assert expected is not None
    assert session.next_turn is not None
    assert session.next_turn.warm_nusd == expected.warm_nusd < expected.cold_nusd
    assert session.next_turn.cold_nusd == expected.cold_nusd


def test_the_context_is_that_of_the_conversation_not_of_a_sub_agent(home: Path, look: Look):
    main = talk(home, 90_000)
    sub = Conversation(
        home, FIRST, "/home/dev/shop-api", agent_id="ab12cd34", agent_type="explorer",
        model="claude-haiku-4-5", context=3_000,
    )  # fmt: skip
    sub.turn(NOW - 10_000)
    sub.write(NOW - 10_000)
    (session,) = look().sessions
    assert session.model == main.model
    assert session.context_tokens is not None
    assert abs(session.context_tokens - main.context) < 20
    assert session.last_call_ms == NOW - 10_000
    (folded,) = session.sub_agents
    assert (folded.kind, folded.count, folded.model) == ("explorer", 1, "claude-haiku-4-5")
    assert folded.sums.cost_nusd is not None
    assert session.sums.cost_nusd is not None
    assert folded.sums.cost_nusd < session.sums.cost_nusd


def test_text_without_counts_is_no_context(home: Path, look: Look, tmp_path: Path):
    case = Path(__file__).parent.parent / "conformance/cursor-db-estimated/home"
    shutil.copytree(case, home, dirs_exist_ok=True)
    look(NOW)
    with closing(connect_reader(tmp_path / "data/toktui.db")) as db:
        (at_ms,) = db.execute("select max(at_ms) from call").fetchone()
    (session,) = look(at_ms + MINUTE).sessions
    assert session.agent == "cursor"
    assert session.context_tokens is None
    assert session.next_turn is None


def test_a_spawned_thread_names_its_parent(home: Path, look: Look):
    parent = Thread(home, FIRST, "/home/dev/web")
    parent.work(NOW - 10 * MINUTE, NOW - MINUTE)
    parent.write(NOW - MINUTE)
    child = Thread(home, SECOND, "/home/dev/web", parent=FIRST, rng=random.Random(2))
    child.work(NOW - 5 * MINUTE, NOW - MINUTE)
    child.write(NOW - MINUTE)
    parents = {session.id: session.parent for session in look().sessions}
    assert parents == {FIRST: None, SECOND: FIRST}


def test_official_limits_come_with_their_age(home: Path, look: Look):
    log = Thread(home, FIRST, "/home/dev/web")
    log.start(NOW - 10 * MINUTE)
    log.turn(NOW - 9 * MINUTE, used_percent=41.5, resets_ms=NOW + 60 * MINUTE)
    log.write(NOW - 9 * MINUTE)
    limits = look().limits
    assert {limit.source for limit in limits} == {"official"}
    assert (limits[0].used_percent, limits[0].as_of_ms) == (41.5, NOW - 9 * MINUTE)
    assert limits[0].resets_ms == (NOW + 60 * MINUTE) // 1000 * 1000


def test_a_block_begins_on_the_hour_of_the_first_call_after_the_one_before_has_ended(
    home: Path, look: Look
):
    hour = 60 * MINUTE
    # 03:32 begins the block of 03:00 to 08:00, 08:02 the one of 08:00, 13:02 the one of 13:00.
    talk(home, 11 * hour, 9 * hour, 6 * hour + 30 * MINUTE, 4 * hour, 1 * hour + 30 * MINUTE)
    (block,) = look().limits
    assert block.source == "derived"
    assert block.used_percent is None
    assert block.resets_ms == NOW // hour * hour + 4 * hour
    calls = [entry.call for entry in look().feed if entry.call.at_ms >= block.resets_ms - 5 * hour]
    assert block.cost_nusd == sum(call.cost_nusd or 0 for call in calls)


def test_between_blocks_there_is_no_limit(home: Path, look: Look):
    talk(home, 6 * 60 * MINUTE)
    assert look().limits == ()


def test_usual_is_the_median_of_the_same_weekday_up_to_this_time(home: Path, look: Look):
    log = Conversation(home, FIRST, "/home/dev/shop-api")
    for weeks in (4, 3, 1):
        log.turn(NOW - weeks * 7 * DAY - MINUTE, grows=1000 * weeks)
        log.turn(NOW - weeks * 7 * DAY + MINUTE)
        log.turn(NOW - weeks * 7 * DAY - 20 * 60 * MINUTE)
    log.turn(NOW - 2 * DAY)
    log.write(NOW - 2 * DAY)
    live = look()
    calls = {entry.call.at_ms: entry.call for entry in live.feed}
    costs = sorted(calls[NOW - weeks * 7 * DAY - MINUTE].cost_nusd or 0 for weeks in (4, 3, 1))
    # Nothing was called on the Sunday two weeks ago.
    assert live.today.usual.days == 4
    assert live.today.usual.nusd == round((costs[0] + costs[1]) / 2)


def test_one_week_is_not_usual(home: Path, look: Look):
    talk(home, 8 * DAY, 7 * DAY, 0)
    assert look().today.usual.nusd is None


def test_today_is_that_of_the_zone(home: Path, look: Look):
    talk(home, 15 * 60 * MINUTE, 14 * 60 * MINUTE)
    assert look().today.sums.calls == 1
    assert look(zone=ZoneInfo("Pacific/Honolulu")).today.sums.calls == 0
    assert look(zone=ZoneInfo("Asia/Kathmandu")).today.sums.calls == 2


def test_a_turn_after_the_cache_expired_is_cold_and_says_what_it_cost_more(home: Path, look: Look):
    log = Conversation(home, FIRST, "/home/dev/shop-api", context=100_000)
    log.turn(NOW - 20 * MINUTE)
    log.turn(NOW - 8 * MINUTE, cold=True)
    log.turn(NOW - 7 * MINUTE)
    log.write(NOW - 7 * MINUTE)
    warm, cold, first = look().feed
    assert warm.cold is first.cold is None
    assert cold.cold is not None
    assert cold.cold.why == "expired"
    assert cold.cold.expired_ms == 7 * MINUTE
    rates = {"write": cold.call.parts[2] / cold.call.cache_write_5m,
             "read": warm.call.parts[1] / warm.call.cache_read}  # fmt: skip
    assert cold.cold.extra_nusd == round(cold.cold.tokens * (rates["write"] - rates["read"]))


def test_a_compacted_context_is_not_cold(home: Path, look: Look):
    log = Conversation(home, FIRST, "/home/dev/shop-api", context=150_000)
    log.turn(NOW - 4 * MINUTE)
    log.context = 20_000
    log.turn(NOW - 3 * MINUTE, cold=True)
    log.write(NOW - 3 * MINUTE)
    assert [entry.cold for entry in look().feed] == [None, None]


def test_the_feed_has_the_latest_calls_of_all_sessions_in_their_order(home: Path, look: Look):
    for number in range(1, 9):
        ages = [(60 + 7 * turn + number) * 60 * MINUTE for turn in range(20, 0, -1)]
        talk(home, *ages, session=f"{number:08x}-0000-4000-8000-000000000001")
    feed = [entry.call.at_ms for entry in look().feed]
    every = sorted(
        (NOW - (60 + 7 * turn + number) * 60 * MINUTE for number in range(1, 9)
         for turn in range(1, 21)),
        reverse=True,
    )  # fmt: skip
    assert feed == every[: len(feed)]
    assert len(feed) == 60


def test_another_look_is_due_when_a_window_a_cache_or_the_day_ends(home: Path, look: Look):
    talk(home, 50_000)
    assert look().changes_ms == NOW + 10_000
    quiet = look(NOW + 20 * MINUTE)
    assert quiet.is_quiet
    (block,) = quiet.limits
    assert quiet.changes_ms == block.resets_ms
    evening = look(NOW + 6 * 60 * MINUTE)
    assert evening.limits == ()
    assert evening.changes_ms == evening.today.range.end_ms
