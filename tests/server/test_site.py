"""Pages that a process keeps for a while."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from toktui.server import site as sites
from toktui.server.refusal import Refused
from toktui.server.settings import Settings
from toktui.server.site import FRESH_MS, Site
from toktui.server.start import open_database


class Clock:
    now_ms = 1_000_000

    def __call__(self) -> int:
        return self.now_ms


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def site(tmp_path: Path, clock: Clock) -> Iterator[Site]:
    database = open_database(None, tmp_path)
    yield Site(database, Settings(now_ms=clock))
    database.close()


def size_of(site: Site) -> int:
    """How many things a site holds on to, of whatever kind."""
    return sum(len(value) for value in vars(site).values() if isinstance(value, dict))


def test_a_page_is_made_once_until_something_is_written_or_it_is_old(site: Site, clock: Clock):
    made: list[bytes] = []

    def make() -> bytes:
        made.append(b"page %d" % len(made))
        return made[-1]

    first = site.kept("a", make)
    assert site.kept("a", make) == first == site.known("a")
    site.changed()
    assert site.known("a") is None
    second = site.kept("a", make)
    assert (second.body, second.etag == first.etag) == (b"page 1", False)
    clock.now_ms += FRESH_MS
    assert site.known("a") is None
    assert site.kept("a", make).body == b"page 2"


def test_what_is_written_while_a_page_is_made_makes_it_old(site: Site):
    def make() -> bytes:
        site.changed()
        return b"old"

    assert site.kept("a", make).body == b"old"
    assert site.known("a") is None


def test_many_who_ask_at_once_wait_for_one(site: Site):
    made: list[int] = []
    asked = threading.Barrier(8)

    def ask(_: int) -> bytes:
        def make() -> bytes:
            made.append(1)
            time.sleep(0.05)
            return b"page"

        asked.wait(10)
        return site.kept("a", make).body

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(ask, range(8))) == {b"page"}
    assert len(made) == 1


def test_strangers_leave_nothing_behind(site: Site):
    def refuse() -> bytes:
        raise Refused("signed_out")

    before = size_of(site)
    for number in range(1_000):
        with pytest.raises(Refused):
            site.kept(f"cookie {number}", refuse)
    assert size_of(site) == before


def test_readers_leave_nothing_behind_but_their_page(site: Site):
    for number in range(50):
        site.kept(f"cookie {number % 5}", lambda: b"page")
    site.changed()
    assert size_of(site) == 0


def test_pages_are_kept_within_a_bound(site: Site, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sites, "MOST_KEPT", 100)
    for number in range(50):
        site.kept(f"cookie {number}", lambda: b"x" * 30)
    assert size_of(site) <= 3
    site.kept("large", lambda: b"x" * 500)
    assert site.known("large") is not None
    site.kept("small", lambda: b"x")
    assert site.known("large") is None
