"""What is sent, and when."""

from __future__ import annotations

import json

import pytest

from toktui.errors import ToktuiError
from toktui.team.state import waits_of
from toktui.team.team_file import open_team_file
from toktui.team.wire.document import digest

from .conftest import DAY_MS, Device, Told, problem, results

TODAY, YESTERDAY = "2026-11-22", "2026-11-21"


def test_a_day_is_sent_again_only_when_it_says_something_else(device: Device, told: Told):
    device.join()
    device.call()
    assert results(device) == {TODAY: "stored"}
    assert results(device) == {}
    device.call()
    assert results(device) == {TODAY: "stored"}
    assert told.days[TODAY][0] == 2
    assert told.calls_of(TODAY) == 2


def test_a_day_is_closed_once_it_is_over(device: Device, told: Told):
    device.join()
    device.call()
    device.round()
    assert json.loads(told.days[TODAY][1])["closed"] is False
    device.now_ms += DAY_MS
    assert results(device) == {TODAY: "stored"}
    assert json.loads(told.days[TODAY][1])["closed"] is True
    assert results(device) == {}


def test_weeks_offline_catch_up_in_few_requests(device: Device, told: Told):
    device.join()
    for ago in range(36):
        device.call(ago)
    assert len(results(device)) == 36
    assert len(told.sent) == 1
    assert sorted(told.days) == [one.day for one in reversed(device.state.sent)]


def test_what_was_before_joining_and_backfill_is_not_sent(device: Device, told: Told):
    device.join()
    device.call(36.5)
    device.call(80)
    assert results(device) == {}
    assert told.sent == []


def test_an_answer_that_was_lost_makes_no_second_document(device: Device, told: Told):
    device.join()
    device.call()

    def taken_but_lost(method: str, path: str, body: bytes) -> tuple[int, bytes, dict[str, str]]:
        told.honest(method, path, body)
        return 500, b"", {}

    told.says.append(taken_but_lost)
    device.round()
    assert results(device, hurry=True) == {TODAY: "unchanged"}
    device.call()
    told.says.append(taken_but_lost)
    device.round()
    device.call()
    assert results(device, hurry=True) == {TODAY: "stored"}
    assert told.calls_of(TODAY) == 3
    assert device.state.notes.copied_ms == 0, "that was us"


def test_another_copy_of_the_key_is_noticed_and_nothing_counts_twice(device: Device, told: Told):
    device.join()
    device.call()
    device.round()
    rev, body = told.days[TODAY]
    told.days[TODAY] = (rev + 7, body.replace(b'"rev":1', b'"rev":8'))
    device.call()
    assert results(device) == {TODAY: "stored"}
    assert told.days[TODAY][0] == 9
    assert any("Another copy" in wait.what for wait in waits_of(device.state))


@pytest.mark.parametrize("rev", [None, 0, -1, 1 << 53, (1 << 53) - 1])
def test_a_revision_that_cannot_be_is_not_followed(device: Device, told: Told, rev: int | None):
    device.join()
    device.call()
    told.says.append(problem("revision", rev=rev))
    assert results(device) == {TODAY: "waits"}
    assert len(told.sent) == 1


def test_what_is_forgotten_here_is_forgotten_there_with_the_reason(device: Device, told: Told):
    device.join()
    device.call(3)
    device.call(1)
    device.call()
    device.round()
    device.run("data", "forget", "--before", YESTERDAY, "--yes")
    assert results(device) == {"2026-11-19": "stored"}
    document = json.loads(told.days["2026-11-19"][1])
    assert (document["rows"], document["reason"]) == ([], "user_deleted")


def test_a_purge_keeps_the_key_and_the_server_is_told(device: Device, told: Told):
    device.join()
    device.call(1)
    device.round()
    gone = device.run("data", "purge", "--yes")
    assert "team" in gone.stderr
    assert device.state.membership.team_name == "Shop"
    assert results(device) == {YESTERDAY: "stored"}
    assert json.loads(told.days[YESTERDAY][1])["rows"] == []


def test_a_store_that_lost_something_says_no_reason_until_the_user_does(
    device: Device, told: Told
):
    device.join()
    device.call(1)
    device.call(1, input_tokens=9000)
    device.round()
    before = told.days[YESTERDAY]
    (log,) = device.logs.home.rglob("*.jsonl")
    log.write_text(log.read_text().splitlines()[0] + "\n")
    (device.data / "toktui.db").unlink()

    def held(method: str, path: str, body: bytes) -> tuple[int, bytes, dict[str, str]]:
        del method, path
        assert "reason" not in json.loads(body)
        receipt = {"day": YESTERDAY, "rev": 1, "sha256": digest(before[1]), "result": "held"}
        return 200, json.dumps(receipt).encode(), {}

    told.says.append(held)
    assert results(device) == {YESTERDAY: "held"}
    assert results(device) == {}
    assert any("--correct" in wait.hint for wait in waits_of(device.state))
    assert results(device, corrected=(YESTERDAY,)) == {YESTERDAY: "stored"}
    assert json.loads(told.days[YESTERDAY][1])["reason"] == "recounted"
    assert waits_of(device.state) == ()


def test_paused_in_the_middle_nothing_more_goes_out(
    device: Device, told: Told, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("toktui.team.sending.MOST_DOCUMENTS", 1)
    device.join()
    for ago in range(3):
        device.call(ago)

    def pausing(method: str, path: str, body: bytes) -> tuple[int, bytes, dict[str, str]]:
        with open_team_file(device.data) as file:
            file.change(paused=True)
        return told.honest(method, path, body)

    told.says.append(pausing)
    assert len(results(device)) == 1
    assert len(told.heard) == 1, "nor is the board fetched"
    assert device.round().why_not == "paused"


def test_another_consent_than_ours_sends_nothing_at_all(device: Device, told: Told):
    device.join(schema="0" * 16)
    device.call()
    assert device.round().why_not == "consent"
    assert told.heard == []
    assert "agree" in device.run("team", "submit", exit_code=1).stderr
    device.run("team", "agree", "--yes")
    assert results(device) == {TODAY: "stored"}


def test_a_new_toktui_alone_is_no_reason_to_send_every_day_again(
    device: Device, told: Told, monkeypatch: pytest.MonkeyPatch
):
    device.join()
    device.call(1)
    device.round()
    monkeypatch.setattr("toktui.team.preview.VERSION", "99.0")
    assert results(device) == {}
    assert len(told.sent) == 1


def test_absurd_counts_and_many_models_make_a_document_that_is_valid(device: Device, told: Told):
    from toktui.team.wire.document import MOST_ROWS, decode

    device.join()
    for number in range(MOST_ROWS + 40):
        device.call(model=f"m{number}", input_tokens=(1 << 53) - 1)
    for model in ("claude-opus-4-8", "claude-sonnet-5", "claude-haiku-4-5"):
        for _ in range(3):
            device.call(model=model, output_tokens=(1 << 53) - 1)
    device.round()
    document = decode(told.days[TODAY][1])
    assert sum(row.calls for row in document.rows) == MOST_ROWS + 40 + 9
    assert {row.model for row in document.rows} >= {"other", "claude-opus-4-8"}


def test_rows_never_outgrow_what_a_document_holds():
    from toktui.metrics.team_day import MEASURES, DayRow
    from toktui.model import TIERS
    from toktui.pricing.rates import load_book
    from toktui.team.preview import _rows
    from toktui.team.wire.document import MOST_ROWS

    book = load_book()
    models = ("claude-opus-4-8", "claude-sonnet-5")
    found = tuple(
        DayRow(f"agent-{n}", model, model, tier, dict.fromkeys(MEASURES, 0) | {"calls": 1 + n})
        for n in range(30) for model in models for tier in TIERS
    )  # fmt: skip
    rows = _rows(found, book)
    assert len(rows) <= MOST_ROWS
    assert sum(row.calls for row in rows) == sum(row.sums["calls"] for row in found)


def test_two_instances_never_send_at_once(device: Device, told: Told):
    from toktui.team.rounds import alone

    device.join()
    device.call()
    with (
        alone(device.data, "toktui"),
        pytest.raises(ToktuiError, match="is sending"),
        alone(device.data, "x", wait_s=0),
    ):
        pass
    assert results(device) == {TODAY: "stored"}


def test_the_documents_of_a_batch_are_the_very_bytes(device: Device, told: Told):
    device.join()
    device.call()
    device.call(1)
    device.sync()
    shown = {
        day: device.run("team", "preview", "--day", day).stdout for day in (TODAY, YESTERDAY)
    }
    device.round()
    for day, text in shown.items():
        assert text == told.days[day][1].decode()
        with open_team_file(device.data) as file:
            assert file.body(day) == text.encode()
    assert {one.sha256 for one in device.state.sent} == {digest(t.encode()) for t in shown.values()}
