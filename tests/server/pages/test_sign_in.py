"""Signing a browser in with an address that a device signed for."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select, update

from tests.server.pages.conftest import Harbour, Visitor, running
from toktui.server.tables import audit, device, session


def path_of(address: str) -> str:
    return urlsplit(address).path


def test_opening_the_address_uses_nothing_up_and_says_as_whom(harbour: Harbour):
    path = path_of(harbour.address(harbour.owner))
    scanner, browser = Visitor(harbour), Visitor(harbour)
    for _ in range(3):
        page = scanner.get(path)
        assert (page.status, page.cookies) == (200, [])
    assert "Ada Okafor" in page.words
    answer = browser.post(path)
    assert (answer.status, answer.headers["location"]) == (303, "/")
    assert browser.get("/").status == 200
    assert scanner.get("/").status == 401


def test_the_address_is_good_once_and_for_a_minute(harbour: Harbour):
    path = path_of(harbour.address(harbour.owner))
    assert Visitor(harbour).post(path).status == 303
    assert Visitor(harbour).post(path).status == 401
    late = path_of(harbour.address(harbour.owner))
    harbour.clock.now_ms += 60_001
    assert Visitor(harbour).get(late).status == 401
    assert Visitor(harbour).post(late).status == 401


def test_another_page_cannot_sign_a_browser_in(harbour: Harbour):
    path = path_of(harbour.address(harbour.owner))
    for origin in ("https://evil.example", "null", ""):
        assert Visitor(harbour).post(path, {"Origin": origin}).status == 403
    assert Visitor(harbour).post(path).status == 303


def test_a_revoked_device_signs_nobody_in_and_signs_its_browsers_out(harbour: Harbour):
    path, browser = path_of(harbour.address(harbour.owner)), harbour.visitor(harbour.owner)
    with harbour.database.write() as db:
        db.execute(update(device).where(device.c.id == harbour.owner.device).values(revoked_ms=1))
    assert Visitor(harbour).get(path).status == 401
    assert Visitor(harbour).post(path).status == 401
    assert browser.get("/you").status == 401


def test_the_cookie_is_for_this_site_alone_and_ends_after_eight_hours(harbour: Harbour, rows: Any):
    browser = Visitor(harbour)
    (cookie,) = browser.post(path_of(harbour.address(harbour.owner))).cookies
    words = {word.strip().lower() for word in cookie.split(";")}
    assert {"httponly", "samesite=strict", "path=/", "max-age=28800"} <= words
    assert browser.cookies["toktui"] not in str(rows(select(session)))
    harbour.clock.now_ms += 8 * 3_600_000 + 1
    assert browser.get("/you").status == 401


def test_over_tls_the_cookie_is_secure_and_no_other_host_can_set_it(
    tmp_path: Path, imagined: Path, loopback: None
):
    (tmp_path / "board.db").write_bytes(imagined.read_bytes())
    with running(tmp_path, "https://Board.example:443") as harbour:
        assert harbour.origin == "https://board.example"
        answer = Visitor(harbour).post(path_of(harbour.address(harbour.owner)))
        assert answer.cookies[0].startswith("__Host-toktui=")
        assert "secure" in answer.cookies[0].lower()
        assert "max-age" in answer.headers["strict-transport-security"]


@pytest.mark.parametrize("everywhere", ["", "yes"])
def test_signing_out_ends_the_session_on_the_server(
    harbour: Harbour, ada: Visitor, everywhere: str
):
    again = Visitor(harbour, dict(ada.cookies))
    phone = harbour.visitor(harbour.owner)
    answer = ada.send("/sign-out", everywhere=everywhere)
    assert (answer.status, answer.headers["location"]) == (303, "/signed-out")
    assert not ada.cookies
    assert ada.get("/signed-out").status == 200
    assert again.get("/you").status == 401
    assert phone.get("/you").status == (401 if everywhere else 200)


def test_when_somebody_signs_in_is_told_to_him_alone(harbour: Harbour, ada: Visitor, rows: Any):
    bram = harbour.people()[1]
    me = harbour.visitor(bram)
    found = rows(select(audit.c.member).where(audit.c.action == "signed_in"))
    assert {row.member for row in found} == {harbour.owner.member, bram.member}
    assert "Last signed in: 2026-11-27 13:00. Only you are told." in me.get("/you").words
    log = ada.get("/team").words.partition("Audit log")[2].partition("Numbers are what")[0]
    assert "Joined" in log
    assert "signed in" not in log.lower()
