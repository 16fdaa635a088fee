"""What this device does not know of a day is said apart, and never sent as nothing."""

from __future__ import annotations

import json
import os
import sqlite3
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner

from toktui.cli import main
from toktui.metrics.outcome_changes import ChangeRow
from toktui.metrics.outcome_spent import Spent
from toktui.metrics.team_day import is_partly_unread
from toktui.team import landed
from toktui.team.preview import range_of
from toktui.team.wire.document import Landed

from .conftest import NOW, Device, Told

TODAY, YESTERDAY = "2026-11-22", "2026-11-21"
UTC = ZoneInfo("UTC")


def change(size: str, spent: Spent, **more: object) -> ChangeRow:
    values = {
        "number": 1, "hash": "h", "at_ms": NOW, "begun_ms": NOW, "repository": "/r",
        "landed_on": "main", "kind": "commit", "commits": 1, "branch": "", "subject": "",
        "files": 1, "lines": 20, "size": size, "reverted_ms": None, "reverted_by": "",
        "sessions": 1, "exact": True, "spent": spent,
    }  # fmt: skip
    return ChangeRow(**{**values, **more})  # pyright: ignore[reportArgumentType]


def landed_of(monkeypatch: pytest.MonkeyPatch, *changes: ChangeRow) -> dict[str, Landed]:
    found = SimpleNamespace(outcomes=SimpleNamespace(known=True), changes=changes)

    def whole(_db: sqlite3.Connection, *, zone: ZoneInfo) -> SimpleNamespace:
        del zone
        return found

    monkeypatch.setattr(landed, "load_whole", whole)
    with sqlite3.connect(":memory:") as db:
        told = landed.outcomes_of(db, UTC)(db, range_of(TODAY, UTC))
    assert told is not None
    return {one.size: one for one in told.landed}


def test_a_change_whose_sessions_have_no_price_is_counted_and_costs_nothing_known(
    monkeypatch: pytest.MonkeyPatch,
):
    sizes = landed_of(
        monkeypatch, change("S", Spent(None, lacks=True)), change("M", Spent(0)),
        change("L", Spent(7)), change("L", Spent(5, lacks=True)), change("L", Spent(None)),
    )  # fmt: skip
    assert sizes["S"] == Landed(size="S", changes=1, cost_nusd=None, unpriced_changes=1)
    assert sizes["M"] == Landed(size="M", changes=1, cost_nusd=0)
    assert sizes["L"] == Landed(size="L", changes=3, cost_nusd=12, unpriced_changes=2)


OTHER = "5e5510aa-0000-4000-8000-000000000002"


def unread(told: Told) -> dict[str, bool]:
    return {day: json.loads(body).get("partly_unread", False)
            for day, (_, body) in told.days.items()}  # fmt: skip


def test_a_line_that_is_not_understood_makes_the_days_of_its_log_partly_unread(
    device: Device, told: Told
):
    device.join()
    device.call(3, session=OTHER)
    log = device.logs.raw(
        '{"type":"assistant","message":{"usage":{"input_tokens":-5}}}', session=OTHER
    )
    at_s = NOW / 1000 - 2 * 86_400
    os.utime(log, (at_s, at_s))
    device.call(4)
    device.call(1)
    device.call()
    device.round()
    assert unread(told) == {
        "2026-11-18": False, "2026-11-19": True, "2026-11-20": True, YESTERDAY: False, TODAY: False
    }  # fmt: skip
    assert [one.day for one in device.state.sent if one.partly_unread] == [
        "2026-11-20", "2026-11-19"
    ]  # fmt: skip
    assert json.loads(told.days["2026-11-20"][1])["rows"] == [], "that is not a day without calls"
    look = CliRunner().invoke(main, ["team", "preview", "--day", "2026-11-20"])
    assert '"partly_unread":true' in look.stdout


def test_a_log_that_can_be_read_again_is_sent_as_such(device: Device, told: Told):
    device.join()
    device.call(1, session=OTHER)
    log = device.logs.raw('{"type":"assistant","message":{"usage":{"input_tokens":-5}}}',
                          session=OTHER)  # fmt: skip
    device.round()
    assert unread(told) == {YESTERDAY: True, TODAY: True}
    log.write_text(log.read_text().splitlines()[0] + "\n")
    device.round()
    assert unread(told) == {YESTERDAY: False, TODAY: False}


def test_a_log_that_was_never_read_may_hold_calls_of_any_day(device: Device):
    device.call()
    device.sync()
    with sqlite3.connect(device.data / "toktui.db") as db:
        days = [range_of(day, UTC) for day in ("2026-01-01", YESTERDAY, TODAY)]
        assert not any(is_partly_unread(db, day) for day in days)
        db.execute("insert into log (agent, path, problem) values (1, '/x.jsonl', 'denied')")
        assert all(is_partly_unread(db, day) for day in days)
        db.execute("update log set gone_ms = 1 where problem <> ''")
        assert not any(is_partly_unread(db, day) for day in days)
