"""A server that was set back to a backup gets again what it has lost, and nothing else."""

from __future__ import annotations

import copy
import json

from toktui.team.state import waits_of

from .conftest import DAY_MS, Device, Told, problem, results

TODAY, YESTERDAY, BEFORE = "2026-11-22", "2026-11-21", "2026-11-20"


def joined(device: Device) -> None:
    device.join()
    device.call(2)
    device.call(1)
    device.round()


def test_days_that_the_server_lost_are_sent_again_within_a_day(device: Device, told: Told):
    joined(device)
    backup = copy.deepcopy(told.days)
    device.call(1)
    device.call()
    device.round()
    whole = dict(told.days)
    told.days = backup
    assert results(device) == {}
    device.now_ms += DAY_MS
    assert results(device)[YESTERDAY] == "stored"
    assert set(told.days) == set(whole)
    assert [told.calls_of(day) for day in (BEFORE, YESTERDAY, TODAY)] == [1, 2, 1]
    assert results(device) == {}
    assert waits_of(device.state) == ()


def test_asked_to_hurry_it_looks_at_once(device: Device, told: Told):
    joined(device)
    told.days.clear()
    assert results(device, hurry=True) == {BEFORE: "stored", YESTERDAY: "stored"}
    heard = len(told.sent)
    assert results(device, hurry=True) == {}
    assert len(told.sent) == heard


def test_what_was_forgotten_since_the_backup_is_forgotten_again(device: Device, told: Told):
    joined(device)
    backup = copy.deepcopy(told.days)
    device.run("data", "forget", "--before", YESTERDAY, "--yes")
    assert results(device) == {BEFORE: "stored"}
    told.days = backup
    assert results(device, hurry=True) == {BEFORE: "stored"}
    document = json.loads(told.days[BEFORE][1])
    assert (document["rows"], document["reason"]) == ([], "user_deleted")


def test_a_later_revision_of_another_copy_is_left_alone(device: Device, told: Told):
    joined(device)
    rev, body = told.days[YESTERDAY]
    told.days[YESTERDAY] = (rev + 5, body)
    assert results(device, hurry=True) == {}


def test_days_that_the_team_keeps_no_more_are_not_asked_for(device: Device, told: Told):
    joined(device)
    told.days.clear()
    device.now_ms += 401 * DAY_MS
    assert results(device) == {}


def test_a_server_that_does_not_say_what_it_holds_loses_nothing(device: Device, told: Told):
    joined(device)
    told.says.extend([told.honest, told.honest, problem("clock")])
    assert results(device, hurry=True) == {}
    assert device.state.hold is None
    assert all(one.content for one in device.state.sent)
