"""Logs that agents really wrote: the totals that another counter found, to the token."""

from __future__ import annotations

import datetime
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

HOMES = ("tricky", "bulk", "codex-archived-fork-33ce-3869", "codex-live-fork-4d90-52bf",
         "codex-missing-parent-siblings")  # fmt: skip
AGENTS = ("claude-code", "codex")


def counts(row: dict[str, Any]) -> dict[str, int]:
    return row["tokens"] | {"calls": row["calls"]}


def copy_of_its_time(source: Path, home: Path) -> None:
    """The forks were moved to 2030 to hide their time; no log is older than its lines."""
    shutil.copytree(source, home, dirs_exist_ok=True)
    at = datetime.datetime(2030, 1, 3, tzinfo=datetime.UTC).timestamp()
    for path in home.rglob("*.jsonl"):
        os.utime(path, (at, at))


def assert_has(row: dict[str, Any], want: dict[str, int]) -> None:
    """What the other counter did not count is not compared."""
    found = counts(row)
    assert {name: found[name] for name in want} == want


@pytest.mark.parametrize("name", HOMES)
def test_totals_models_and_days_are_those_expected(
    name: str, real_logs: Any, document: Any, home: Path, monkeypatch: pytest.MonkeyPatch
):
    if name.startswith("codex-"):
        copy_of_its_time(real_logs.home(name), home)
    else:
        monkeypatch.setenv("HOME", str(real_logs.home(name)))
    expected = json.loads(real_logs.expected.read_text())[name]
    document("sync")
    for agent in AGENTS:
        if agent not in expected:
            continue
        want = expected[agent]
        by_model = document("report", "all", "--by", "model", "--agent", agent, "--no-sync")
        assert_has(by_model["totals"], want["total"])
        models = {row["model"]: row for row in by_model["rows"]}
        assert set(models) == set(want["by_model"])
        for model, sums in want["by_model"].items():
            assert_has(models[model], sums)
        days = document("report", "--agent", agent, "--tz", "UTC", "--no-sync")["rows"]
        assert [row["period"] for row in days] == sorted(want["by_utc_day"])
        for row in days:
            assert_has(row, want["by_utc_day"][row["period"]])


def test_every_dollar_of_real_logs_is_in_the_evidence(
    real_logs: Any, document: Any, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("HOME", str(real_logs.home("tricky")))
    totals = document("report", "all")["totals"]
    calls = [
        call
        for session in document("sessions", "--no-sync")["sessions"]
        for call in document("why", session["id"], "--copies", "--no-sync")["calls"]
    ]
    assert len(calls) == totals["calls"]
    assert sum(call["cost_nusd"] or 0 for call in calls) == totals["cost_nusd"]
    for call in calls:
        assert sum(part["cost_nusd"] for part in call["parts"]) == (call["cost_nusd"] or 0)
        assert {sighting["state"] for sighting in call["sightings"]} == {"read"}
        assert sum(sighting["counted"] for sighting in call["sightings"]) == 1
