"""Who names a device or a sign-in that there is not is told so for a while, and then costs nothing;
those whom the board knows go on meanwhile."""

from __future__ import annotations

import asyncio
import http.client
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from sqlalchemy import delete

from tests.server.pages.conftest import Harbour, Visitor, running
from toktui.server import app
from toktui.server.database import Database
from toktui.server.pages.reading import form_token
from toktui.server.people import make_code
from toktui.server.tables import session
from toktui.team.wire.document import schema_hash
from toktui.team.wire.signing import new_key, public_key, sign, signed_string

GARBAGE = "d_aaaaaaaaaaaaaaaa"


@pytest.fixture
def harbour(
    tmp_path: Path, loopback: None, imagined: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Harbour]:
    """A server without upkeep that lets an address be wrong six times at once, and then once in ten
    seconds."""

    async def rest(_site: object) -> None:
        await asyncio.sleep(3600)

    monkeypatch.setattr(app, "_keep_up", rest)
    (tmp_path / "board").mkdir()
    (tmp_path / "board/board.db").write_bytes(imagined.read_bytes())
    with running(tmp_path / "board", rate=0.1) as found:
        yield found


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Each look that the server takes into its database."""
    found: list[str] = []
    for name in ("read", "write"):
        plain: Callable[[Database], object] = getattr(Database, name)

        def counted(self: Database, name: str = name, plain: object = plain) -> object:
            found.append(name)
            return plain(self)  # type: ignore[operator]

        monkeypatch.setattr(Database, name, counted)
    return found


class Device:
    """A device that speaks to a board by hand."""

    def __init__(self, harbour: Harbour) -> None:
        self.harbour, self.key, self.id = harbour, new_key(), "new"

    def ask(self, method: str, target: str, body: bytes = b"") -> tuple[int, bytes]:
        at = self.harbour.clock() // 1000
        parts = urlsplit(self.harbour.url)
        message = signed_string(method=method, host=parts.netloc, target=target, body=body,
                                device=self.id, unix_time=at)  # fmt: skip
        headers = {"Toktui-Device": self.id, "Toktui-Time": str(at),
                   "Toktui-Signature": sign(self.key, message)}  # fmt: skip
        connection = http.client.HTTPConnection("127.0.0.1", parts.port, timeout=20)
        try:
            connection.request(method, target, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def enrol(self) -> None:
        with self.harbour.database.write() as db:
            given = make_code(db, self.harbour.owner.team, now_ms=self.harbour.clock())
        asked = {"code": given, "public_key": public_key(self.key), "schema": schema_hash()}
        status, body = self.ask("POST", "/v1/enrol", json.dumps(asked).encode())
        assert status == 200, body
        self.id = json.loads(body)["device"]


def statuses(visitor: Visitor, count: int, path: str = "/you") -> list[int]:
    found: list[int] = []
    for number in range(count):
        visitor.cookies["toktui"] = f"garbage{number}"
        found.append(visitor.get(path).status)
    return found


def test_made_up_sign_ins_are_looked_for_a_few_times_and_then_not_at_all(
    harbour: Harbour, looks: list[str]
):
    ada, stranger = harbour.visitor(harbour.owner), Visitor(harbour)
    assert statuses(stranger, 6) == [401] * 6
    looks.clear()
    for path in ("/you", "/", "/team/export"):
        assert set(statuses(stranger, 3, path)) == {429}
    assert looks == []
    assert ada.get("/you").status == 200
    harbour.clock.now_ms += 10_000
    assert statuses(stranger, 2) == [401, 429]


def test_a_made_up_sign_in_does_not_make_others_wait_for_a_form(
    harbour: Harbour, looks: list[str]
):
    stranger = Visitor(harbour)
    assert statuses(stranger, 6) == [401] * 6
    looks.clear()
    stranger.cookies["toktui"] = "garbage"
    answer = stranger.post("/you/revoke", token=form_token("garbage"), device=GARBAGE)
    assert (answer.status, looks) == (429, [])


def test_a_browser_that_is_signed_in_pays_only_once_it_is_not(harbour: Harbour):
    ada = harbour.visitor(harbour.owner)
    assert [ada.get("/team").status for _ in range(12)] == [200] * 12
    with harbour.database.write() as db:
        db.execute(delete(session))
    assert ada.get("/team").status == 401


def test_made_up_devices_are_looked_for_a_few_times_and_then_not_at_all(
    harbour: Harbour, looks: list[str]
):
    known, stranger = Device(harbour), Device(harbour)
    known.enrol()
    stranger.id = GARBAGE
    assert [stranger.ask("GET", "/v1/days")[0] for _ in range(6)] == [401] * 6
    looks.clear()
    status, said = stranger.ask("PUT", "/v1/days/2026-11-21", b"x" * 60_000)
    assert (status, json.loads(said)["code"], looks) == (429, "too_many", [])
    assert known.ask("GET", "/v1/days")[0] == 200


def test_who_signs_wrongly_for_a_device_that_there_is_counts_as_a_stranger(
    harbour: Harbour, looks: list[str]
):
    forger = Device(harbour)
    forger.id = harbour.owner.device
    assert [forger.ask("GET", "/v1/days")[0] for _ in range(6)] == [401] * 6
    looks.clear()
    assert (forger.ask("GET", "/v1/days")[0], looks) == (429, [])


def test_readiness_is_not_asked_of_the_database_each_time(harbour: Harbour, looks: list[str]):
    looks.clear()
    assert {Visitor(harbour).get("/readyz").status for _ in range(20)} == {200}
    assert len(looks) <= 1
    harbour.clock.now_ms += 2_000
    assert Visitor(harbour).get("/readyz").status == 200
    assert 1 <= len(looks) <= 2
