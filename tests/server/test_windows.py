"""What a process keeps of members' weeks is what the database holds, whoever wrote it."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from sqlalchemy import func, select

from toktui.server.database import Database
from toktui.server.days import expire, forget_day, read, take
from toktui.server.flags import HARMLESS
from toktui.server.imagined import imagine
from toktui.server.people import Speaker, leave
from toktui.server.start import open_database
from toktui.server.tables import SUMS, device, flag, member, member_day
from toktui.server.windows import NAMES, WINDOW_WEEKS, load_weeks
from toktui.server.zones import days_before
from toktui.team.wire.document import Client, Document, encode

NOW_MS = 1_795_780_800_000
UNTIL = "2026-11-26"


@pytest.fixture(scope="module")
def harbour(
    database: str | None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Database, Database, Speaker]]:
    """The same board as two processes see it."""
    folder = tmp_path_factory.mktemp("board")
    one = open_database(database, folder)
    other = open_database(database, folder)
    yield one, other, imagine(one, NOW_MS)
    one.close()
    other.close()


def windows(database: Database, who: Speaker) -> dict[str, dict[str, int]]:
    with database.read() as db:
        return {one: found.window for one, found in load_weeks(db, who.team, UNTIL).items()}


def anew(database: Database, who: Speaker) -> dict[str, dict[str, int]]:
    """The same by a plain sum, with what landed on flagged days left out."""
    since = days_before(UNTIL, 7 * WINDOW_WEEKS - 1)
    with database.write() as db:
        ids = db.execute(select(member.c.id).where(member.c.team == who.team)).scalars().all()
        found = {one: dict.fromkeys(NAMES, 0) for one in ids}
        flagged = db.execute(select(flag).where(flag.c.rule.not_in(HARMLESS)))
        bad = {(row.member, row.day) for row in flagged}
        for row in db.execute(
            select(member_day).where(member_day.c.day >= since, member_day.c.day <= UNTIL)
        ).mappings():
            sums = found[row["member"]]
            for name in SUMS:
                if not (name.startswith("landed_") and (row["member"], row["day"]) in bad):
                    sums[name] += row[name]
            sums["live"] += row["live"]
            sums["days"] += row["calls"] > 0
            sums["shares"] += row["shares_outcomes"]
    return found


def test_two_processes_agree_with_the_database_after_every_change(
    harbour: tuple[Database, Database, Speaker],
):
    one, other, who = harbour
    draw = random.Random(4)
    with one.read() as db:
        devices = db.execute(select(device.c.id, device.c.member)).all()
    people = [Speaker(who.team, row.member, row.id, "member", who.zone) for row in devices]
    for step in range(40):
        writer = draw.choice((one, other))
        chosen = draw.choice(people)
        day = days_before(UNTIL, draw.randrange(40))
        with writer.write() as db:
            if step == 20:
                leave(db, who.team, people.pop().member, NOW_MS)
            elif step == 30:
                assert expire(db, who.team, days_before(UNTIL, 20))
            elif draw.random() < 0.4:
                forget_day(db, chosen, day, NOW_MS)
            elif db.execute(select(func.count()).select_from(member).where(
                member.c.id == chosen.member, member.c.first_day <= day
            )).scalar_one():  # fmt: skip
                empty = Document(v=1, team=who.team, device=chosen.device, day=day, rev=step + 10,
                                 closed=True, client=Client(version="1"), rows=(),
                                 reason="user_deleted")  # fmt: skip
                take(db, chosen, read(encode(empty)), day=None, now_ms=NOW_MS)
        wanted = anew(one, who)
        assert windows(one, who) == wanted
        assert windows(other, who) == wanted


def test_what_was_rolled_back_is_not_kept(harbour: tuple[Database, Database, Speaker]):
    one, _, who = harbour
    before = windows(one, who)
    with one.write() as db:
        day = db.execute(select(func.max(member_day.c.day)).where(
            member_day.c.member == who.member, member_day.c.day <= UNTIL, member_day.c.calls > 0
        )).scalar_one()  # fmt: skip
        forget_day(db, who, day, NOW_MS)
        load_weeks(db, who.team, UNTIL)
        db.rollback()
    assert windows(one, who) == before == anew(one, who)
