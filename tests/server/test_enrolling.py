"""A code lets in each key once, however often it is asked, and nobody whose device was revoked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, func, select, update

from toktui.server.administration import revoke_device
from toktui.server.enrolling import enrol, look
from toktui.server.people import Speaker, make_code, make_team
from toktui.server.refusal import Refused
from toktui.server.start import open_database
from toktui.server.tables import code, device, member
from toktui.team.wire.document import schema_hash
from toktui.team.wire.messages import Appearance, Enrol, Enrolled, Look
from toktui.team.wire.signing import new_key, public_key

NOW_MS = 1_795_780_800_000


@pytest.fixture
def db(database: str | None, tmp_path: Path) -> Iterator[Connection]:
    opened = open_database(database, tmp_path)
    with opened.write() as connection:
        yield connection
        connection.rollback()
    opened.close()


@pytest.fixture
def team_id(db: Connection) -> str:
    return make_team(db, name="Shop", zone="UTC", retention_days=400, now_ms=NOW_MS)[0]


def asked(given: str, key: str, name: str = "", appearance: Appearance = "hidden") -> Enrol:
    return Enrol(
        code=given, public_key=key, appearance=appearance, name=name, schema=schema_hash()
    )


def speaker(made: Enrolled) -> Speaker:
    return Speaker(made.team.team, made.member, made.device, made.role, "UTC")


def test_a_device_whose_answer_was_lost_is_no_second_member(db: Connection, team_id: str):
    once = make_code(db, team_id, now_ms=NOW_MS)
    key = public_key(new_key())
    first = enrol(db, asked(once, key), NOW_MS)
    with pytest.raises(Refused, match="code_refused"):
        look(db, Look(code=once), NOW_MS)
    shown = look(db, Look(code=once, public_key=key), NOW_MS)
    assert (shown.name, shown.kind) == ("Shop", "invite")
    assert enrol(db, asked(once, key), NOW_MS) == first
    for table in (member, device):
        assert db.execute(select(func.count()).select_from(table)).scalar() == 1
    assert db.execute(select(code.c.uses_left).where(code.c.made_by.is_(None),
                      code.c.role == "member")).scalar() == 0  # fmt: skip


def test_how_it_appears_is_what_was_agreed_to_last(db: Connection, team_id: str):
    once, key = make_code(db, team_id, now_ms=NOW_MS), public_key(new_key())
    enrol(db, asked(once, key, "Ada", "name"), NOW_MS)
    enrol(db, asked(once, key), NOW_MS)
    row = db.execute(select(member.c.appearance, member.c.name)).one()
    assert tuple(row) == ("hidden", "")


def test_a_further_device_asked_again_changes_nothing_of_its_member(db: Connection, team_id: str):
    first = enrol(db, asked(make_code(db, team_id, now_ms=NOW_MS), public_key(new_key()), "Ada",
                            "name"), NOW_MS)  # fmt: skip
    link = make_code(db, team_id, kind="link", made_by=first.member, now_ms=NOW_MS)
    key = public_key(new_key())
    second = enrol(db, asked(link, key), NOW_MS)
    assert look(db, Look(code=link, public_key=key), NOW_MS).kind == "link"
    assert enrol(db, asked(link, key), NOW_MS) == second
    assert db.execute(select(member.c.name)).scalars().all() == ["Ada"]


def test_a_key_of_another_team_or_that_was_revoked_enrols_nothing(db: Connection, team_id: str):
    key = public_key(new_key())
    made = enrol(db, asked(make_code(db, team_id, now_ms=NOW_MS), key), NOW_MS)
    other, _ = make_team(db, name="Other", zone="UTC", retention_days=400, now_ms=NOW_MS)
    foreign = make_code(db, other, now_ms=NOW_MS)
    with pytest.raises(Refused, match="wrong_value"):
        enrol(db, asked(foreign, key), NOW_MS)
    db.execute(update(device).values(revoked_ms=NOW_MS))
    own = make_code(db, team_id, now_ms=NOW_MS)
    with pytest.raises(Refused, match="wrong_value"):
        enrol(db, asked(own, key), NOW_MS)
    with pytest.raises(Refused, match="code_refused"):
        look(db, Look(code="A" * 26, public_key=key), NOW_MS)
    assert made.device


def test_who_has_a_lost_device_does_not_come_back_with_a_code_of_it(db: Connection, team_id: str):
    first = enrol(db, asked(make_code(db, team_id, now_ms=NOW_MS), public_key(new_key())), NOW_MS)
    link = make_code(db, team_id, kind="link", made_by=first.member, now_ms=NOW_MS)
    lost = enrol(db, asked(link, public_key(new_key())), NOW_MS)
    kept = make_code(db, team_id, kind="link", made_by=first.member, now_ms=NOW_MS)
    revoke_device(db, speaker(first), lost.device, NOW_MS)
    with pytest.raises(Refused, match="code_refused"):
        enrol(db, asked(kept, public_key(new_key())), NOW_MS)
