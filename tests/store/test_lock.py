"""One writer per store, and how others ask him for something."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from toktui.errors import StoreError
from toktui.store.lock import StoreLock


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "writer.lock"


def test_only_one_has_the_lock_and_he_can_pass_it_on(place: Path) -> None:
    one, other = StoreLock(place), StoreLock(place)
    assert one.acquire("one")
    assert one.acquire("one")
    assert not other.acquire("other")
    one.release()
    assert not one.held
    assert other.acquire("other")


def test_the_lock_says_who_holds_it(place: Path) -> None:
    one, other = StoreLock(place), StoreLock(place)
    assert one.acquire("toktui sync")
    assert other.holder() == f"toktui sync (process {os.getpid()})"


def test_a_hostile_holder_is_shown_clean(place: Path) -> None:
    place.write_bytes(b"\x1b]0;x\x07 me\xff\n")
    assert "\x1b" not in StoreLock(place).holder()
    assert StoreLock(place.with_name("no.lock")).holder() == "another toktui"


def test_insisting_names_the_holder_when_it_gives_up(place: Path) -> None:
    holder = StoreLock(place)
    assert holder.acquire("toktui import")
    began = time.monotonic()
    with pytest.raises(StoreError) as refused:
        StoreLock(place).insist("toktui forget", wait_s=0.2)
    assert 0.2 <= time.monotonic() - began < 2
    assert f"toktui import (process {os.getpid()})" in refused.value.what
    asked = holder.pending(0)
    assert asked is not None
    assert asked[1] == "lock"


def test_a_lock_that_is_freed_is_taken_by_who_insists(place: Path) -> None:
    code = (
        "import sys, time, fcntl; lock = open(sys.argv[1], 'w'); fcntl.flock(lock, fcntl.LOCK_EX);"
        "print('held', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code, place], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        lock = StoreLock(place)
        assert not lock.acquire("me")
        process.kill()
        lock.insist("me", wait_s=2)
        assert lock.held


def test_a_folder_that_cannot_be_written_is_a_store_error(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot open"):
        StoreLock(tmp_path / "missing" / "writer.lock").acquire("me")
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StoreError, match="cannot open"):
        StoreLock(tmp_path / "link").acquire("me")


def test_an_answer_reaches_its_ticket_and_those_before_it(place: Path) -> None:
    asking, holder = StoreLock(place), StoreLock(place)
    assert holder.pending(0) is None
    first = asking.request("catch-up")
    second = asking.request("catch-up")
    assert holder.pending(0) == (second, "catch-up")
    assert not asking.wait_for_answer(first, 20)
    holder.answer(second)
    assert asking.wait_for_answer(first, 20)
    assert asking.wait_for_answer(second, 20)
    assert holder.pending(second) is None


def test_tickets_rise_however_fast_they_are_drawn(place: Path) -> None:
    asking, holder = StoreLock(place), StoreLock(place)
    tickets = []
    for _ in range(50):
        tickets.append(asking.request("catch-up"))
        holder.answer(tickets[-1])
    assert tickets == sorted(set(tickets))


def test_a_clock_that_is_set_back_hides_no_request(place: Path) -> None:
    asking, holder = StoreLock(place), StoreLock(place)
    hour = 3_600 * 10**9
    ahead = asking.request("catch-up") + hour
    os.utime(place.with_suffix(".ask"), ns=(ahead, ahead))
    holder.answer(ahead)
    ticket = asking.request("catch-up")
    assert not asking.wait_for_answer(ticket, 20)
    assert holder.pending(ahead) == (ticket, "catch-up")


def test_a_new_holder_answers_who_still_waits_but_yields_to_nobody_of_old(place: Path) -> None:
    asking, holder = StoreLock(place), StoreLock(place)
    ticket = asking.request("catch-up")
    assert holder.pending(holder.done_so_far()) == (ticket, "catch-up")
    holder.answer(ticket)
    assert holder.pending(holder.done_so_far()) is None
    asking.request("lock")
    assert holder.pending(holder.done_so_far()) is None
