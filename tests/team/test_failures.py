"""What is done about each way in which sending can fail."""

from __future__ import annotations

import json
import random

import pytest

from toktui.team.failures import FIRST_WAIT_MS, LONGEST_WAIT_MS, next_try_ms
from toktui.team.state import waits_of
from toktui.team.wire.messages import CODES

from .conftest import DAY_MS, Device, Told, problem, results

TODAY, YESTERDAY = "2026-11-22", "2026-11-21"
LATER = ("slow", "too_many", "broken", "not_ready")
STOP = ("not_signed", "wrong_signature", "forbidden", "consent")


@pytest.mark.parametrize("code", LATER)
def test_a_busy_server_is_tried_again_after_a_while(device: Device, told: Told, code: str):
    device.join()
    device.call()
    told.says.append(problem(code))
    assert results(device) == {}
    hold = device.state.hold
    assert hold is not None
    assert (hold.code, hold.attempts) == (code, 1)
    assert len(told.heard) == 1, "nothing else is asked of a busy server"
    assert results(device) == {}
    assert len(told.heard) == 1, "it is left alone meanwhile"
    device.now_ms = hold.next_ms
    assert results(device) == {TODAY: "stored"}
    assert device.state.hold is None


@pytest.mark.parametrize("code", STOP)
def test_what_the_user_has_to_mend_is_not_tried_until_then(device: Device, told: Told, code: str):
    device.join()
    device.call()
    device.call(1)
    told.says.append(problem(code))
    assert results(device) == {}
    assert len(told.heard) == 1
    device.now_ms += 6 * 3_600_000
    assert results(device) == {}
    assert len(told.heard) == 1
    (wait,) = waits_of(device.state)
    assert wait.stops
    assert results(device, hurry=True) == {TODAY: "stored", YESTERDAY: "stored"}


@pytest.mark.parametrize(
    "code", [code for code, (status, _) in CODES.items() if status in (400, 413, 415, 422)]
)
def test_a_day_that_is_not_taken_holds_up_no_other(device: Device, told: Told, code: str):
    device.join()
    device.call(1)
    device.call()

    def first_refused(method: str, path: str, body: bytes) -> tuple[int, bytes, dict[str, str]]:
        status, said, headers = told.honest(method, path, body)
        items = json.loads(said)["items"]
        status, refused, _ = problem(code)
        items[0] = {"status": status, "problem": json.loads(refused)}
        return 200, json.dumps({"items": items}).encode(), headers

    told.says.append(first_refused)
    assert results(device) == {YESTERDAY: "waits", TODAY: "stored"}
    assert [one.code for one in device.state.waiting] == [code]
    heard = len(told.sent)
    assert results(device) == {YESTERDAY: "waits"}
    assert len(told.sent) == heard, "the same bytes would be refused again"
    told.days.clear()
    device.call(1)
    assert results(device) == {YESTERDAY: "stored"}, "it says something else now"
    assert device.state.waiting == ()


def test_retry_after_is_honoured_and_an_absurd_one_is_not(device: Device, told: Told):
    device.join()
    device.call()
    for said, longest in (("3600", 3_600_000), ("9999999", DAY_MS)):
        status, body, _ = problem("too_many")
        told.says.append((status, body, {"Retry-After": said}))
        device.round(hurry=True)
        hold = device.state.hold
        assert hold is not None
        assert longest <= hold.next_ms - device.now_ms <= max(longest, LONGEST_WAIT_MS)


def test_waiting_doubles_and_never_grows_beyond_hours():
    random.seed(3)
    waits = [next_try_ms("later", n, 0) for n in range(1, 60)]
    assert FIRST_WAIT_MS // 4 <= waits[0] <= FIRST_WAIT_MS
    assert LONGEST_WAIT_MS // 4 <= waits[-1] <= LONGEST_WAIT_MS
    assert max(waits) <= LONGEST_WAIT_MS


def test_a_wait_that_a_wrong_clock_made_ends_with_the_wrong_clock(device: Device, told: Told):
    device.join()
    device.call()
    right = device.now_ms
    device.now_ms += 400 * DAY_MS
    told.says.append(problem("not_ready"))
    device.round()
    device.now_ms = right
    assert results(device) == {TODAY: "stored"}


@pytest.mark.parametrize(
    "reply",
    [
        (200, b"", {}), (200, b"<html>Welcome to our hotel</html>", {}), (200, b"[1]", {}),
        (200, b"\xff\xfe", {}), (200, b"[" * 100_000, {}), (302, b"", {"Location": "http://x/"}),
        (200, b'{"day":"2026-11-22","rev":1,"sha256":"00","result":"stored"}', {}),
        (200, b'{"day":"2026-11-21","rev":1,"sha256":"00","result":"held"}', {}),
        (200, b'{"day":"2026-11-22","rev":-5,"sha256":"00","result":"held"}', {}),
        (200, b'{"day":"2026-11-22","rev":1e400,"sha256":"00","result":"held"}', {}),
        (404, b"not here", {}), (500, b"oops", {}), (200, b"x" * (5 << 20), {}),
        (418, b'{"type":"x","title":"t","status":"418","code":7}', {}),
    ],
    ids=range(14),
)  # fmt: skip
def test_nonsense_is_no_receipt_and_is_tried_again(
    device: Device, told: Told, reply: tuple[int, bytes, dict[str, str]]
):
    device.join()
    device.call()
    told.says.append(reply)
    assert results(device) == {}
    hold = device.state.hold
    assert hold is not None
    assert hold.code in ("nonsense", "network")
    assert device.state.sent == ()
    device.now_ms = hold.next_ms
    assert results(device) == {TODAY: "stored"}


def test_a_batch_answered_for_other_days_is_no_receipt(device: Device, told: Told):
    device.join()
    device.call()
    device.call(1)
    for items in ([], [{"status": 200}, {"status": 200}], [{"status": 200}] * 3):
        told.says.append((200, json.dumps({"items": items}).encode(), {}))
        assert results(device, hurry=True) == {}
    assert device.state.sent == ()


def test_a_server_that_cannot_be_reached_is_no_traceback(device: Device):
    device.url = "http://127.0.0.1:9"
    device.join()
    device.call()
    assert results(device) == {}
    (wait,) = waits_of(device.state)
    assert "was not reached" in wait.what
    assert wait.next_ms is not None
    assert "was not reached" in device.run("team", "submit", exit_code=1).stderr


def test_a_server_of_another_schema_is_told_of(device: Device, told: Told):
    device.join()
    device.call()
    told.says.extend([
        told.honest, lambda *asked: told.honest("GET", "/v1/boards/main", b""),
        lambda *asked: (200, json.dumps({**_info(), "schema": "f" * 16}).encode(), {}),
    ])  # fmt: skip
    assert results(device) == {TODAY: "stored"}
    assert any("other fields" in wait.what for wait in waits_of(device.state))


def _info() -> dict[str, object]:
    from .conftest import INFO

    return INFO


def test_a_clock_that_is_wrong_is_told_and_days_are_sent_all_the_same(device: Device, told: Told):
    device.join()
    device.call()
    told.headers["Date"] = "Sat, 21 Nov 2026 10:00:00 GMT"
    assert results(device) == {TODAY: "stored"}
    assert any("ahead of the board's" in wait.what for wait in waits_of(device.state))
    told.headers["Date"] = "Sun, 22 Nov 2026 14:32:00 GMT"
    device.call()
    device.round()
    assert waits_of(device.state) == ()


def test_a_device_that_is_known_no_more_hears_so_from_the_board_too(device: Device, told: Told):
    device.join()
    device.call()
    device.round()
    told.says.append(problem("not_signed"))
    assert results(device) == {}
    (wait,) = waits_of(device.state)
    assert wait.stops
    assert "revoked" in wait.hint
    assert "known device" in device.run("team", "submit", exit_code=1).stderr


def test_a_server_that_is_back_is_found_out_also_with_nothing_to_send(device: Device, told: Told):
    device.join()
    device.call()
    device.round()
    told.says.append(problem("not_signed"))
    device.round()
    assert device.state.hold is not None
    heard = len(told.heard)
    assert device.round().outcomes == ()
    assert len(told.heard) == heard, "not before its time"
    for attempts in (2, 3):
        hold = device.state.hold
        assert hold is not None
        device.now_ms = hold.next_ms
        told.says.append(problem("not_signed"))
        device.round()
        assert device.state.hold is not None
        assert device.state.hold.attempts == attempts, "asked once, and put off again"
        assert device.state.hold.next_ms > device.now_ms
    device.now_ms = device.state.hold.next_ms
    device.round()
    assert device.state.hold is None


def test_a_wrong_clock_gives_no_board_and_holds_up_no_day(device: Device, told: Told):
    device.join()
    device.call()
    told.says.extend([told.honest, problem("clock")])
    assert results(device) == {TODAY: "stored"}
    assert device.state.hold is None
    assert any("not the latest" in wait.what for wait in waits_of(device.state))
    told.says.append(problem("broken"))
    device.call()
    device.round()
    told.days[TODAY] = (9, told.days[TODAY][1])
    device.call()
    told.says.extend([told.honest, told.honest, problem("clock")])
    assert results(device, hurry=True) == {TODAY: "stored"}
    assert device.state.hold is None
