"""What the server takes and refuses, spoken to as a client of another make would."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import pytest

from tests.server.conftest import Board, request, sign_in
from toktui.team.wire.document import Client, Document, Row, encode, schema_hash
from toktui.team.wire.signing import new_key, public_key, sign, signed_string


class Device:
    """A device that speaks the protocol by hand."""

    def __init__(self, board: Board, name: str, code: str = "") -> None:
        self.board, self.key, self.id, self.cookie = board, new_key(), "new", ""
        asked = {"code": code or board.invite, "public_key": public_key(self.key),
                 "appearance": "name", "name": name, "schema": schema_hash()}  # fmt: skip
        status, body, _ = self.ask("POST", "/v1/enrol", json.dumps(asked).encode())
        assert status == 200, body
        enrolled = json.loads(body)
        self.id, self.team = enrolled["device"], enrolled["team"]["team"]
        self.member = enrolled["member"]
        self.day = enrolled["team"]["today"]

    def headers(self, method: str, target: str, body: bytes, at: int | None = None) -> Any:
        at = int(time.time()) if at is None else at  # noqa: TID251
        host = self.board.url.removeprefix("http://")
        message = signed_string(method=method, host=host, target=target, body=body,
                                device=self.id, unix_time=at)  # fmt: skip
        return {"Toktui-Device": self.id, "Toktui-Time": str(at),
                "Toktui-Signature": sign(self.key, message)}  # fmt: skip

    def ask(self, method: str, target: str, body: bytes = b"", **extra: Any) -> Any:
        headers = extra.pop("headers", None) or self.headers(method, target, body, **extra)
        return request(self.board.url + target, method=method, body=body, headers=headers)

    def document(self, rev: int = 1, calls: int = 1, **changes: Any) -> Document:
        row = Row(
            agent="claude-code", model="claude-opus-4-8", tier="standard", calls=calls,
            input=calls * 1000, cache_read=0, cache_write_5m=0, cache_write_1h=0, output=0,
            reasoning=0, web_search=0, estimated_calls=0, estimated_tokens=0, unpriced_calls=0,
            unpriced_tokens=0, cost_nusd=calls * 5_000_000,
        )  # fmt: skip
        values = {"v": 1, "team": self.team, "device": self.id, "day": self.day, "rev": rev,
                  "closed": False, "client": Client(version="1"), "rows": (row,)}  # fmt: skip
        return Document(**{**values, **changes})

    def put(self, body: bytes, **extra: Any) -> tuple[int, Any]:
        status, answer, _ = self.ask("PUT", f"/v1/days/{self.day}", body, **extra)
        return status, json.loads(answer)


@pytest.fixture(scope="module")
def device(board: Board) -> Device:
    return Device(board, "Dora")


def test_a_document_is_taken_once_and_a_replay_changes_nothing(device: Device):
    body = encode(device.document(rev=3))
    assert device.put(body)[1]["result"] == "stored"
    assert device.put(body)[1]["result"] == "unchanged"
    status, problem = device.put(encode(device.document(rev=3, calls=2)))
    assert (status, problem["code"], problem["rev"]) == (409, "revision", 3)
    assert device.put(encode(device.document(rev=4, calls=2)))[1]["result"] == "stored"


def test_a_wrong_price_is_corrected_and_flagged(device: Device):
    good = device.document(rev=10)
    cheap = msgspec.structs.replace(good.rows[0], cost_nusd=1)
    status, receipt = device.put(encode(device.document(rev=10, rows=(cheap,))))
    assert (status, receipt["flags"]) == (200, ["price"])
    found = json.loads(device.ask("GET", "/v1/boards/main")[1])
    assert found["schema"] == "toktui.board/1"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda d: encode(d.document(rev=50)).replace(b'"v":1', b'"v":1,"host":"x"'),
         "wrong_document"),
        (lambda d: encode(d.document(rev=50)) + b" ", "wrong_document"),
        (lambda d: encode(d.document(rev=50)).replace(b'"calls":1', b'"calls":true'),
         "wrong_document"),
        (lambda d: encode(d.document(rev=50)).replace(b'"calls":1', b'"calls":-1'),
         "wrong_document"),
        (lambda d: encode(d.document(rev=50, device="d_aaaaaaaaaaaaaaaa")), "wrong_device"),
        (lambda d: encode(d.document(rev=50, day="2020-01-01")), "wrong_device"),
        (lambda d: b"[" * 60_000, "wrong_document"),
        (lambda d: b"\xff\xfe", "wrong_document"),
    ],
)  # fmt: skip
def test_what_is_no_document_is_refused(device: Device, change: Any, code: str):
    status, problem = device.put(change(device))
    assert (status, problem["code"]) == (422, code)


def test_forged_unsigned_and_oversize_requests_change_nothing(device: Device):
    body = encode(device.document(rev=60))
    target = f"/v1/days/{device.day}"
    other = device.headers("PUT", target, body + b" ")
    assert device.put(body, headers=other)[1]["code"] == "wrong_signature"
    assert request(device.board.url + target, method="PUT", body=body)[0] == 401
    assert device.put(b"x" * 70_000)[1]["code"] == "too_large"
    zipped = {**device.headers("PUT", target, body), "Content-Encoding": "gzip"}
    assert device.put(body, headers=zipped)[1]["code"] == "encoding"
    held = json.loads(device.ask("GET", "/v1/days")[1])["days"]
    assert all(one["rev"] < 60 for one in held)


def test_a_request_that_changes_more_than_a_day_is_good_once_and_now(device: Device):
    late = device.headers("POST", "/v1/links", b"", at=1_000_000)
    status, body, _ = device.ask("POST", "/v1/links", headers=late)
    assert (status, json.loads(body)["code"]) == (401, "clock")
    fresh = device.headers("POST", "/v1/links", b"")
    assert device.ask("POST", "/v1/links", headers=fresh)[0] == 200
    status, body, _ = device.ask("POST", "/v1/links", headers=fresh)
    assert (status, json.loads(body)["code"]) == (401, "replayed")


def test_a_member_does_not_invite(device: Device):
    status, body, _ = device.ask("POST", "/v1/invites", b'{"uses":2,"hours":1}')
    assert (status, json.loads(body)["code"]) == (403, "forbidden")


def test_concurrent_submits_of_one_device_leave_the_latest(device: Device):
    bodies = [encode(device.document(rev=100 + n, calls=1 + n)) for n in range(16)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(device.put, bodies))
    assert {status for status, _ in answers} <= {200, 409}
    (held,) = [d for d in json.loads(device.ask("GET", "/v1/days")[1])["days"]
               if d["day"] == device.day]  # fmt: skip
    assert held["rev"] == 115


def test_a_batch_answers_for_each_document(device: Device):
    good, bad = encode(device.document(rev=200)), b'{"v":1}'
    status, body, _ = device.ask(
        "POST", "/v1/days:batch", b'{"documents":[' + good + b"," + bad + b"]}"
    )
    assert status == 200
    assert [item["status"] for item in json.loads(body)["items"]] == [200, 422]


def test_a_hostile_name_is_text_on_the_page(board: Board):
    mallory = Device(board, '"><script>alert(1)</script>\u202e')
    link = json.loads(mallory.ask("POST", "/v1/logins")[1])["value"]
    _, _, headers = sign_in(board, link)
    _, page, _ = board.get("/", {"Cookie": headers["set-cookie"].split(";")[0]})
    assert b"<script" not in page
    assert "\u202e".encode() not in page


def test_health_and_readiness_are_told(board: Board):
    assert board.get("/healthz")[0] == 200
    assert board.get("/readyz")[0] == 200
