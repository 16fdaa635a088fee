"""How much of anything one member can leave behind: codes, devices, lines of the audit log."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, func, select

from toktui.clock import DAY_MS
from toktui.server import administration, enrolling, people
from toktui.server.administration import revoke_device
from toktui.server.audit_log import LEAST_KEPT_MS, forget_lines
from toktui.server.enrolling import enrol
from toktui.server.people import Speaker, make_code, make_team, note
from toktui.server.refusal import Refused
from toktui.server.start import open_database
from toktui.server.tables import audit, code, device
from toktui.team.wire.document import schema_hash
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


@pytest.fixture
def ada(db: Connection) -> Speaker:
    team_id, owner = make_team(db, name="Shop", zone="UTC", retention_days=400, now_ms=NOW_MS)
    return joined(db, owner, team_id)


def joined(db: Connection, given: str, team_id: str) -> Speaker:
    made = enrol(db, Enrol(code=given, public_key=public_key(new_key()), schema=schema_hash()),
                 NOW_MS)  # fmt: skip
    return Speaker(team_id, made.member, made.device, made.role, "UTC")


def link(db: Connection, who: Speaker, at_ms: int = NOW_MS) -> str:
    return make_code(
        db, who.team, kind="link", made_by=who.member, lasts_ms=people.LINK_MS, now_ms=at_ms
    )


def test_a_member_has_few_open_codes_for_a_further_device(db: Connection, ada: Speaker):
    for _ in range(people.MOST_LINKS):
        last = link(db, ada)
    with pytest.raises(Refused) as refused:
        link(db, ada)
    assert refused.value.problem.code == "full"
    assert "minutes" in refused.value.problem.detail
    joined(db, last, ada.team)
    link(db, ada)
    with pytest.raises(Refused):
        link(db, ada)
    link(db, ada, NOW_MS + people.LINK_MS)


def test_a_team_has_a_bounded_number_of_open_invites(
    db: Connection, ada: Speaker, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(people, "MOST_INVITES", 3)
    for _ in range(3):
        make_code(db, ada.team, made_by=ada.member, now_ms=NOW_MS)
    with pytest.raises(Refused) as refused:
        make_code(db, ada.team, made_by=ada.member, now_ms=NOW_MS)
    assert (refused.value.problem.code, "Withdraw" in refused.value.problem.detail) == (
        "full", True
    )  # fmt: skip
    one = db.execute(select(code.c.hash).where(code.c.made_by == ada.member)).scalars().first()
    administration.withdraw_invite(db, ada, one or "", NOW_MS)
    make_code(db, ada.team, made_by=ada.member, now_ms=NOW_MS)


def test_a_member_has_a_bounded_number_of_devices_in_use_and_of_all(
    db: Connection, ada: Speaker, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(enrolling, "MOST_IN_USE", 3)
    monkeypatch.setattr(enrolling, "MOST_DEVICES", 4)
    second = joined(db, link(db, ada), ada.team)
    joined(db, link(db, ada), ada.team)
    given = link(db, ada)
    with pytest.raises(Refused) as refused:
        joined(db, given, ada.team)
    assert (refused.value.problem.code, "revoke one" in refused.value.problem.detail.lower()) == (
        "full", True
    )  # fmt: skip
    revoke_device(db, ada, second.device, NOW_MS)
    fourth = joined(db, link(db, ada), ada.team)
    revoke_device(db, ada, fourth.device, NOW_MS)
    with pytest.raises(Refused, match="full"):
        joined(db, link(db, ada), ada.team)
    count = select(func.count()).select_from(device).where(device.c.member == ada.member)
    assert db.execute(count).scalar() == 4


def test_old_lines_of_the_log_go_with_the_days_and_acts_of_who_leads_stay_longer(
    db: Connection, ada: Speaker
):
    db.execute(audit.delete())
    ages = (1, 401, LEAST_KEPT_MS // DAY_MS + 1)
    for days in ages:
        for action in ("link_made", "appearance", "signed_in", "role_given"):
            note(db, ada.team, action, NOW_MS - days * DAY_MS, ada.member)
    note(db, "t_other", "link_made", 0, "m")
    forget_lines(db, ada.team, 400, NOW_MS)
    left = db.execute(
        select(audit.c.action, audit.c.at_ms).where(audit.c.team == ada.team)
        .order_by(audit.c.id)
    ).all()  # fmt: skip
    assert [(action, (NOW_MS - at_ms) // DAY_MS) for action, at_ms in left] == [
        ("link_made", 1), ("appearance", 1), ("signed_in", 1), ("role_given", 1),
        ("role_given", 401),
    ]  # fmt: skip
    assert db.execute(select(audit.c.action).where(audit.c.team == "t_other")).scalar()


def test_acts_stay_as_long_as_the_days_where_those_are_kept_longer(db: Connection, ada: Speaker):
    db.execute(audit.delete())
    note(db, ada.team, "role_given", NOW_MS - 2000 * DAY_MS, ada.member)
    forget_lines(db, ada.team, 3000, NOW_MS)
    assert db.execute(select(audit.c.action)).scalars().all() == ["role_given"]
