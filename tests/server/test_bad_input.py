"""Whatever a stranger sends gets a clear error or nothing, changes nothing, and is not logged."""

from __future__ import annotations

import base64
import http.client
import json
import re
import socket
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode, urlsplit

import msgspec
import pytest
from sqlalchemy import select

from tests.server.conftest import Board, request, sign_in
from tests.server.hostile import CANARY, RAW_REQUESTS, Ask, answer_to, asks
from tests.server.test_protocol import Device
from toktui.model import BUCKETS
from toktui.server.codes import hashed
from toktui.server.connection import FIRST_S
from toktui.server.database import Database
from toktui.server.tables import metadata
from toktui.server.zones import days_before
from toktui.team.wire.document import MOST, MOST_ROWS, SIZES, Landed, Outcomes, encode
from toktui.team.wire.messages import CODES

ASKED = 1200


class Contents:
    """All that the database holds, read past the server."""

    def __init__(self, board: Board) -> None:
        self._database = Database(board.database or f"sqlite:///{board.base}/data/board/board.db")

    def all(self) -> dict[str, list[Any]]:
        with self._database.read() as db:
            return {
                name: sorted(map(repr, db.execute(select(table)).all()))
                for name, table in metadata.tables.items()
            }

    def close(self) -> None:
        self._database.close()


@pytest.fixture(scope="module")
def contents(board: Board) -> Iterator[Contents]:
    made = Contents(board)
    yield made
    made.close()


@pytest.fixture(scope="module")
def people(board: Board) -> tuple[Device, Device]:
    mallory, victim = Device(board, f"Mallory {CANARY}"), Device(board, "Victoria")
    for device in (mallory, victim):
        assert device.put(encode(device.document(rev=1)))[0] == 200
        link = json.loads(device.ask("POST", "/v1/logins")[1])["value"]
        device.cookie = sign_in(board, link)[2]["set-cookie"].split(";")[0]
    return mallory, victim


def address(board: Board) -> tuple[str, int]:
    parts = urlsplit(board.url)
    return parts.hostname or "", parts.port or 0


def answer(connection: http.client.HTTPConnection, ask: Ask) -> tuple[int, str, bytes] | None:
    """Status, type and body; None where the server hung up."""
    try:
        connection.putrequest(ask.method, ask.target, skip_accept_encoding=True)
        headers = {"Content-Length": str(len(ask.body)), **ask.headers}
        for key, text in headers.items():
            connection.putheader(key, text.encode("utf-8"))
        connection.endheaders(ask.body)
        response = connection.getresponse()
        found = response.status, response.getheader("content-type", ""), response.read()
    except (OSError, http.client.HTTPException):
        connection.close()
        return None
    if ask.kind == "headers":
        # They may have promised a longer body, which the server still waits for.
        connection.close()
    return found


def test_thousands_of_hostile_requests_are_refused_and_change_nothing(
    board: Board, contents: Contents, people: tuple[Device, Device]
):
    slow = [hold_open(board, f"GET / HTTP/1.1\r\nX-{n}: ".encode()) for n in range(20)]
    begun = time.monotonic()
    before = contents.all()
    connection = http.client.HTTPConnection(*address(board), timeout=5)
    seen: Counter[tuple[str, int]] = Counter()
    for ask in asks(*people, seed=5, count=ASKED):
        found = answer(connection, ask)
        if found is None:
            size = len(ask.body) + sum(map(len, ask.headers.values()))
            assert ask.kind == "headers" or size > 32_768, ask
            continue
        status, kind, body = found
        seen[ask.kind, status] += 1
        assert 200 <= status < 500, (ask, body)
        if status >= 400:
            well_formed(ask, status, kind, body)
            assert contents.all() == before, (ask, body)
        else:
            before = contents.all()
    connection.close()
    assert {kind for kind, _ in seen} == {
        "document", "batch", "message", "signature", "place", "noise", "headers", "form", "page"
    }  # fmt: skip
    assert all(status in (400, 401, 422) for kind, status in seen if kind == "signature"), seen
    assert seen["document", 422] > 100
    # Who never ends his request is dropped, and has kept nobody else waiting.
    time.sleep(max(0.0, FIRST_S + 1 - (time.monotonic() - begun)))
    for line in slow:
        assert line.recv(100) == b""
        line.close()


def hold_open(board: Board, sent: bytes) -> socket.socket:
    line = socket.create_connection(address(board), timeout=5)
    line.sendall(sent)
    return line


def well_formed(ask: Ask, status: int, kind: str, body: bytes) -> None:
    """An error has a stable code, and its text is nothing that a page could run."""
    if ask.method == "HEAD":
        return
    if kind.startswith("text/html"):
        assert b"<script" not in body
        return
    assert kind == "application/problem+json", (ask, kind, body)
    problem = json.loads(body)
    assert CODES[problem["code"]][0] == problem["status"] == status


@pytest.mark.parametrize("sent", RAW_REQUESTS, ids=range(len(RAW_REQUESTS)))
def test_what_is_no_http_is_refused_and_changes_nothing(
    board: Board, contents: Contents, people: tuple[Device, Device], sent: bytes
):
    before = contents.all()
    received = answer_to(address(board), sent)
    if received:
        status = int(received.split(b" ", 2)[1])
        assert 100 <= status < 500
        if status == 400:
            assert b'"code":"bad_request"' in received
    assert contents.all() == before


def test_a_signature_in_another_spelling_is_no_second_request(
    board: Board, people: tuple[Device, Device]
):
    device = people[0]
    headers = device.headers("POST", "/v1/links", b"")
    assert device.ask("POST", "/v1/links", headers=headers)[0] == 200
    text = headers["Toktui-Signature"]
    twin = text[:-3] + chr(ord(text[-3]) + 1) + "=="
    assert base64.b64decode(twin) == base64.b64decode(text)
    again = device.ask("POST", "/v1/links", headers={**headers, "Toktui-Signature": twin})
    assert json.loads(again[1])["code"] == "wrong_signature"
    assert json.loads(device.ask("POST", "/v1/links", headers=headers)[1])["code"] == "replayed"


def test_a_day_that_was_deleted_does_not_come_back_with_its_old_bytes(
    board: Board, people: tuple[Device, Device]
):
    device = people[1]
    body, target = encode(device.document(rev=7)), f"/v1/days/{device.day}"
    recorded = device.headers("PUT", target, body)
    assert device.put(body, headers=recorded)[0] == 200
    assert device.ask("DELETE", target)[0] == 200
    assert json.loads(device.ask("GET", "/v1/days")[1])["days"] == []
    status, problem = device.put(body, headers=recorded)
    assert (status, problem["code"], problem["rev"]) == (409, "revision", 7)
    assert device.put(encode(device.document(rev=8)))[1]["result"] == "stored"


def test_a_zero_byte_is_no_failure_of_the_database(board: Board, people: tuple[Device, Device]):
    """PostgreSQL takes none; wherever one comes in, it is the sender's mistake."""
    device = people[0]
    for target in ("/you?before=%00", "/team?before=%00", "/?page=%00", "/consumption?span=%00",
                   "/you?before=2026-01-01+%00", "/sign-in/%00"):  # fmt: skip
        assert board.get(target, {"Cookie": device.cookie})[0] in (200, 400, 404, 422), target
    for path, name in (("/you/revoke", "device"), ("/you/appearance", "appearance"),
                       ("/team/role", "member"), ("/team/invites/withdraw", "invite"),
                       ("/team/remove", "member")):  # fmt: skip
        fields = {name: "\x00", "role": "owner", "sure": "yes",
                  "token": hashed(f"form {device.cookie.partition('=')[2]}")}  # fmt: skip
        headers = {"Cookie": device.cookie, "Origin": board.url,
                   "Content-Type": "application/x-www-form-urlencoded"}  # fmt: skip
        status, body, _ = request(
            board.url + path, method="POST", body=urlencode(fields).encode(), headers=headers
        )
        assert 400 <= status < 500, (path, status, body)


def test_a_foreign_device_sees_and_changes_nothing_of_another(
    board: Board, contents: Contents, people: tuple[Device, Device]
):
    mallory, victim = people
    before = contents.all()
    stolen = encode(victim.document(rev=10**6))
    assert mallory.put(stolen)[1]["code"] == "wrong_device"
    assert mallory.ask("DELETE", f"/v1/devices/{victim.id}")[0] == 404
    # Those requests were refused, so not even their signatures are kept.
    assert contents.all() == before
    exported = mallory.ask("GET", "/v1/me/export")[1].decode()
    assert victim.id not in exported
    assert "Victoria" not in exported


def test_numbers_as_large_as_they_may_be_break_no_page(
    board: Board, people: tuple[Device, Device]
):
    """Whoever sends them has his own sums cut, and nobody's board fails."""
    mallory, victim = people
    (row,) = mallory.document().rows
    huge = msgspec.structs.replace(
        row, calls=MOST, cost_nusd=MOST, **dict.fromkeys(BUCKETS, MOST), web_search=MOST
    )
    rows = tuple(msgspec.structs.replace(huge, agent=f"agent{n}") for n in range(MOST_ROWS))
    sizes = [Landed(size=size, changes=10_000, cost_nusd=MOST) for size in SIZES]
    for back in range(34):
        day = days_before(mallory.day, back)
        body = encode(mallory.document(
            rev=MOST - 1, day=day, rows=rows, outcomes=Outcomes(landed=tuple(sizes), reverted=1)
        ))  # fmt: skip
        assert mallory.ask("PUT", f"/v1/days/{day}", body)[0] == 200
    for who in (mallory, victim):
        status, body, _ = who.ask("GET", "/v1/boards/main")
        assert status == 200, body
        for page in ("/", "/you", "/team", "/consumption?span=28+days"):
            assert board.get(page, {"Cookie": who.cookie})[0] in (200, 404)


def test_the_log_holds_no_personal_data(board: Board, people: tuple[Device, Device]):
    log = (board.base / "log").read_text()
    assert '"route":"/v1/days/{day}"' in log
    assert CANARY not in log
    assert "Victoria" not in log
    assert "Traceback" not in log
    assert not re.search(r"\b[dmt]_[a-z2-7]{16}\b", log)
    requests = [line for line in log.splitlines() if '"route"' in line]
    assert not any("127.0.0.1" in line for line in requests)
