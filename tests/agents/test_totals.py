"""Agents that only keep totals, and documents that change what they said."""

from __future__ import annotations

import json
import os
import sqlite3
from typing import TYPE_CHECKING, Any

import pytest
import zstandard

from tests.properties.lab import NOW_MS, Lab, write, wrong_sums
from toktui.agents import agent

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

T = NOW_MS - 3_600_000


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


@pytest.fixture
def lab(home: Path) -> Iterator[Lab]:
    lab = Lab(home)
    yield lab
    lab.close()


def put(path: Path, value: Any) -> None:
    write(path, json.dumps(value).encode())


def calls(lab: Lab, columns: str = "output, exactness") -> list[tuple[Any, ...]]:
    assert wrong_sums(lab.db) == ""
    return lab.db.execute(f"select {columns} from calls order by at_ms, call_id").fetchall()


# ---- Droid ----


@pytest.mark.parametrize("kind", ["pipe", "folder", "link"])
def test_what_lies_in_the_place_of_a_conversation_is_not_waited_for(
    lab: Lab, home: Path, kind: str
) -> None:
    folder = home / ".factory/sessions/-srv-kites"
    used = {"inputTokens": 5, "outputTokens": 2}
    said = {"model": "m", "tokenUsage": used, "providerLockTimestamp": "2026-11-20T10:00:00Z"}
    put(folder / "s.settings.json", said)
    if kind == "pipe":
        os.mkfifo(folder / "s.jsonl")
    elif kind == "folder":
        (folder / "s.jsonl").mkdir()
    else:
        (folder / "s.jsonl").symlink_to("/dev/zero")
    lab.sync()
    assert calls(lab) == [(2, "residual")]


def test_a_total_that_grows_stays_one_call_at_the_last_message(home: Path, lab: Lab) -> None:
    folder = home / ".factory/sessions/-srv-kites"
    usage = {"inputTokens": 10, "outputTokens": 5, "cacheReadTokens": 100}
    first = {"timestamp": "2026-11-20T10:00:00.000Z", "cwd": "/srv/kites"}
    put(folder / "d.settings.json", {"model": "claude-opus-4-6", "tokenUsage": usage})
    put(folder / "d.jsonl", first)
    lab.sync()
    assert calls(lab, "output, project, at_ms") == [(5, "/srv/kites", 1_795_168_800_000)]
    more = usage | {"outputTokens": 9}
    put(folder / "d.settings.json", {"model": "claude-opus-4-6", "tokenUsage": more})
    later = json.dumps(first) + "\n" + json.dumps({"timestamp": "2026-11-20T10:05:00.000Z"})
    write(folder / "d.jsonl", later.encode())
    lab.sync()
    assert calls(lab, "output, at_ms, exactness") == [(9, 1_795_169_100_000, "residual")]


def test_a_conversation_alone_moves_the_time_of_its_total(home: Path, lab: Lab) -> None:
    folder = home / ".factory/sessions/-srv-kites"
    put(folder / "d.settings.json", {"tokenUsage": {"outputTokens": 9}})
    lab.sync()
    assert calls(lab) == []
    put(folder / "d.jsonl", {"timestamp": "2026-11-20T10:05:00.000Z"})
    lab.sync()
    assert calls(lab, "output, at_ms, model") == [(9, 1_795_169_100_000, "unknown")]


# ---- Cline, Roo Code ----


def request(ts: int, given: int, output: int, say: str = "api_req_started") -> dict[str, Any]:
    text = {"tokensIn": given, "tokensOut": output, "cacheReads": 0, "cacheWrites": 0, "cost": 0.5}
    return {
        "ts": ts, "type": "say", "say": say, "text": json.dumps(text),
        "modelInfo": {"modelId": "claude-opus-4-6", "providerId": "anthropic"},
    }  # fmt: skip


@pytest.mark.parametrize("seen", [True, False])
def test_requests_that_were_deleted_are_counted_once_whether_seen_before_or_not(
    home: Path, lab: Lab, seen: bool
) -> None:
    path = home / ".cline/data/tasks/1/ui_messages.json"
    rows = [request(T + n, 10, 5 + n) for n in range(4)]
    if seen:
        put(path, rows)
        lab.sync()
    put(path, [rows[0], request(T + 9, 30, 6 + 7 + 8, "deleted_api_reqs")])
    lab.sync()
    put(path, [rows[0], request(T + 9, 30, 6 + 7 + 8, "deleted_api_reqs"), request(T + 20, 1, 1)])
    lab.sync()
    found = calls(lab, "output, exactness")
    assert sum(output for output, _ in found) == 5 + 6 + 7 + 8 + 1
    assert [kind for _, kind in found].count("residual") == (0 if seen else 1)


def test_a_request_that_is_filled_in_later_replaces_nothing(home: Path, lab: Lab) -> None:
    path = home / ".cline/data/tasks/1/ui_messages.json"
    begun = request(T, 0, 0) | {"text": json.dumps({"request": "kites"})}
    put(path, [begun])
    lab.sync()
    assert calls(lab) == []
    put(path, [request(T, 10, 3)])
    lab.sync()
    put(path, [request(T, 10, 40)])
    lab.sync()
    assert calls(lab) == [(40, "exact")]


def test_the_model_that_is_told_beside_is_found_when_it_comes_later(home: Path, lab: Lab) -> None:
    folder = home / ".vscode-mock/global-storage/tasks/1"
    row = request(T, 10, 3)
    del row["modelInfo"]
    put(folder / "ui_messages.json", [row])
    lab.sync()
    assert calls(lab, "model, project") == [("unknown", "")]
    prompt = "# Current Workspace Directory (/srv/kites) Files\n<model>gpt-5.4</model>"
    put(folder / "api_conversation_history.json", [{"role": "user", "ts": T, "content": prompt}])
    lab.sync()
    assert calls(lab, "model, project") == [("gpt-5.4", "/srv/kites")]


# ---- Zed ----


class Threads:
    """Zed's database; a thread is written anew with each turn."""

    def __init__(self, home: Path) -> None:
        folder = home / ".local/share/zed/threads"
        folder.mkdir(parents=True)
        self._db = sqlite3.connect(folder / "threads.db", isolation_level=None)
        self._db.execute(
            "create table threads (id text primary key, summary text, updated_at text,"
            " data_type text, data blob)"
        )

    def save(self, name: str, minute: int, requests: dict[str, int], every: int) -> None:
        data = {
            "model": {"provider": "anthropic", "model": "claude-opus-4-6"},
            "request_token_usage": {key: {"output_tokens": n} for key, n in requests.items()},
            "cumulative_token_usage": {"output_tokens": every},
        }
        row = (name, "kites", f"2026-11-20T10:{minute:02}:00+00:00", "zstd",
               zstandard.compress(json.dumps(data).encode()))  # fmt: skip
        self._db.execute("insert or replace into threads values (?, ?, ?, ?, ?)", row)

    def close(self) -> None:
        self._db.close()


@pytest.fixture
def threads(home: Path) -> Iterator[Threads]:
    threads = Threads(home)
    yield threads
    threads.close()


def test_what_a_sum_has_beyond_the_listed_requests_is_one_call(threads: Threads, lab: Lab) -> None:
    threads.save("a", 1, {"u1": 10}, 10)
    lab.sync()
    assert calls(lab) == [(10, "exact")]
    threads.save("a", 2, {"u1": 10, "u2": 20}, 70)
    threads.save("b", 3, {}, 5)
    result = lab.sync()
    assert sorted(calls(lab)) == [(5, "residual"), (10, "exact"), (20, "exact"), (40, "residual")]
    assert result.outcome.lines == 2


def test_a_message_that_was_taken_back_is_not_counted_twice(threads: Threads, lab: Lab) -> None:
    threads.save("a", 1, {"u1": 10, "u2": 20}, 30)
    lab.sync()
    threads.save("a", 2, {"u1": 10}, 30)
    lab.sync()
    assert sorted(calls(lab)) == [(10, "exact"), (20, "exact")]


def test_only_threads_that_were_saved_since_are_unpacked(threads: Threads, lab: Lab) -> None:
    for n in range(60):
        threads.save(f"t{n}", n % 10, {"u": 1}, 1)
    assert lab.sync().outcome.lines == 60
    threads.save("t5", 30, {"u": 1, "v": 2}, 3)
    assert lab.sync().outcome.lines <= 7
    assert len(calls(lab)) == 61


# ---- Goose, Crush ----


def test_a_ledger_is_read_on_where_it_grew_and_whole_where_it_was_replaced(
    home: Path, lab: Lab
) -> None:
    folder = home / ".local/share/goose/sessions"
    folder.mkdir(parents=True)
    db = sqlite3.connect(folder / "sessions.db", isolation_level=None)
    db.execute("pragma journal_mode = wal")
    db.execute(
        "create table usage_ledger (id integer primary key, session_id text,"
        " created_timestamp integer, model text, input_tokens integer, output_tokens integer,"
        " cache_read_tokens integer, cache_write_tokens integer, cost real)"
    )

    def add(number: int, at: int) -> None:
        db.execute("insert into usage_ledger values (?, 's', ?, 'gpt-5', 9, 1, 0, 0, 0.1)",
                   (number, at))  # fmt: skip

    for n in range(1, 30):
        add(n, T // 1000 + n)
    assert lab.sync().outcome.lines == 29
    add(30, T // 1000 + 30)
    assert lab.sync().outcome.lines == 1
    db.execute("delete from usage_ledger")
    add(30, T // 1000 + 90)
    assert lab.sync().outcome.lines == 1
    assert len(calls(lab)) == 31
    db.close()


def test_crush_is_read_in_every_project_that_it_lists(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "kites/.crush"
    folder.mkdir(parents=True)
    db = sqlite3.connect(folder / "crush.db", isolation_level=None)
    db.execute("create table sessions (id text, parent_session_id text, cost real, updated_at int)")
    db.execute("insert into sessions values ('s', null, 1.5, ?)", (T // 1000,))
    db.execute("insert into sessions values ('kid', 's', 0.5, ?)", (T // 1000,))
    put(home / ".local/share/crush/projects.json", {"projects": [{"data_dir": str(folder)}]})
    lab = Lab(home)
    lab.sync()
    columns = "project, input + output, cost_nusd, reported_nusd, exactness"
    assert calls(lab, columns) == [(str(tmp_path / "kites"), 0, None, 1_500_000_000, "residual")]
    db.execute("update sessions set cost = 2 where id = 's'")
    lab.sync()
    assert calls(lab, "reported_nusd") == [(2_000_000_000,)]
    db.close()
    lab.close()


def test_a_list_of_projects_that_is_torn_or_of_another_shape_is_none(home: Path) -> None:
    path = home / ".local/share/crush/projects.json"
    usual = len(agent("crush").roots(home, {}))
    no_folder = b'{"projects": [{"data_dir": "/a\\u0000b"}, {"data_dir": "here"}, {}]}'
    for data in (b"", b'{"projects": [{"da', b'{"projects": 7}', b"[]", no_folder):
        write(path, data)
        assert len(agent("crush").roots(home, {})) == usual
