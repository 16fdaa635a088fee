"""Forms: from our own pages only, by those who may, each followed by a page."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import func, select, update

from tests.server.pages.conftest import Harbour, Visitor
from toktui.server.codes import hashed_code
from toktui.server.enrolling import look
from toktui.server.people import make_code
from toktui.server.refusal import Refused
from toktui.server.tables import audit, code, device, document, member, team
from toktui.team.wire.messages import Look

FORMS = (
    "/you/appearance", "/you/revoke", "/team/settings", "/team/invites", "/team/invites/withdraw",
    "/team/role", "/team/remove", "/sign-out",
)  # fmt: skip


@pytest.mark.parametrize("path", FORMS)
def test_a_form_of_another_page_or_without_its_token_does_nothing(
    ada: Visitor, rows: Any, path: str
):
    token = ada.token()

    def everything() -> list[Any]:
        return [rows(select(table)) for table in (audit, member, team, code)]

    before = everything()
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}):
        assert ada.post(path, headers, token=token).status == 403
    assert ada.post(path).status == 403
    assert ada.post(path, token="0" * 64).status == 403
    assert ada.post(path, {"Content-Type": "text/plain"}, token=token).status == 415
    assert ada.post(path, token=token, name="x" * 9_000).status == 413
    assert ada.post(path, token=token, **{f"f{n}": "" for n in range(40)}).status == 400
    assert ada.get(path).status in (404, 405)
    assert everything() == before


def test_the_token_of_one_browser_is_no_good_in_another(ada: Visitor, bram: Visitor):
    assert bram.post("/you/appearance", token=ada.token(), appearance="hidden").status == 403


@pytest.mark.parametrize("path", FORMS)
def test_a_form_needs_somebody_signed_in(harbour: Harbour, path: str):
    assert Visitor(harbour).post(path, token="").status == 401


# ---- team ----


def test_an_owner_changes_the_settings_and_the_log_says_what(ada: Visitor, rows: Any):
    answer = ada.send("/team/settings", name="Quay", retention="90", sure="yes")
    assert (answer.status, answer.headers["location"]) == (303, "/team?said=settings")
    (row,) = rows(select(team))
    assert (row.name, row.retention_days, row.consumption) == ("Quay", 90, False)
    assert ada.get("/consumption").status == 404
    page = ada.get("/team?said=settings").words
    assert "Saved." in page
    for words in ("Harbour → Quay", "400 days → 90 days", "on → off"):
        assert words in page


def test_nothing_is_deleted_by_a_slip(ada: Visitor, rows: Any):
    assert ada.send("/team/settings", name="Quay", retention="40").status == 422
    (row,) = rows(select(team))
    assert (row.name, row.retention_days) == ("Harbour", 400)
    assert ada.send("/team/settings", name="Quay", retention="800").status == 303


@pytest.mark.parametrize(
    "wrong",
    [{"name": "", "retention": "90"}, {"name": "\u200b", "retention": "90"},
     {"name": "X", "retention": "34"}, {"name": "X", "retention": "-1"},
     {"name": "X", "retention": "9e9"}, {"name": "X", "retention": "٣٦٥"},
     {"name": "X", "retention": "3661"}, {"name": "X"}],
)  # fmt: skip
def test_wrong_settings_are_refused_with_words(ada: Visitor, rows: Any, wrong: dict[str, str]):
    answer = ada.send("/team/settings", sure="yes", **wrong)
    assert answer.status == 422
    assert "wrong_value" in answer.text
    assert rows(select(team))[0].name == "Harbour"


def test_a_member_sees_the_rules_and_no_forms_and_may_do_nothing(
    harbour: Harbour, bram: Visitor, rows: Any
):
    page = bram.get("/team")
    assert page.status == 200
    assert "/team/" not in page.text
    assert "Audit" not in page.text
    me = harbour.people()[1].member
    before = rows(select(audit)), rows(select(member)), rows(select(code))
    for path, form in (
        ("/team/settings", {"name": "Mine", "retention": "400"}),
        ("/team/invites", {"uses": "1", "hours": "1"}),
        ("/team/invites/withdraw", {"invite": rows(select(code))[0].hash}),
        ("/team/role", {"member": me, "role": "owner"}),
        ("/team/remove", {"member": harbour.owner.member, "sure": "yes"}),
    ):
        assert bram.send(path, **form).status == 403
    assert (rows(select(audit)), rows(select(member)), rows(select(code))) == before


def test_an_admin_invites_and_removes_members_but_no_leader(harbour: Harbour, rows: Any):
    _, bram, chiara, deniz, *_ = harbour.people()
    with harbour.database.write() as db:
        for one in (bram, chiara):
            db.execute(update(member).where(member.c.id == one.member).values(role="admin"))
    admin = harbour.visitor(bram)
    assert admin.send("/team/invites", uses="2", hours="3").status == 303
    assert admin.send("/team/settings", name="Mine", retention="400").status == 403
    assert admin.send("/team/role", member=bram.member, role="owner").status == 403
    for leader in (harbour.owner, chiara):
        assert admin.send("/team/remove", member=leader.member, sure="yes").status == 403
    assert admin.send("/team/remove", member=deniz.member, sure="yes").status == 303
    assert not rows(select(member).where(member.c.id == deniz.member))
    assert not rows(select(document).where(document.c.member == deniz.member))


def test_a_role_that_was_taken_counts_no_more_at_once(harbour: Harbour, ada: Visitor):
    bram = harbour.people()[1]
    browser = harbour.visitor(bram)
    ada.send("/team/role", member=bram.member, role="admin")
    assert browser.send("/team/invites", uses="1", hours="1").status == 303
    ada.send("/team/role", member=bram.member, role="member")
    assert browser.send("/team/invites", uses="1", hours="1").status == 403


def test_one_owner_stays(harbour: Harbour, ada: Visitor, rows: Any):
    bram = harbour.people()[1]
    assert ada.send("/team/role", member=harbour.owner.member, role="member").status == 422
    assert ada.send("/team/remove", member=harbour.owner.member, sure="yes").status == 422
    assert ada.send("/team/role", member=bram.member, role="owner").status == 303
    assert ada.send("/team/role", member=harbour.owner.member, role="member").status == 303
    owners = rows(select(member.c.id).where(member.c.role == "owner"))
    assert [row.id for row in owners] == [bram.member]


def test_nobody_is_removed_without_the_tick_and_nobody_of_another_team(
    harbour: Harbour, ada: Visitor, rows: Any
):
    bram = harbour.people()[1].member
    assert ada.send("/team/remove", member=bram).status == 422
    with harbour.database.write() as db:
        db.execute(update(member).where(member.c.id == bram).values(team="t_other"))
    assert ada.send("/team/remove", member=bram, sure="yes").status == 404
    assert ada.send("/team/role", member=bram, role="admin").status == 404
    assert rows(select(member.c.role).where(member.c.id == bram))[0].role == "member"


def test_a_new_invite_is_shown_once_works_and_is_stored_only_as_a_hash(
    harbour: Harbour, ada: Visitor, rows: Any
):
    answer = ada.send("/team/invites", uses="2", hours="5")
    assert answer.headers["location"] == "/team?said=invite#invites"
    page = ada.get("/team?said=invite")
    (made,) = re.findall(r"toktui team join \S+ ([A-Z2-7-]+)", page.text)
    assert made not in ada.get("/team?said=invite").text
    (row,) = rows(select(code).where(code.c.hash == hashed_code(made)))
    assert (row.uses_left, row.role) == (2, "member")
    assert row.expires_ms == harbour.clock() + 5 * 3_600_000
    assert made not in str(rows(select(code)) + rows(select(audit)))
    with harbour.database.read() as db:
        assert look(db, Look(code=made), harbour.clock()).name == "Harbour"
    assert ada.send("/team/invites/withdraw", invite=row.hash).status == 303
    with harbour.database.read() as db, pytest.raises(Refused):
        look(db, Look(code=made), harbour.clock())
    actions = [line.action for line in rows(select(audit).order_by(audit.c.id))]
    assert actions[-2:] == ["invite_made", "invite_withdrawn"]


@pytest.mark.parametrize(
    "wrong",
    [{"uses": "0", "hours": "1"}, {"uses": "1001", "hours": "1"}, {"uses": "1", "hours": "2161"},
     {"uses": "x", "hours": "1"}],
)  # fmt: skip
def test_an_invite_has_bounds(ada: Visitor, wrong: dict[str, str]):
    assert ada.send("/team/invites", **wrong).status == 422


# ---- oneself ----


def test_who_hides_is_gone_from_the_board_at_once_and_can_come_back(
    harbour: Harbour, ada: Visitor, bram: Visitor
):
    assert "Bram de Wit" in ada.get("/").words
    assert bram.send("/you/appearance", appearance="hidden", name="Bram de Wit").status == 303
    for page in ("/", "/consumption", "/team"):
        assert "Bram" not in ada.get(page).words
    assert "You are hidden" in bram.get("/you").words
    assert "hidden: only you see this" in bram.get("/").words
    assert bram.send("/you/appearance", appearance="pseudonym", name="gull").status == 303
    assert "gull" in ada.get("/").words


def test_a_name_is_not_taken_from_another(ada: Visitor, bram: Visitor):
    assert bram.send("/you/appearance", appearance="name", name="ada okafor").status == 422
    assert bram.send("/you/appearance", appearance="name", name=" ").status == 422
    assert bram.send("/you/appearance", appearance="boss", name="x").status == 422


def test_a_member_revokes_own_devices_and_nobody_elses(
    harbour: Harbour, ada: Visitor, bram: Visitor, rows: Any
):
    mine, theirs = harbour.people()[1].device, harbour.owner.device
    assert bram.send("/you/revoke", device=theirs).status == 404
    assert bram.send("/you/revoke", device="").status == 404
    days = rows(select(func.count()).select_from(document).where(document.c.device == mine))
    answer = bram.send("/you/revoke", device=mine)
    assert (answer.status, answer.headers["location"]) == (303, "/signed-out")
    assert bram.get("/you").status == 401
    assert rows(select(device.c.revoked_ms).where(device.c.id == mine))[0].revoked_ms
    assert rows(select(func.count()).select_from(document).where(document.c.device == mine)) == days
    assert ada.get("/you").status == 200


def test_codes_of_owners_are_listed_as_what_they_make(harbour: Harbour, ada: Visitor):
    with harbour.database.write() as db:
        make_code(db, harbour.owner.team, role="owner", now_ms=harbour.clock())
    assert re.search(r'data-label="Makes">owner<', ada.get("/team").text)
