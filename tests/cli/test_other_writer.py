"""Commands while another process holds the store."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from toktui.store.lock import StoreLock


@pytest.fixture
def held(logs: Any, toktui: Any, tmp_path: Path) -> Iterator[StoreLock]:
    """A store with one call, and another writer that does not answer."""
    logs.call()
    toktui("sync")
    lock = StoreLock(tmp_path / "data/toktui.lock")
    assert lock.acquire("the other toktui")
    yield lock
    lock.release()


@pytest.mark.usefixtures("held")
@pytest.mark.parametrize("args", [("report",), ("now",), ("sessions",), ("why", "msg_")])
def test_reading_never_fails_because_another_writes(args: tuple[str, ...], logs: Any, toktui: Any):
    logs.call(session="fresh")
    if args[0] == "why":
        toktui(*args)
    else:
        toktui(*args, "--json")


def test_a_report_waits_for_the_writer_no_longer_than_it_takes(
    held: StoreLock, logs: Any, document: Any
):
    logs.call(session="fresh")
    asked = threading.Event()

    def answer() -> None:
        while not asked.is_set():
            pending = held.pending(0)
            if pending is not None:
                held.answer(pending[0])
                asked.set()
            time.sleep(0.005)

    thread = threading.Thread(target=answer)
    thread.start()
    try:
        assert document("report")["totals"]["calls"] == 1
    finally:
        asked.set()
        thread.join()


@pytest.mark.usefixtures("held")
@pytest.mark.parametrize(
    "args",
    [("data", "backup"), ("data", "forget", "--project", "shop", "--yes"),
     ("data", "purge", "--yes")],
)  # fmt: skip
def test_commands_that_must_write_give_up_and_name_the_holder(
    args: tuple[str, ...], toktui: Any, document: Any, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(StoreLock.insist.__kwdefaults__ or {}, "wait_s", 0.2)
    assert "the other toktui" in toktui(*args, exit_code=1).stderr
    assert document("report", "--no-sync")["totals"]["calls"] == 1


def test_doctor_names_the_writer(held: StoreLock, document: Any):
    assert "the other toktui" in document("doctor")["store"]["writer"]
    held.release()
    assert document("doctor")["store"]["writer"] is None
