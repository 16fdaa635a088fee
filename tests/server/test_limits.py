"""How often one may ask, for whom that counts, and who may serve a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from toktui.errors import StoreError
from toktui.server import limits
from toktui.server.limits import RateLimit, Strangers, asker
from toktui.server.refusal import Refused
from toktui.server.start import open_database


def took(limit: RateLimit, at_ms: int, key: str = "a") -> bool:
    try:
        limit.take(key, at_ms)
    except Refused:
        return False
    return True


def test_a_burst_and_then_a_steady_rate():
    limit = RateLimit(per_s=2, burst=3)
    assert [took(limit, 0) for _ in range(4)] == [True, True, True, False]
    assert [took(limit, ms) for ms in (400, 500, 600)] == [False, True, False]
    assert took(limit, 0, "another")


def test_who_keeps_asking_while_refused_gets_his_share_all_the_same():
    limit = RateLimit(per_s=2, burst=1)
    assert sum(took(limit, ms) for ms in range(0, 10_000, 100)) == 20


def test_the_lowest_rate_lets_everybody_in_once_in_a_while():
    limit = RateLimit(per_s=0.01, burst=0.6)
    assert [took(limit, ms) for ms in (0, 1000, 100_000)] == [True, False, True]


def test_a_customer_of_ipv6_is_one_asker_and_an_address_of_ipv4_is_one():
    assert asker("2001:db8:1:2::1") == asker("2001:db8:1:2:ffff::9")
    assert asker("2001:db8:1:2::1") != asker("2001:db8:1:3::1")
    assert asker("192.0.2.1") != asker("192.0.2.2")
    assert asker("x" * 500) == "x" * 64


def test_one_process_serves_a_file(tmp_path: Path):
    first, second = open_database(None, tmp_path), open_database(None, tmp_path)
    first.claim()
    with pytest.raises(StoreError, match="Another") as refused:
        second.claim()
    assert "PostgreSQL" in refused.value.hint
    first.close()
    second.claim()
    second.close()


def met(strangers: Strangers, address: str, name: str, at_ms: int = 0) -> bool:
    try:
        strangers.meet(address, name, at_ms)
    except Refused:
        return False
    return True


def test_strangers_from_everywhere_are_limited_together_and_nobody_who_was_seen():
    strangers = Strangers(rate=0.1)
    strangers.was_right("known")
    for number in range(120):
        assert met(strangers, f"192.0.2.{number}", "guess")
        strangers.was_wrong(f"192.0.2.{number}", 0)
    assert not met(strangers, "198.51.100.1", "guess")
    assert met(strangers, "198.51.100.1", "known")
    assert met(strangers, "198.51.100.1", "guess", 1000)


def test_a_sign_in_that_ended_is_a_strangers_again():
    strangers = Strangers(rate=1 / 60)
    strangers.was_right("cookie")
    strangers.was_wrong("192.0.2.1", 0, ended="cookie")
    assert not met(strangers, "192.0.2.1", "cookie")


def test_those_who_were_seen_are_remembered_within_a_bound(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(limits, "MOST_KNOWN", 2)
    strangers = Strangers(rate=1 / 60)
    for name in ("a", "b", "c"):
        strangers.was_right(name)
    strangers.was_wrong("192.0.2.1", 0)
    assert [met(strangers, "192.0.2.1", name) for name in ("a", "b", "c")] == [False, True, True]
