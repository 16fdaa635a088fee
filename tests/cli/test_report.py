"""`toktui report`: the contract of its document, its filters, its forms."""

from __future__ import annotations

import csv
import io
import itertools
import json
import os
import re
from typing import Any

import pytest

KEYS = ("agent", "model", "project", "session", "branch", "tier")
S1 = "5e5510aa-0000-4000-8000-000000000001"
S2 = "5e5510aa-0000-4000-8000-000000000002"


@pytest.fixture
def shop(logs: Any) -> Any:
    """Four calls: two models with a price, one without, two projects, sessions and days."""
    logs.call(at="2026-11-20T23:50:00.000Z")
    logs.call(at="2026-11-21T00:10:00.000Z", model="claude-sonnet-5")
    logs.call(at="2026-11-21T12:00:00.000Z", session=S2, project="/home/dev/blog", speed="fast")
    logs.call(at="2026-11-21T13:00:00.000Z", session=S2, project="/home/dev/blog",
              model="mystery-1", branch="")  # fmt: skip
    return logs


def test_the_document_has_the_shape_of_the_contract(shop: Any, document: Any):
    found = document("report", "day", "--by", "agent,model", "--tz", "Europe/Paris")
    assert list(found) == [
        "schema", "generated_at", "timezone", "period", "by", "rows", "totals", "coverage",
    ]  # fmt: skip
    assert (found["schema"], found["period"]) == ("toktui.report/1", "day")
    assert (found["timezone"], found["by"]) == ("Europe/Paris", ["agent", "model"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", found["generated_at"])
    row = found["rows"][0]
    assert list(row) == [
        "period", "agent", "model", "priced_as", "calls", "tokens", "fees", "cost_nusd",
        "cost_usd", "cache_hit_rate", "exactness", "estimated_calls", "unpriced_calls",
    ]  # fmt: skip
    assert list(row["tokens"]) == [
        "input", "cache_read", "cache_write_5m", "cache_write_1h", "output", "total", "reasoning",
    ]  # fmt: skip
    assert row["fees"] == {"web_search": 0}
    assert list(row["exactness"]) == ["exact", "placeholder", "estimated", "residual"]
    assert list(found["coverage"]) == ["reported", "estimated", "unpriced", "not_understood"]
    assert set(found["totals"]) == set(row) - {"period", "agent", "model", "priced_as"}


def test_the_numbers_are_those_of_the_logs(shop: Any, document: Any):
    totals = document("report")["totals"]
    assert totals["calls"] == 4
    assert totals["tokens"] == {
        "input": 400, "cache_read": 4000, "cache_write_5m": 0, "cache_write_1h": 0,
        "output": 40, "total": 4440, "reasoning": 0,
    }  # fmt: skip
    assert totals["cache_hit_rate"] == 0.9091
    assert totals["unpriced_calls"] == 1
    assert totals["cost_usd"] == totals["cost_nusd"] / 1e9


def test_a_model_without_a_price_costs_null_and_not_0(shop: Any, document: Any):
    rows = document("report", "all", "--by", "model")["rows"]
    (mystery,) = [row for row in rows if row["model"] == "mystery-1"]
    assert mystery["cost_nusd"] is None
    assert mystery["cost_usd"] is None
    assert mystery["priced_as"] is None
    assert document("report", "--model", "mystery-1")["coverage"]["unpriced"] == 1.0


def test_nothing_at_all_is_null_where_it_is_a_share(document: Any):
    found = document("report")
    assert found["rows"] == []
    assert found["totals"]["cost_nusd"] is None
    assert found["totals"]["cache_hit_rate"] is None
    assert found["coverage"] == {
        "reported": None, "estimated": None, "unpriced": None, "not_understood": 0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("period", "tz", "labels"),
    [
        ("day", "UTC", ["2026-11-20", "2026-11-21"]),
        ("day", "Asia/Tokyo", ["2026-11-21"]),
        ("day", "America/New_York", ["2026-11-20", "2026-11-21"]),
        ("week", "UTC", ["2026-W47"]),
        ("month", "Asia/Kathmandu", ["2026-11"]),
        ("all", "UTC", ["all"]),
    ],
)
def test_periods_are_those_of_the_zone(
    period: str, tz: str, labels: list[str], shop: Any, document: Any
):
    rows = document("report", period, "--tz", tz)["rows"]
    assert [row["period"] for row in rows] == labels
    assert sum(row["calls"] for row in rows) == 4


def test_a_day_of_25_hours_has_every_call_once(logs: Any, document: Any):
    for at in ("2026-11-01T03:59:59.999Z", "2026-11-01T04:00:00.000Z", "2026-11-01T05:30:00.000Z",
               "2026-11-01T06:30:00.000Z", "2026-11-02T04:59:59.999Z", "2026-11-02T05:00:00.000Z"):
        logs.call(at=at)
    rows = document("report", "--tz", "America/New_York")["rows"]
    assert [(row["period"], row["calls"]) for row in rows] == [
        ("2026-10-31", 1), ("2026-11-01", 4), ("2026-11-02", 1),
    ]  # fmt: skip


@pytest.mark.parametrize("tz", ["UTC", "Pacific/Kiritimati", "Asia/Kathmandu", "America/St_Johns"])
def test_a_range_is_the_sum_of_its_days(tz: str, shop: Any, document: Any):
    whole = document("report", "all", "--tz", tz, "--since", "2026-11-20", "--until", "2026-11-22")
    days = [
        document("report", "all", "--tz", tz, "--since", day, "--until", day, "--no-sync")
        for day in ("2026-11-20", "2026-11-21", "2026-11-22")
    ]
    assert whole["totals"]["calls"] == sum(day["totals"]["calls"] for day in days) == 4
    costs = [day["totals"]["cost_nusd"] or 0 for day in days]
    assert whole["totals"]["cost_nusd"] == sum(costs)


@pytest.mark.parametrize("n", range(len(KEYS) + 1))
def test_any_combination_of_keys_adds_up_to_the_totals(n: int, shop: Any, document: Any):
    document("sync")
    for keys in itertools.combinations(KEYS, n):
        for period in ("all", "day"):
            found = document("report", period, "--by", ",".join(keys), "--no-sync")
            rows, totals = found["rows"], found["totals"]
            assert found["by"] == list(keys)
            assert sum(row["calls"] for row in rows) == totals["calls"] == 4
            for bucket, tokens in totals["tokens"].items():
                assert sum(row["tokens"][bucket] for row in rows) == tokens
            assert sum(row["cost_nusd"] or 0 for row in rows) == totals["cost_nusd"]
            places = [(row["period"], *(row[key] or "" for key in keys)) for row in rows]
            assert places == sorted(set(places))


FILTERS = [
    (("--agent", "claude-code"), 4),
    (("--agent", "codex"), 0),
    (("--model", "claude-opus-4-8"), 2),
    (("--model", "claude-*"), 3),
    (("--model", "CLAUDE-*"), 0),
    (("--model", "mystery-1", "--model", "claude-sonnet-5"), 2),
    (("--project", "/home/dev/blog"), 2),
    (("--project", "/home/dev/blog/"), 2),
    (("--project", "blog"), 2),
    (("--project", "/home/dev/*"), 4),
    (("--project", "*g"), 2),
    (("--project", "/home"), 0),
    (("--since", "2026-11-21"), 3),
    (("--until", "2026-11-20"), 1),
    (("--model", "claude-*", "--project", "blog", "--since", "2026-11-21"), 1),
]


@pytest.mark.parametrize(("options", "calls"), FILTERS)
@pytest.mark.parametrize("by", ["", "session", "tier,project", "session,branch"])
def test_filters_hold_for_every_grouping(
    options: tuple[str, ...], calls: int, by: str, shop: Any, document: Any
):
    found = document("report", "day", "--by", by, "--tz", "UTC", *options)
    assert found["totals"]["calls"] == calls
    assert sum(row["calls"] for row in found["rows"]) == calls


def test_a_model_matches_by_the_name_in_the_rate_book_too(logs: Any, document: Any):
    logs.call(model="us.anthropic.claude-opus-4-8-v1:0")
    logs.call(model="claude-opus-4-8")
    found = document("report", "all", "--by", "model", "--model", "claude-opus-4-8")
    assert [row["priced_as"] for row in found["rows"]] == ["claude-opus-4-8"] * 2


def test_a_name_with_brackets_matches_exactly(logs: Any, document: Any):
    logs.call(model="claude-opus-4-8[1m]")
    found = document("report", "--model", "claude-opus-4-8[1m]")
    assert found["totals"]["calls"] == 1


def test_a_dot_is_the_folder_that_one_is_in(
    logs: Any, document: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
):
    logs.call(project=str(tmp_path))
    logs.call(session=S2)
    monkeypatch.chdir(tmp_path)
    assert document("report", "--project", ".")["totals"]["calls"] == 1


def test_what_is_unknown_is_null_and_not_an_empty_word(shop: Any, document: Any):
    rows = document("report", "all", "--by", "branch")["rows"]
    assert {row["branch"] for row in rows} == {None, "main"}


def test_no_sync_shows_what_the_store_knows(shop: Any, document: Any):
    document("sync")
    shop.call()
    assert document("report", "--no-sync")["totals"]["calls"] == 4
    assert document("report")["totals"]["calls"] == 5


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (("--by", "agnet"), "agent, model, project, session, branch, tier"),
        (("--agent", "claude"), "claude-code"),
        (("--tz", "Europe/Pariss"), "Europe/Paris"),
        (("--since", "yesteryear"), "2026-11-21"),
        (("--since", "2026-02-30"), "2026-11-21"),
        (("--until", "2026-01-01", "--since", "2026-02-01"), "Swap"),
        (("--json", "--csv"), "--json, --csv"),
        (("year",), "'day', 'week', 'month', 'all'"),
    ],
)
def test_nonsense_is_a_usage_error_that_names_what_is_valid(
    options: tuple[str, ...], named: str, toktui: Any
):
    result = toktui("report", *options, exit_code=2)
    assert named in result.stderr
    assert result.stdout == ""


def test_strict_is_3_for_an_unpriced_call(shop: Any, toktui: Any):
    toktui("report", "--strict", exit_code=3)
    toktui("report", "--strict", "--model", "claude-*")
    toktui("sync", "--strict", exit_code=3)


def test_strict_is_3_for_a_line_that_is_not_understood(logs: Any, toktui: Any):
    logs.call()
    toktui("report", "--strict")
    logs.raw('{"type":"assistant","message":{"usage":')
    assert json.loads(toktui("report", "--strict", "--json", exit_code=3).stdout)
    toktui("sync", "--strict", exit_code=3)


def test_a_table_shows_the_last_30_periods_and_says_so(logs: Any, toktui: Any):
    for day in range(1, 32):
        logs.call(at=f"2026-10-{day:02}T12:00:00.000Z")
    shown = toktui("report", "--tz", "UTC").stdout
    assert "2026-10-01" not in shown
    assert "2026-10-02" in shown
    assert "last 30 of 31 days" in shown
    rest = toktui("report", "--tz", "UTC", "--since", "2026-10-02").stdout
    assert "last 30" not in rest
    assert len(toktui("report", "--tz", "UTC", "--csv").stdout.splitlines()) == 32
    assert "2026-10-01" in toktui("report", "--tz", "UTC", "--markdown").stdout


def test_a_table_marks_what_its_sums_lack(shop: Any, toktui: Any):
    shown = toktui("report", "all", "--by", "model").stdout
    total = next(line for line in shown.splitlines() if line.startswith("Total"))
    assert "≥$" in total
    mystery = next(line for line in shown.splitlines() if line.startswith("mystery"))
    assert mystery.endswith("–")
    assert "lacks 1 call without" in shown


@pytest.mark.parametrize("columns", [40, 60, 80, 100, 160])
def test_a_table_keeps_to_the_width_where_its_numbers_allow(
    columns: int, shop: Any, toktui: Any, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("COLUMNS", str(columns))
    shown = toktui("report", "--by", "project,model").stdout
    table = shown.split("≥ lacks")[0].splitlines()
    assert max(map(len, table)) <= max(columns, 56)
    assert "List cost" in shown


def test_colours_are_for_terminals_only(shop: Any, toktui: Any):
    assert "\x1b" not in toktui("report").output


def test_csv_has_exact_numbers_and_empty_cells_for_unknown(shop: Any, toktui: Any):
    text = toktui("report", "all", "--by", "model", "--csv").stdout
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["model"] for row in rows] == ["claude-opus-4-8", "claude-sonnet-5", "mystery-1"]
    assert rows[2]["cost_usd"] == rows[2]["priced_as"] == ""
    for row in rows[:2]:
        assert row["cost_usd"].replace(".", "").lstrip("0") == row["cost_nusd"]


HOSTILE = [
    "\x1b[31mred\x1b[0m", "\x1b]0;title\x07", "a\x9bb", "[bold]x[/bold]", "\u202egnp.exe",
    "nul\x00byte", "line\nbreak", "tab\there", "x" * 5000, "\ud800lone", "=1+1", "@SUM(A1)",
    "-2+3|cmd", "a|b`c`*d*<b>", "\u200b", "e" + "\u0301" * 50,
]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_reach_neither_terminal_nor_spreadsheet_nor_page(
    name: str, logs: Any, toktui: Any
):
    call = logs.call(model=name, project="/p/" + name, branch=name)
    by = ("--by", "model,project,branch")
    toktui("sync")
    for args in (
        ("report", "all", *by), ("report", "all", *by, "--csv"),
        ("report", "all", *by, "--markdown"), ("sessions",), ("why", call), ("doctor",), ("now",),
        ("sync",),
    ):  # fmt: skip
        shown = toktui(*args).output
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", shown), args
        assert "\ud800" not in shown
    for cell in csv.reader(io.StringIO(toktui("report", "all", *by, "--csv").stdout)):
        assert not any(re.match(r"[=+@\t\r-]", text) for text in cell)
    page = toktui("report", "all", *by, "--markdown").stdout.splitlines()
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in page} == {12}


def test_another_users_zone_is_the_default(
    shop: Any, document: Any, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    assert document("report")["timezone"] == "Asia/Tokyo"
    folder = os.environ["TOKTUI_CONFIG_DIR"]
    os.makedirs(folder)
    with open(f"{folder}/config.toml", "w") as file:
        file.write('[ui]\ntimezone = "Europe/Paris"\n')
    assert document("report")["timezone"] == "Europe/Paris"
    assert document("report", "--tz", "UTC")["timezone"] == "UTC"


NOTHING = {
    "input_tokens": 0, "cache_read_input_tokens": 0, "cache_creation_input_tokens": 0,
    "output_tokens": 0,
}  # fmt: skip


def test_calls_of_which_the_log_tells_no_token_are_unknown_and_not_free(
    logs: Any, toktui: Any, document: Any
):
    """As relays leave them. Documents have what the log says."""
    logs.call(at="2026-11-17T09:00:00.000Z", session=S2, **NOTHING)
    (row,) = document("report", "--tz", "UTC")["rows"]
    assert (row["calls"], row["cost_nusd"]) == (1, 0)
    for command in (("report", "--tz", "UTC"), ("sessions", "--tz", "UTC"), ("models",)):
        assert "$0" not in toktui(*command).stdout
    (day,) = re.findall(r"Tue 17 Nov.*", toktui("week", "2026-W47", "--tz", "UTC").stdout)
    assert day.split()[3:] == ["–", "1", "–", "–"]
