"""The outbox of the running program: rounds in processes of their own, one at a time."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from toktui.clock import day_label, now_ms
from toktui.team import outbox as module
from toktui.team.membership import Hold
from toktui.team.outbox import EVERY_MS, Outbox
from toktui.team.team_file import open_team_file
from toktui.zones import ZoneInfo

from .conftest import Device, Reply, Told

ROOT = Path(__file__).parent.parent.parent
UTC = ZoneInfo("UTC")


@pytest.fixture
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LOOK_S", 0.05)
    monkeypatch.setattr(module, "_FIRST_S", 0.0)


@pytest.fixture
def now(device: Device) -> Device:
    """A device whose clock is the machine's, as that of a process of its own is."""
    device.now_ms = now_ms()
    return device


@pytest.fixture
def outboxes(now: Device, fast: None) -> Iterator[Callable[..., Outbox]]:
    made: list[Outbox] = []

    def start(
        tell: Callable[[bool], None] = lambda sending: None, *, ready: bool = True
    ) -> Outbox:
        made.append(Outbox(now.data, os.environ, tell, now_ms=now_ms))
        made[-1].start()
        made[-1].ready(yes=ready)
        return made[-1]

    yield start
    for one in made:
        one.stop()


def until(true: Callable[[], object], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it does not come"
        time.sleep(0.02)


def today() -> str:
    return day_label(now_ms(), UTC)


def test_it_sends_by_itself_and_tells_of_it(
    now: Device, told: Told, outboxes: Callable[..., Outbox]
):
    now.join()
    now.call()
    now.sync()
    heard: list[bool] = []
    outboxes(heard.append)
    until(lambda: now.state.notes.round_ms)
    assert told.calls_of(today()) == 1
    until(lambda: True in heard and heard[-1] is False)
    assert now.state.board is not None
    requests = len(told.heard)
    time.sleep(0.5)
    assert len(told.heard) == requests, "the next round is not due"


def test_joining_while_it_runs_is_noticed(
    now: Device, told: Told, outboxes: Callable[..., Outbox]
):
    now.call()
    now.sync()
    outboxes()
    time.sleep(0.2)
    assert told.heard == []
    now.join()
    until(lambda: told.days)


def test_days_that_are_half_read_are_not_sent(
    now: Device, told: Told, outboxes: Callable[..., Outbox]
):
    now.join()
    now.call()
    now.sync()
    outbox = outboxes(ready=False)
    outbox.send_now()
    time.sleep(0.3)
    assert told.heard == []
    outbox.ready(yes=True)
    until(lambda: told.days)


def test_send_now_hurries_and_pause_stops(
    now: Device, told: Told, outboxes: Callable[..., Outbox]
):
    now.join()
    now.call()
    now.sync()
    with open_team_file(now.data) as file:
        file.put_hold(Hold(attempts=5, next_ms=now_ms() + 3_600_000, code="network", what="away"))
    outbox = outboxes()
    time.sleep(0.3)
    assert told.heard == []
    outbox.send_now()
    until(lambda: told.days)
    until(lambda: now.state.hold is None)
    outbox.pause(on=True)
    until(lambda: now.state.membership.paused)
    heard = len(told.heard)
    outbox.send_now()
    time.sleep(0.3)
    assert len(told.heard) == heard
    outbox.pause(on=False)
    until(lambda: not now.state.membership.paused)
    outbox.send_now()
    until(lambda: len(told.heard) > heard)


@pytest.mark.parametrize("changes", [{"schema": "0" * 16}, {"leaving": True}, {"paused": True}])
def test_without_a_valid_consent_no_process_is_started(
    now: Device, told: Told, outboxes: Callable[..., Outbox], changes: dict[str, object],
    monkeypatch: pytest.MonkeyPatch,
):  # fmt: skip
    def refuse(*args: object, **options: object) -> None:
        raise AssertionError("a process was started")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    now.join(**changes)
    outboxes().send_now()
    time.sleep(0.3)
    assert told.heard == []


def test_a_round_that_hangs_does_not_hold_up_the_end(
    now: Device, told: Told, outboxes: Callable[..., Outbox]
):
    now.join()
    now.call()
    now.sync()
    hangs = threading.Event()

    def hang(method: str, path: str, body: bytes) -> Reply:
        hangs.wait(20)
        return told.honest(method, path, body)

    told.says.append(hang)
    outbox = outboxes()
    until(lambda: told.heard)
    began = time.monotonic()
    outbox.stop()
    assert time.monotonic() - began < 3
    hangs.set()


def test_a_round_that_cannot_even_begin_is_not_tried_all_the_time(
    now: Device, told: Told, outboxes: Callable[..., Outbox], monkeypatch: pytest.MonkeyPatch
):
    now.join()  # there is no store, so that the round fails at once
    started: list[float] = []
    popen = subprocess.Popen

    def counted(*args: object, **options: object) -> object:
        started.append(time.monotonic())
        return popen(*args, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(subprocess, "Popen", counted)
    outboxes()
    until(lambda: started)
    time.sleep(2)
    assert len(started) == 1


def test_instances_and_cron_send_one_after_the_other_and_each_day_once(
    now: Device, told: Told, outboxes: Callable[..., Outbox]
):
    now.join()
    for ago in range(5):
        now.call(ago)
    now.sync()
    at_once, most = 0, 0
    counting = threading.Lock()

    def slowly(method: str, path: str, body: bytes) -> Reply:
        nonlocal at_once, most
        with counting:
            at_once += 1
            most = max(most, at_once)
        time.sleep(0.3)
        with counting:
            at_once -= 1
        return told.honest(method, path, body)

    told.says.extend([slowly] * 60)
    cron = [subprocess.Popen([sys.executable, "-P", "-m", "toktui", "team", "submit", "--now"],
                             stdout=subprocess.DEVNULL, cwd=ROOT) for _ in range(2)]  # fmt: skip
    for _ in range(3):
        outboxes().send_now()
    assert [process.wait(60) for process in cron] == [0, 0]
    assert most == 1
    assert len(told.sent) == 1, "whoever came later found nothing to send"
    assert {rev for rev, _ in told.days.values()} == {1}


def test_a_killed_round_loses_nothing_and_sends_nothing_twice(now: Device, told: Told):
    """kill -9 at some moment of the exchange, again and again; the store grows meanwhile."""
    now.join()
    command = [sys.executable, "-P", "-m", "toktui.team", "--now"]
    for turn in range(10):
        now.call(turn % 3)
        now.sync()
        arrived = threading.Event()

        def lost(
            method: str, path: str, body: bytes, takes: bool = bool(turn % 2),
            said: threading.Event = arrived,
        ) -> Reply:  # fmt: skip
            if takes:
                told.honest(method, path, body)
            said.set()
            time.sleep(0.3)
            return 500, b"", {}

        told.says.clear()
        told.says.append(lost)
        process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
        assert arrived.wait(20)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    told.says.clear()
    assert subprocess.run(command, cwd=ROOT, check=True).returncode == 0
    assert sum(told.calls_of(day) for day in told.days) == 10
    assert now.state.waiting == ()
    assert now.state.notes.copied_ms == 0, "what the server had was ours"
    for one in now.state.sent:
        assert one.rev == told.days[one.day][0]
        assert json.loads(told.days[one.day][1])["rev"] == one.rev


_WATCHED = """
import os, sys, threading, time
from pathlib import Path
from toktui.team import outbox
outbox._LOOK_S, outbox._FIRST_S = 0.02, 0.0
seen = []
def watch(event, args):
    if threading.current_thread().name == "outbox":
        seen.append(event)
sys.addaudithook(watch)
made = outbox.Outbox(Path(sys.argv[1]), os.environ, lambda sending: None, now_ms=lambda: 0)
made.start()
made.ready(yes=True)
made.send_now()
time.sleep(0.5)
made.stop()
events = ("open", "import", "sqlite3.connect", "subprocess.Popen")
print([e for e in seen if e in events or e.startswith("socket.")])
loud = ("toktui.team.http", "keyring", "cryptography", "http.client")
print([m for m in loud if m in sys.modules])
"""


def test_before_somebody_joins_it_opens_imports_and_starts_nothing(tmp_path: Path):
    shown = subprocess.run(
        [sys.executable, "-c", _WATCHED, tmp_path], cwd=ROOT, check=True, capture_output=True,
        text=True,
    )  # fmt: skip
    assert shown.stdout.splitlines() == ["[]", "[]"]


def test_the_program_with_screens_never_loads_what_speaks_to_a_network():
    code = (
        "import sys, toktui.tui.program, toktui.team.outbox\n"
        "from toktui.tui.views import view_types\nview_types()\n"
        "print([m for m in ('toktui.team.http', 'http.client', 'keyring', 'cryptography')"
        " if m in sys.modules])"
    )
    shown = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert shown.stdout.strip() == "[]"


def test_a_round_is_due_in_time(now: Device):
    now.join()
    outbox = Outbox(now.data, {}, lambda sending: None, now_ms=lambda: now.now_ms)
    outbox._not_before = 0.0
    outbox.ready(yes=True)
    with open_team_file(now.data) as file:
        assert outbox._is_due(file)
        file.note(round_ms=now.now_ms)
        assert not outbox._is_due(file)
        now.now_ms += EVERY_MS
        assert outbox._is_due(file)
        file.note(round_ms=now.now_ms + 400 * 86_400_000)
        assert outbox._is_due(file), "a clock that was wrong holds nothing up for a year"
