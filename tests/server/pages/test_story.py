"""One visit with every page and every form, on SQLite and on PostgreSQL."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.server.pages.conftest import NOW_MS, running
from toktui.server.imagined import imagine
from toktui.server.people import Speaker, make_code, make_team
from toktui.server.start import open_database
from toktui.server.tables import audit, code, day_row, member, member_day


def test_every_page_and_form_works_on_both_databases(
    tmp_path: Path, database: str | None, loopback: None
):
    made = open_database(database, tmp_path)
    imagine(made, NOW_MS)
    made.close()
    with running(tmp_path, database=database) as harbour:
        ada, bram = harbour.visitor(harbour.owner), harbour.people()[1]
        browser = harbour.visitor(bram)
        pages = ("/", "/?page=1", "/consumption", "/consumption?span=day", "/consumption?span=week",
                 "/you", "/you?before=2026-11-20%20d_x", "/you/export", "/team", "/team?before=9",
                 "/team?skip=3")  # fmt: skip
        assert {path: ada.get(path).status for path in pages} == dict.fromkeys(pages, 200)
        words = ada.get("/").words
        assert re.search(r"You \d\.\d\d", words)
        assert re.search(r"\d+ % above own best|at own best", words)
        with harbour.database.read() as db:
            invite = db.execute(select(code.c.hash).where(code.c.uses_left == 3)).scalar_one()
        assert ada.send("/team/invites", uses="1", hours="1").status == 303
        assert ada.send("/team/invites/withdraw", invite=invite).status == 303
        for path, form in (
            ("/team/settings",
             {"name": "Quay", "retention": "90", "consumption": "on", "sure": "yes"}),
            ("/team/role", {"member": bram.member, "role": "admin"}),
            ("/you/appearance", {"appearance": "pseudonym", "name": "gull"}),
        ):
            assert ada.send(path, **form).status == 303
        assert browser.send("/team/invites", uses="2", hours="2").status == 303
        assert browser.send("/you/revoke", device=bram.device).status == 303
        assert browser.get("/you").status == 401
        assert ada.send("/team/remove", member=bram.member, sure="yes").status == 303
        words = ada.get("/").words
        assert "gull" in words
        assert "Bram" not in words
        assert "Quay" in words
        log = ada.get("/team").words
        for said in ("Removed a member", "A member left", "invite was withdrawn", "Harbour → Quay"):
            assert said in log
        assert ada.send("/sign-out").status == 303


def test_teams_on_one_server_never_see_each_other(tmp_path: Path, loopback: None, imagined: Path):
    (tmp_path / "board.db").write_bytes(imagined.read_bytes())
    with running(tmp_path) as harbour:
        ada = harbour.visitor(harbour.owner)
        pages = ("/", "/consumption", "/you", "/team")
        before = {path: len(ada.get(path).text) for path in pages}
        with harbour.database.write() as db:
            theirs, _ = make_team(
                db, name="Stranger", zone="UTC", retention_days=400, now_ms=NOW_MS
            )
            invite = make_code(db, theirs, now_ms=NOW_MS)
            for table in (member, member_day, day_row):
                for row in db.execute(select(table)).mappings().all():
                    values = {str(key): value for key, value in row.items()}
                    key = "id" if table is member else "member"
                    copy = {**values, "team": theirs, key: "x" + values[key][1:]}
                    if table is member:
                        copy["name"] = copy["name"] and f"Stranger {copy['name']}"
                    db.execute(table.insert().values(**copy))
            other = db.execute(select(member.c.id).where(member.c.team == theirs)).scalars().first()
        harbour.clock.now_ms += 5_000
        assert {path: len(ada.get(path).text) for path in pages} == before
        assert not any("Stranger" in ada.get(path).text for path in pages)
        assert other is not None
        for path, form in (
            ("/team/role", {"member": other, "role": "admin"}),
            ("/team/remove", {"member": other, "sure": "yes"}),
        ):
            assert ada.send(path, **form).status == 404
        with harbour.database.read() as db:
            hashes = db.execute(select(code.c.hash).where(code.c.team == theirs)).scalars().all()
        assert invite
        for one in hashes:
            ada.send("/team/invites/withdraw", invite=one)
        with harbour.database.read() as db:
            left = db.execute(select(code.c.hash).where(code.c.team == theirs)).scalars().all()
            noted = db.execute(select(audit.c.action).where(audit.c.team == theirs)).scalars()
            assert left == hashes
            assert "invite_withdrawn" not in noted.all()


@pytest.mark.parametrize("role", ["owner", "admin", "member"])
def test_what_a_page_offers_is_what_its_reader_may(
    tmp_path: Path, loopback: None, imagined: Path, role: str
):
    (tmp_path / "board.db").write_bytes(imagined.read_bytes())
    with running(tmp_path) as harbour:
        bram = harbour.people()[1]
        ada = harbour.visitor(harbour.owner)
        ada.send("/team/role", member=bram.member, role=role)
        page = harbour.visitor(Speaker(bram.team, bram.member, bram.device, "member", bram.zone))
        offered = set(re.findall(r'action="(/team/[^"]+)"', page.get("/team").text))
        leads = {"/team/invites", "/team/invites/withdraw", "/team/remove"}
        assert offered == {
            "owner": leads | {"/team/settings", "/team/role"}, "admin": leads, "member": set()
        }[role]  # fmt: skip
