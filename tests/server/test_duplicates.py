"""A copied history counts once; two devices with calls of their own add up."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, select

from toktui.server.board import load_board
from toktui.server.days import forget_day, read, take
from toktui.server.enrolling import enrol
from toktui.server.people import Speaker, leave, make_code, make_team
from toktui.server.start import open_database
from toktui.server.tables import flag, member_day
from toktui.team.wire.document import Client, Document, Row, Sketch, encode, schema_hash
from toktui.team.wire.messages import Enrol
from toktui.team.wire.signing import new_key, public_key

NOW_MS = 1_795_780_800_000


@pytest.fixture
def db(database: str | None, tmp_path: Path) -> Iterator[Connection]:
    opened = open_database(database, tmp_path)
    with opened.write() as connection:
        yield connection
        connection.rollback()
    opened.close()


def flagged(db: Connection) -> set[str]:
    return set(db.execute(select(flag.c.member).where(flag.c.rule == "duplicate")).scalars())


def joined(db: Connection, team_id: str, code: str) -> Speaker:
    asked = Enrol(code=code, public_key=public_key(new_key()), schema=schema_hash())
    made = enrol(db, asked, NOW_MS)
    return Speaker(team_id, made.member, made.device, made.role, "UTC")


def send(db: Connection, who: Speaker, calls: Collection[int], rev: int = 1) -> None:
    """A day with these calls, of 100 tokens each."""
    row = Row(
        agent="codex", model="gpt-5.5", tier="standard", calls=len(calls), input=100 * len(calls),
        cache_read=0, cache_write_5m=0, cache_write_1h=0, output=0, reasoning=0, web_search=0,
        estimated_calls=0, estimated_tokens=0, unpriced_calls=0, unpriced_tokens=0, cost_nusd=1,
    )  # fmt: skip
    hashes = "".join(f"{n:012x}" for n in sorted(calls)[:64])
    document = Document(
        v=1, team=who.team, device=who.device, day="2026-11-26", rev=rev, closed=True,
        client=Client(version="1"), rows=(row,),
        sketches=(Sketch(agent="codex", hashes=hashes),),
    )
    assert take(db, who, read(encode(document)), day=None, now_ms=NOW_MS).result == "stored"


def tokens(db: Connection, who: Speaker) -> int:
    return db.execute(
        select(member_day.c.input).where(member_day.c.member == who.member)
    ).scalar_one()


def test_a_copied_history_counts_once_and_own_calls_add_up(db: Connection):
    team_id, owner = make_team(db, name="Shop", zone="UTC", retention_days=400, now_ms=NOW_MS)
    desk = joined(db, team_id, owner)
    send(db, desk, range(20))
    assert tokens(db, desk) == 2_000
    link = make_code(db, team_id, kind="link", made_by=desk.member, now_ms=NOW_MS)
    copy = joined(db, team_id, link)
    assert copy.member == desk.member
    send(db, copy, range(25))
    assert tokens(db, desk) == 2_500
    link = make_code(db, team_id, kind="link", made_by=desk.member, now_ms=NOW_MS)
    send(db, joined(db, team_id, link), range(100, 110))
    assert tokens(db, desk) == 3_500


def test_calls_of_another_member_are_flagged_for_both(db: Connection):
    team_id, owner = make_team(db, name="Shop", zone="UTC", retention_days=400, now_ms=NOW_MS)
    one = joined(db, team_id, owner)
    other = joined(db, team_id, make_code(db, team_id, now_ms=NOW_MS))
    send(db, one, range(20))
    send(db, other, range(20))
    assert flagged(db) == {one.member, other.member}


def test_who_sends_calls_of_his_own_afterwards_is_flagged_no_more(db: Connection):
    team_id, owner = make_team(db, name="Shop", zone="UTC", retention_days=400, now_ms=NOW_MS)
    one, other, third = (
        joined(db, team_id, code)
        for code in (owner, *(make_code(db, team_id, now_ms=NOW_MS) for _ in range(2)))
    )
    for who in (one, other, third):
        send(db, who, range(20))
    assert flagged(db) == {one.member, other.member, third.member}
    send(db, other, range(100, 130), rev=2)
    assert flagged(db) == {one.member, third.member}
    send(db, one, range(200, 230), rev=2)
    assert flagged(db) == set()


@pytest.mark.parametrize("leaves", [True, False])
def test_with_whom_the_copied_days_go_goes_the_mark_of_the_others(db: Connection, leaves: bool):
    team_id, owner = make_team(db, name="Shop", zone="UTC", retention_days=400, now_ms=NOW_MS)
    one = joined(db, team_id, owner)
    other = joined(db, team_id, make_code(db, team_id, now_ms=NOW_MS))
    send(db, one, range(20))
    send(db, other, range(20))
    if leaves:
        leave(db, team_id, other.member, NOW_MS)
    else:
        forget_day(db, other, "2026-11-26", NOW_MS)
    assert flagged(db) == set()


def test_of_a_history_that_was_partly_copied_the_rest_counts(db: Connection):
    """Half of the smaller device's calls are the larger one's."""
    team_id, owner = make_team(db, name="Shop", zone="UTC", retention_days=400, now_ms=NOW_MS)
    desk = joined(db, team_id, owner)
    link = make_code(db, team_id, kind="link", made_by=desk.member, now_ms=NOW_MS)
    draw = random.Random(8)
    calls = draw.sample(range(10**12), 3_000)
    send(db, desk, calls[:2_000])
    send(db, joined(db, team_id, link), calls[1_500:2_500])
    assert tokens(db, desk) == pytest.approx(250_000, rel=0.1)


def test_calls_that_are_all_different_add_up_exactly(db: Connection):
    team_id, owner = make_team(db, name="Shop", zone="UTC", retention_days=400, now_ms=NOW_MS)
    desk = joined(db, team_id, owner)
    draw = random.Random(9)
    calls = draw.sample(range(10**12), 4_000)
    send(db, desk, calls[:1_000])
    for start in (1_000, 2_000, 3_000):
        link = make_code(db, team_id, kind="link", made_by=desk.member, now_ms=NOW_MS)
        send(db, joined(db, team_id, link), calls[start : start + 1_000])
    assert tokens(db, desk) == 400_000


def test_a_day_without_calls_is_no_active_day(db: Connection):
    team_id, owner = make_team(db, name="Shop", zone="UTC", retention_days=400, now_ms=NOW_MS)
    who = joined(db, team_id, owner)
    send(db, who, range(20))
    assert load_board(db, who, NOW_MS).you.active_days == 1
    empty = Document(
        v=1, team=who.team, device=who.device, day="2026-11-26", rev=2, closed=True,
        client=Client(version="1"), rows=(), reason="user_deleted",
    )
    assert take(db, who, read(encode(empty)), day=None, now_ms=NOW_MS).result == "stored"
    assert load_board(db, who, NOW_MS).you.active_days == 0
