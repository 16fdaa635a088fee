"""Every conformance case, through the command line."""

from __future__ import annotations

import datetime
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from toktui.cli import main

HERE = Path(__file__).parent
CASES = sorted(path.parent.name for path in HERE.glob("*/case.json"))
BUCKETS = ("input", "cache_read", "cache_write_5m", "cache_write_1h", "output")


def test_the_cases_of_both_agents_are_here():
    assert sum(name.startswith("claude-") for name in CASES) == 100
    assert sum(name.startswith("codex-") for name in CASES) == 47


@pytest.mark.parametrize("name", CASES)
def test_the_answer_is_the_known_one(name: str, home: Path):
    case = json.loads((HERE / name / "case.json").read_text())
    settle_in(name, case, home)
    want = case["expect"]
    synced = run("sync")
    report = run("report", "all", "--by", "agent,model", "--tz", "UTC")
    totals = report["totals"]

    assert_sums(totals, want)
    rows = added(report["rows"], "model")
    assert sum(row["calls"] for row in rows.values()) == totals["calls"]
    if "models" in want:
        assert sorted(rows) == want["models"]
    for model, sums in want.get("by_model", {}).items():
        assert_sums(rows[model], sums)
    if "unpriced_calls" in want:
        assert totals["unpriced_calls"] == want["unpriced_calls"]
    if "exactness" in want:
        assert {word: n for word, n in totals["exactness"].items() if n} == want["exactness"]
        assert totals["estimated_calls"] == want["exactness"].get("estimated", 0)
    if "copies" in want:
        copies = want["copies"]
        found = {reason: n for reason, n in synced["copies"].items() if n}
        assert ({"*": sum(found.values())} if "*" in copies else found) == copies
    if "not_understood" in want:
        assert synced["not_understood"] == want["not_understood"]
    if "days" in want:
        assert_days(want["days"])
    if "sessions" in want:
        sessions = run("report", "all", "--by", "session", "--no-sync")["rows"]
        assert len(sessions) == want["sessions"]


@pytest.mark.parametrize("name", CASES)
def test_every_sum_is_the_sum_of_its_evidence(name: str, home: Path):
    settle_in(name, json.loads((HERE / name / "case.json").read_text()), home)
    totals = run("report", "all")["totals"]
    sessions = run("sessions", "--no-sync")["sessions"]
    whys = [run("why", session["id"], "--copies", "--no-sync") for session in sessions]
    calls = [call for why in whys for call in why["calls"]]
    assert len(calls) == totals["calls"]
    assert sum(call["tokens"]["total"] for call in calls) == totals["tokens"]["total"]
    priced = [call for call in calls if call["cost_nusd"] is not None]
    assert sum(call["cost_nusd"] for call in priced) == (totals["cost_nusd"] or 0)
    for call in priced:
        assert sum(part["cost_nusd"] for part in call["parts"]) == call["cost_nusd"]
    for call in calls:
        assert sum(sighting["counted"] for sighting in call["sightings"]) == 1
        assert all(sighting["state"] == "read" for sighting in call["sightings"])
    synced = run("sync")["store"]["copies"]
    seen: dict[str, int] = {}
    for call in calls:
        for reason, n in call["copies"].items():
            seen[reason] = seen.get(reason, 0) + n
    assert seen == synced


def settle_in(name: str, case: dict[str, Any], home: Path) -> None:
    """Makes the home of the test that of the case."""
    source = HERE / name / "home"
    if source.is_dir():
        shutil.copytree(source, home, dirs_exist_ok=True)
    at = datetime.datetime.fromisoformat(case.get("mtime", "2026-11-20T12:00:00Z")).timestamp()
    for path in home.rglob("*"):
        if path.is_file():
            os.utime(path, (at, at))
    if "hook" in case:
        agent, file = case["hook"]
        for event in (home / file).read_bytes().splitlines():
            invoke("hook", agent, input=event)
    for kind, file in case.get("import", []):
        invoke("import", kind, str(home / file))


def run(*args: str) -> dict[str, Any]:
    return json.loads(invoke(*args, "--json"))


def invoke(*args: str, input: bytes = b"") -> str:
    result = CliRunner().invoke(main, args, input=input)
    assert result.exit_code == 0, result.stderr or result.exception
    return result.stdout


def assert_sums(found: dict[str, Any], want: dict[str, Any]) -> None:
    if "calls" in want:
        assert found["calls"] == want["calls"]
    tokens = found["tokens"]
    assert {name: tokens[name] for name in want.get("tokens", {})} == want.get("tokens", {})
    assert sum(tokens[name] for name in BUCKETS) == tokens["total"]
    if "fees" in want:
        fees = {name: n for name, n in found["fees"].items() if n}
        assert fees == {name: n for name, n in want["fees"].items() if name != "web_fetch"}
    if "cost_nusd" in want:
        assert found["cost_nusd"] == want["cost_nusd"]


def added(rows: list[dict[str, Any]], key: str) -> dict[str, dict[str, Any]]:
    """Rows that share a key, added up."""
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        sums = found.setdefault(
            row[key], {"calls": 0, "tokens": {}, "fees": {}, "cost_nusd": None}
        )
        sums["calls"] += row["calls"]
        for part in ("tokens", "fees"):
            for name, n in row[part].items():
                sums[part][name] = sums[part].get(name, 0) + n
        if row["cost_nusd"] is not None:
            sums["cost_nusd"] = (sums["cost_nusd"] or 0) + row["cost_nusd"]
    return found


def assert_days(days: dict[str, Any]) -> None:
    report = run(
        "report", days["period"], "--by", "agent", "--tz", days["tz"], "--since", "2020-01-01"
    )
    found = {week(name): row for name, row in added(report["rows"], "period").items()}
    want = {week(name): row for name, row in days["rows"].items()}
    assert sorted(found) == sorted(want)
    for name, row in want.items():
        tokens = {"tokens": {"total": row["total"]}} if "total" in row else {}
        assert_sums(found[name], row | tokens)


def week(name: str) -> str:
    """The case writes `2026W01`, the Monday or `2026-W01`."""
    if "W" not in name:
        return name
    year, number = name.replace("-W", "W").split("W")
    return datetime.date.fromisocalendar(int(year), int(number), 1).isoformat()
