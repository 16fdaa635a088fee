"""One call of the status line: what it shows, what it keeps, and when it looks."""

from __future__ import annotations

import fcntl
import json
import os
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.statusline.said import MINUTE, NOW, SECRETS, SESSION, as_bytes
from toktui.config import Config
from toktui.dev.sample import Conversation, settle_home
from toktui.errors import ConfigError
from toktui.ingest.access import writing
from toktui.ingest.context import Context
from toktui.ingest.forget import forget
from toktui.ingest.forgetting import Rule
from toktui.ingest.sync import sync_store
from toktui.metrics.live import load_live
from toktui.paths import user_paths
from toktui.pricing.rates import load_book
from toktui.statusline import answer as module
from toktui.statusline.answer import answer
from toktui.store.connect import connect_reader

ENV = os.environ


@pytest.fixture
def talk(home: Path, tmp_path: Path) -> Path:
    """A conversation that ended a minute ago, in the store; gives its log."""
    log = Conversation(home, SESSION, "/home/dev/shop")
    log.turn(NOW - 90 * MINUTE)
    log.turn(NOW - 2 * MINUTE)
    log.write(NOW - MINUTE)
    settle_home(home, tmp_path / "data/toktui.db", load_book(), NOW)
    return next((home / ".claude").rglob("*.jsonl"))


def line(*, now_ms: int = NOW, env: dict[str, str] | None = None, **changed: Any) -> str:
    return answer(as_bytes(**changed), ENV | {"NO_COLOR": "1"} | (env or {}), now_ms)


def kept(tmp_path: Path) -> list[dict[str, Any]]:
    logs = sorted((tmp_path / "data/spool/claude-code").glob("*.jsonl"))
    return [json.loads(each) for log in logs for each in log.read_text().splitlines()]


def cost_of(tmp_path: Path, minutes: int) -> float:
    with sqlite3.connect(f"file:{tmp_path}/data/toktui.db?mode=ro", uri=True) as db:
        (nusd,) = db.execute(
            "select sum(cost_nusd) from calls where at_ms > ?", (NOW - minutes * MINUTE,)
        ).fetchone()
    db.close()
    return nusd / 1e9


def test_without_a_store_the_line_is_what_the_agent_says():
    assert line() == (
        "$6.31 session · 164k/200k 82 % · cache until 14:35 · 5h 58 % until 16:32"
        " · week 31 % until Thu 14:32"
    )


def test_with_a_store_costs_are_ours(talk: Path, tmp_path: Path):
    whole, late = cost_of(tmp_path, 24 * 60), cost_of(tmp_path, 5)
    assert whole > late > 0
    shown = line(transcript_path=str(talk)).split(" · ")
    assert shown[0] == (f"${whole:.4f} session" if whole < 1 else f"${whole:.2f} session")
    assert shown[1] == shown[0].replace("session", "today")
    assert float(shown[2].strip("$/h")) == pytest.approx(late * 12, abs=0.01)


def test_a_log_that_nobody_reads_is_said(talk: Path):
    with talk.open("a") as log:
        log.write("{}\n")
    os.utime(talk, ns=((NOW - 30_000) * 10**6,) * 2)
    shown = line(transcript_path=str(talk)).split(" · ")
    assert shown[0] == "$6.31 session"
    assert shown[1].startswith("≥$")
    assert shown[2] == "–/h"


def test_a_log_that_has_just_grown_is_being_read(talk: Path):
    with talk.open("a") as log:
        log.write("{}\n")
    os.utime(talk, ns=((NOW - 300) * 10**6,) * 2)
    assert "≥" not in line(transcript_path=str(talk))


def test_a_window_that_has_begun_anew_is_unknown():
    limits = {"five_hour": {"used_percentage": 99, "resets_at": NOW // 1000 - 1}}
    assert line(rate_limits=limits).endswith("5h –")


def test_a_cold_cache_and_a_full_window_stand_out():
    full = {"five_hour": {"used_percentage": 93}}
    cold = {"expires_at": NOW // 1000 - 1}
    shown = answer(as_bytes(rate_limits=full, prompt_cache=cold), ENV, NOW)
    assert "\x1b[31m93 %\x1b[39m" in shown
    assert "\x1b[33mcache cold\x1b[39m" in shown


def see_limit(tmp_path: Path, used: float, resets_ms: int) -> None:
    db = sqlite3.connect(tmp_path / "data/toktui.db")
    with db:
        db.execute(
            "insert or replace into limit_seen select id, '5h', ?, 300, ?, ? from name"
            " where text = 'claude-code'",
            (used, resets_ms, NOW - MINUTE),
        )
    db.close()


def test_limits_that_the_agent_does_not_say_come_from_the_store(talk: Path, tmp_path: Path):
    see_limit(tmp_path, 42, NOW + 60 * MINUTE)
    assert "5h 42 % until 15:32" in line(rate_limits=None)
    assert "5h" not in line(rate_limits=None, session_id="other", now_ms=NOW + 61 * MINUTE)


@pytest.mark.parametrize(
    ("said", "stored", "shown"),
    [
        ((30, 0), (58, 5_000), "5h 58 %"),
        ((58, 0), (30, 0), "5h 58 %"),
        ((97, -180 * MINUTE), (3, 0), "5h 3 %"),
        ((3, 0), (97, -180 * MINUTE), "5h 3 %"),
    ],
    ids=["idle session", "newer than the store", "window of before", "store of before"],
)
def test_of_two_that_know_a_window_the_one_that_knows_more_is_shown(
    said: tuple[int, int], stored: tuple[int, int], shown: str, talk: Path, tmp_path: Path
):
    end = NOW + 120 * MINUTE
    see_limit(tmp_path, stored[0], end + stored[1])
    limits = {"five_hour": {"used_percentage": said[0], "resets_at": (end + said[1]) / 1000}}
    assert f" · {shown} until 16:32" in line(rate_limits=limits)


def test_a_window_says_when_it_is_full_at_the_present_burn(home: Path, tmp_path: Path):
    log = Conversation(home, SESSION, "/home/dev/shop")
    for minutes in range(118, 0, -3):
        log.turn(NOW - minutes * MINUTE)
    log.write(NOW - MINUTE)
    settle_home(home, tmp_path / "data/toktui.db", load_book(), NOW)
    limits = {"five_hour": {"used_percentage": 80, "resets_at": NOW // 1000 + 3 * 3600}}
    shown = line(rate_limits=limits).rpartition(" · ")[2]
    assert re.fullmatch(r"5h 80 % until 17:32, full 1[45]:\d\d–1[56]:\d\d", shown)


def test_garbage_gets_a_line_and_nothing_is_kept(talk: Path, tmp_path: Path):
    for data in (b"", b"garbage", b"[]", b'{"session_id":'):
        assert " today · " in answer(data, ENV, NOW)
    assert kept(tmp_path) == []
    assert os.listdir(tmp_path / "data/statusline") == ["lock"]


def test_half_a_letter_in_a_path_costs_the_path_only(talk: Path, tmp_path: Path):
    said = b'{"session_id": "x", "transcript_path": "/a/\\ud800", "model": {"id": "opus"}}'
    assert " today · " in answer(said, ENV, NOW)


def test_garbage_without_a_store_gets_a_line_too(tmp_path: Path):
    assert answer(b"garbage", ENV, NOW) == "toktui"
    assert kept(tmp_path) == []


def test_what_is_said_is_kept_once(tmp_path: Path):
    line()
    line(now_ms=NOW + 1000)
    line(now_ms=NOW + 2000, cost={"total_cost_usd": 6.31, "total_duration_ms": 99})
    (record,) = kept(tmp_path)
    assert record["type"] == "statusline"
    assert record["at"] == "2026-11-22T14:32:05Z"
    assert record["rate_limits"]["five_hour"]["used_percentage"] == 58.2
    text = json.dumps(record)
    assert not [secret for secret in SECRETS if secret in text]


def test_limits_are_kept_again_only_after_a_response(tmp_path: Path):
    line()
    line(now_ms=NOW + 60 * MINUTE, model={"id": "claude-haiku-5-5"})
    line(now_ms=NOW + 61 * MINUTE, model={"id": "claude-haiku-5-5"}, cost={"total_cost_usd": 7})
    assert ["rate_limits" in record for record in kept(tmp_path)] == [True, False, True]


def test_what_is_remembered_is_for_the_user_alone(tmp_path: Path):
    line()
    for place in (tmp_path / "data").rglob("*"):
        assert place.stat().st_mode & 0o077 == 0, place


def test_who_does_not_get_the_lock_repeats_the_last_line_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    first = line()
    monkeypatch.setattr(module, "_line", None)
    with open(tmp_path / "data/statusline/lock") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert line(cost={"total_cost_usd": 7.5}) == first
    assert [record["cost"]["total_cost_usd"] for record in kept(tmp_path)] == [6.31, 7.5]


def test_a_session_without_a_last_line_hears_what_it_has_said_itself(
    talk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    line(session_id="other")
    monkeypatch.setattr(module, "_look", None)
    with open(tmp_path / "data/statusline/lock") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert line().startswith("$6.31 session · 164k")


def test_a_store_that_is_busy_or_broken_is_not_waited_for(talk: Path, tmp_path: Path):
    store = tmp_path / "data/toktui.db"
    db = sqlite3.connect(store, isolation_level=None)
    db.execute("pragma journal_mode = delete")
    db.execute("begin exclusive")
    assert line().startswith("$6.31 session · 164k")
    db.execute("rollback")
    db.close()
    for broken in (b"", b"junk" * 5000):
        store.write_bytes(broken)
        assert line().startswith("$6.31 session · 164k")


def test_a_folder_that_cannot_be_written_costs_nothing_but_the_memory(tmp_path: Path):
    (tmp_path / "data").write_text("a file")
    assert line().startswith("$6.31 session")


def test_what_could_not_be_kept_is_kept_with_the_next_call(tmp_path: Path):
    spool = tmp_path / "data/spool"
    spool.parent.mkdir()
    spool.write_text("in the way")
    line()
    spool.unlink()
    line(now_ms=NOW + 1000)
    (record,) = kept(tmp_path)
    assert record["rate_limits"]


def test_the_user_chooses_the_parts(tmp_path: Path):
    config = tmp_path / "config/config.toml"
    config.parent.mkdir()
    config.write_text('[statusline]\nparts = ["model", "cache"]\n[ui]\ntimezone = "Asia/Tokyo"\n')
    for _ in range(2):
        assert line() == "Opus 5.5 · cache until 23:35"
    config.write_text('[statusline]\nparts = ["model"]\n')
    assert line() == "Opus 5.5"
    config.write_text('[statusline]\nparts = ["weather"]\n')
    with pytest.raises(ConfigError) as error:
        line()
    assert "[statusline] parts" in error.value.what
    assert "session, today, burn, context, cache, limits" in error.value.hint


def test_what_nobody_asked_about_for_a_week_is_forgotten(tmp_path: Path):
    for number in range(80):
        line(session_id=f"old-{number}")
    for old in (tmp_path / "data/statusline").glob("old-*"):
        os.utime(old, ns=((NOW - 8 * 24 * 60 * MINUTE) * 10**6,) * 2)
    line()
    assert sorted(os.listdir(tmp_path / "data/statusline")) == [f"{SESSION}.txt", "lock"]


def read(tmp_path: Path) -> sqlite3.Connection:
    """Reads every log and the spool into the store, and opens it."""
    context = Context(user_paths(ENV), Config(), tmp_path / "home", ENV, lambda: NOW)
    with writing(context, "test") as settler:
        sync_store(settler, context)
    return connect_reader(tmp_path / "data/toktui.db")


def test_what_is_kept_becomes_an_official_limit_of_the_store(talk: Path, tmp_path: Path):
    line(transcript_path=str(talk))
    with closing(read(tmp_path)) as db:
        seen = db.execute(
            "select name, used_percent, window_minutes, resets_ms, as_of_ms from limit_seen"
        ).fetchall()
        (misread,) = db.execute("select count(*) from misread").fetchone()
    assert seen == [
        ("5h", 58.2, 300, NOW // 1000 * 1000 + 7_200_000, NOW),
        ("week", 31.0, 10_080, NOW // 1000 * 1000 + 4 * 86_400_000, NOW),
    ]
    assert misread == 0


def test_the_window_of_a_session_is_what_the_agent_says(talk: Path, tmp_path: Path):
    def window() -> int | None:
        with closing(read(tmp_path)) as db:
            (session,) = load_live(db, NOW, ZoneInfo("UTC"), load_book()).sessions
        return session.context_window

    assert window() == 1_000_000
    line(transcript_path=str(talk))
    assert window() == 200_000


def test_forgetting_a_project_forgets_what_the_agent_said_of_its_sessions(
    talk: Path, tmp_path: Path
):
    line(transcript_path=str(talk))
    read(tmp_path).close()
    context = Context(user_paths(ENV), Config(), tmp_path / "home", ENV, lambda: NOW)
    with writing(context, "test") as settler:
        forget(settler, Rule(None, "/home/dev/shop"), NOW, context.paths.backups)
    with closing(connect_reader(tmp_path / "data/toktui.db")) as db:
        assert db.execute("select kind from fact").fetchall() == []
