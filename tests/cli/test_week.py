"""`toktui week`: the contract of its document, what it compares, its forms."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

KEYS = [
    "schema", "generated_at", "timezone", "week", "since", "until", "running", "totals", "days",
    "last_week", "usual", "change", "top", "waste", "bought",
]  # fmt: skip
S2 = "5e5510aa-0000-4000-8000-000000000002"


@pytest.fixture
def weeks(logs: Any) -> Any:
    """Three weeks: one call, then two, then four, dearer ones, a fast and an unpriced one."""
    logs.call(at="2026-11-02T00:10:00.000Z")
    logs.call(at="2026-11-10T09:00:00.000Z")
    logs.call(at="2026-11-12T09:00:00.000Z", model="claude-sonnet-5")
    logs.call(at="2026-11-16T09:00:00.000Z", input_tokens=9_000)
    logs.call(at="2026-11-18T09:00:00.000Z", session=S2, project="/home/dev/blog", speed="fast")
    logs.call(at="2026-11-18T09:30:00.000Z", session=S2, project="/home/dev/blog", branch="")
    logs.call(at="2026-11-22T23:30:00.000Z", session=S2, model="mystery-1")
    return logs


def test_the_document_has_the_shape_of_the_contract(weeks: Any, document: Any):
    found = document("week", "2026-W47", "--tz", "UTC")
    assert list(found) == KEYS
    assert found["schema"] == "toktui.week/1"
    assert (found["week"], found["since"], found["until"]) == (
        "2026-W47", "2026-11-16", "2026-11-22",
    )  # fmt: skip
    assert [day["hours"] for day in found["days"]] == [24] * 7
    assert found["totals"]["calls"] == 4
    assert found["totals"]["unpriced_calls"] == 1
    assert found["last_week"]["totals"]["calls"] == 2
    assert list(found["change"]) == [
        "method", "groups", "before_nusd", "after_nusd", "difference_nusd", "parts",
    ]  # fmt: skip
    assert {place["name"] for place in found["top"]["projects"]} == {
        "/home/dev/shop", "/home/dev/blog",
    }  # fmt: skip


def test_the_parts_add_up_to_what_the_weeks_cost_by_the_report(weeks: Any, document: Any):
    found = document("week", "2026-W47", "--tz", "UTC")
    costs = {
        row["period"]: row["cost_nusd"]
        for row in document("report", "week", "--tz", "UTC")["rows"]
    }
    change = found["change"]
    assert change["after_nusd"] == costs["2026-W47"] == found["totals"]["cost_nusd"]
    assert change["before_nusd"] == costs["2026-W46"]
    assert sum(part["nusd"] for part in change["parts"]) == change["difference_nusd"]
    assert change["difference_nusd"] == costs["2026-W47"] - costs["2026-W46"]
    assert sum(day["totals"]["cost_nusd"] or 0 for day in found["days"]) == costs["2026-W47"]
    inside = [row["cost_nusd"] or 0 for row in found["top"]["sessions"]]
    assert sum(inside) == costs["2026-W47"]


def test_a_session_counts_with_what_of_it_lies_in_the_week(weeks: Any, document: Any):
    found = document("week", "2026-W46", "--tz", "UTC")
    (session,) = found["top"]["sessions"]
    assert session["calls"] == 2
    assert session["cost_nusd"] == found["totals"]["cost_nusd"]


def test_the_week_is_the_one_of_the_zone(weeks: Any, document: Any):
    assert document("week", "2026-W48", "--tz", "Asia/Tokyo")["totals"]["calls"] == 1
    assert document("week", "2026-W48", "--tz", "UTC")["totals"]["calls"] == 0
    assert document("week", "2026-W44", "--tz", "UTC")["totals"]["calls"] == 0
    assert document("week", "2026-11-01", "--tz", "America/New_York")["totals"]["calls"] == 1


def test_usual_is_the_median_of_whole_weeks_and_needs_two(weeks: Any, document: Any):
    assert document("week", "2026-W46", "--tz", "UTC")["usual"] is None
    usual = document("week", "2026-W47", "--tz", "UTC")["usual"]
    assert (usual["weeks"], usual["calls"]) == (2, 2)


def test_without_a_week_before_there_is_no_change(weeks: Any, document: Any):
    found = document("week", "2026-W45", "--tz", "UTC")
    assert (found["last_week"], found["change"]) == (None, None)


def test_an_empty_week_and_no_store_at_all_are_answered(toktui: Any, document: Any):
    assert "No calls in this week." in toktui("week").stdout
    assert document("week", "2031-W01")["totals"]["calls"] == 0


def test_an_empty_week_names_the_nearest_one_that_has_calls(weeks: Any, toktui: Any):
    after = toktui("week", "2026-W51", "--tz", "UTC").stdout
    assert "No calls in this week. The last before it: toktui week 2026-W47" in after
    first = toktui("week", "2026-W40", "--tz", "UTC", "--markdown").stdout
    assert "No calls in this week. The first of all: toktui week 2026-W45" in first


def test_a_cold_turn_is_waste(logs: Any, toktui: Any, document: Any, tmp_path: Path):
    big = {"input_tokens": 10, "cache_read_input_tokens": 0, "output_tokens": 10}
    for minute, read, write in (("00", 0, 50_000), ("30", 0, 51_000)):
        logs.call(at=f"2026-11-18T09:{minute}:00.000Z", **{
            **big, "cache_read_input_tokens": read, "cache_creation_input_tokens": write,
        })  # fmt: skip
    cold = document("week", "2026-W47", "--tz", "UTC")["waste"]["cold_turns"]
    assert cold["turns"] == 1
    assert cold["by"]["expired"] == {"turns": 1, "extra_nusd": cold["extra_nusd"]}
    assert cold["extra_nusd"] > 0
    # As a store is that was killed between its migration and the first look at all calls.
    with closing(sqlite3.connect(tmp_path / "data/toktui.db")) as db, db:
        db.execute("delete from cold_turn")
        db.execute("delete from cold_day")
        db.execute("delete from setting where name = 'cold'")
    unknown = document("week", "2026-W47", "--tz", "UTC", "--no-sync")
    assert unknown["waste"] == {"cold_turns": None}
    assert document("week", "2026-W47", "--tz", "UTC")["waste"]["cold_turns"] == cold
    # As a store is of a program that ships another rate book.
    with closing(sqlite3.connect(tmp_path / "data/toktui.db")) as db, db:
        db.execute("update cold_turn set extra_nusd = 7")
        db.execute("update cold_day set nusd = 7")
        db.execute("update setting set value = 'of before' where name = 'cold'")
    assert document("week", "2026-W47", "--tz", "UTC")["waste"]["cold_turns"] == cold
    said = toktui("week", "2026-W47", "--tz", "UTC").stdout
    assert re.search(r"Most in one session: \$[0-9.]+, `toktui why [0-9a-f-]{36}`", said)


def test_waste_without_any_price_is_unknown_and_not_zero(logs: Any, toktui: Any):
    for minute in ("00", "30"):
        logs.call(at=f"2026-11-18T09:{minute}:00.000Z", model="mystery-1",
                  cache_read_input_tokens=0, cache_creation_input_tokens=50_000)  # fmt: skip
    (said,) = re.findall("Waste: .*", toktui("week", "2026-W47", "--tz", "UTC").stdout)
    assert "1 cold turn cost – more than warm ones: 1 for no reason" in said
    assert "$0" not in said


def test_text_and_markdown_say_the_same(weeks: Any, toktui: Any):
    text = toktui("week", "2026-W47", "--tz", "UTC").stdout
    page = toktui("week", "2026-W47", "--tz", "UTC", "--markdown").stdout
    for words in ("Week 2026-W47", "4 calls", "Why +", "= the difference", "Mon 16 Nov", "≥ lacks"):
        assert words in text
        assert words in page
    assert page.startswith("## ")
    assert "█" in text
    assert "█" not in page


def test_names_are_no_markup(logs: Any, toktui: Any):
    logs.call(at="2026-11-18T09:00:00.000Z", project="/home/dev/a|b_c*", branch="<b>")
    page = toktui("week", "2026-W47", "--tz", "UTC", "--markdown").stdout
    assert r"a\|b\_c\*" in page
    assert r"\<b\>" in page


@pytest.mark.parametrize("args", [("nonsense",), ("2026-W47", "--last"), ("--json", "--markdown")])
def test_what_cannot_be_meant_is_a_usage_error(args: tuple[str, ...], toktui: Any):
    toktui("week", *args, exit_code=2)


@pytest.mark.git
def test_a_week_says_what_it_bought_where_changes_are_known(
    logs: Any, home: Any, document: Any, toktui: Any
):
    from tests.outcomes.lab import DAY, OTHER, Repo
    from toktui.clock import iso, week_label

    repo = Repo.new(home / "shop")
    repo.commit("Begin", author=OTHER)
    repo.at_ms += 2 * DAY
    at_ms = repo.at_ms
    logs.call(at=iso(at_ms), project=str(repo.folder))
    repo.commit("Landed", minutes=10)
    week = week_label(at_ms, ZoneInfo("UTC"))
    document("outcomes")
    found = document("week", week, "--tz", "UTC")["bought"]
    assert (found["changes"], found["linked"]) == (1, 1)
    assert found["per_change_nusd"] == found["spent_nusd"] > 0
    assert "Bought: 1 landed change" in toktui("week", week, "--tz", "UTC").stdout


@pytest.mark.git
def test_a_week_marks_what_could_not_be_read(logs: Any, home: Any, document: Any, toktui: Any):
    from tests.outcomes.lab import Repo
    from toktui.clock import iso, week_label

    repo = Repo.new(home / "shop")
    repo.git("remote", "add", "origin", "https://example.invalid/x.git")
    logs.call(at=iso(repo.at_ms), project=str(repo.folder))
    week = week_label(repo.at_ms, ZoneInfo("UTC"))
    document("outcomes")
    found = document("week", week, "--tz", "UTC")["bought"]
    assert found["unread_folders"] == 1
    assert found["changes"] is found["linked"] is found["unlinked_nusd"] is None
    text = toktui("week", week, "--tz", "UTC").stdout
    assert "Bought: not known. 1 folder with a repository could not be read" in text
    repo.folder.rename(home / "away")
    repo.folder.mkdir()
    document("outcomes")
    assert document("week", week, "--tz", "UTC")["bought"] is None


def test_calls_that_lack_their_output_are_told_in_every_form(logs: Any, toktui: Any):
    logs.call(at="2026-11-16T09:00:00.000Z", model="mystery-1")
    logs.call(at="2026-11-17T09:00:00.000Z")
    row = logs.raw("").read_text().splitlines()[-2].replace('"end_turn"', "null")
    logs.raw(row.replace("AAAA0002", "AAAA0003"))
    for more in ((), ("--markdown",)):
        said = toktui("week", "2026-W47", "--tz", "UTC", *more).stdout
        assert "≥ lacks 1 call without a known price." in said
        assert "1 call never got its final output count" in said
