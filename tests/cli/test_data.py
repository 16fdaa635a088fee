"""`toktui data`, `prices`, `reprice`, `config`, `doctor`: what they change and what they leave."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

S2 = "5e5510aa-0000-4000-8000-000000000002"


@pytest.fixture
def calls(document: Any) -> Any:
    """How many calls the store has."""
    return lambda *options: document("report", *options)["totals"]["calls"]


def test_the_path_is_that_of_the_store(tmp_path: Path, toktui: Any):
    assert toktui("data", "path").stdout == f"{tmp_path / 'data/toktui.db'}\n"
    assert not (tmp_path / "data").exists()


def test_a_backup_can_be_put_back(logs: Any, toktui: Any, calls: Any, tmp_path: Path):
    logs.call()
    toktui("sync")
    made = Path(toktui("data", "backup").stdout.rpartition(" (")[0])
    assert made.is_file()
    os.unlink(tmp_path / "data/toktui.db")
    assert calls() == 1
    logs.call(session=S2)
    toktui("sync")
    toktui("data", "restore", "latest", "--yes")
    assert calls("--no-sync") == 1
    assert calls() == 2
    assert list((tmp_path / "data").glob("toktui.db.replaced-*"))


def test_what_is_no_backup_is_not_put_back(logs: Any, toktui: Any, calls: Any, tmp_path: Path):
    assert "no backup" in toktui("data", "restore", "latest", exit_code=2).stderr
    logs.call()
    toktui("sync")
    (tmp_path / "junk.db").write_bytes(b"SQLite format 3\0" + b"junk" * 1000)
    toktui("data", "restore", str(tmp_path / "junk.db"), "--yes", exit_code=1)
    toktui("data", "restore", str(tmp_path / "none.db"), "--yes", exit_code=2)
    assert calls("--no-sync") == 1


def test_nothing_is_deleted_without_a_yes(logs: Any, toktui: Any, calls: Any):
    logs.call()
    toktui("sync")
    toktui("data", "backup")
    for args in (("forget", "--project", "shop"), ("purge",), ("restore", "latest")):
        assert "--yes" in toktui("data", *args, exit_code=2).stderr
    assert calls("--no-sync") == 1


def test_what_is_forgotten_stays_forgotten(logs: Any, toktui: Any, calls: Any):
    logs.call(at="2026-10-01T10:00:00.000Z")
    logs.call(at="2026-11-01T10:00:00.000Z", session=S2, project="/p/secret")
    toktui("sync")
    toktui("data", "forget", "--project", "secret", "--yes")
    assert calls() == 1
    logs.call(at="2026-11-20T10:00:00.000Z", session=S2, project="/p/secret")
    assert calls() == 1
    toktui("data", "forget", "--before", "2026-10-02", "--tz", "UTC", "--yes")
    assert calls() == 0
    toktui("sync")
    assert calls() == 0


def test_forgetting_needs_something_that_there_is(logs: Any, toktui: Any):
    logs.call()
    toktui("sync")
    assert "--before" in toktui("data", "forget", "--yes", exit_code=2).stderr
    assert "/home/dev/shop" in toktui(
        "data", "forget", "--project", "nope", "--yes", exit_code=2
    ).stderr
    assert "--before" in toktui("data", "forget", "--before", "x", "--yes", exit_code=2).stderr


def test_a_purge_deletes_what_toktui_wrote_and_nothing_else(
    logs: Any, toktui: Any, calls: Any, tmp_path: Path
):
    logs.call()
    toktui("sync")
    toktui("data", "backup")
    (tmp_path / "data/notes.txt").write_text("mine")
    toktui("data", "purge", "--everything", "--yes")
    left = {path.name for path in (tmp_path / "data").iterdir()}
    assert left <= {"notes.txt", "toktui.lock", "toktui.ask", "toktui.answer"}
    assert calls() == 1


def test_what_is_purged_stays_forgotten(logs: Any, toktui: Any, calls: Any):
    logs.call(at="2026-11-01T10:00:00.000Z")
    toktui("sync")
    toktui("data", "purge", "--yes")
    assert calls() == 0


def test_own_rates_price_what_had_no_price_at_once(logs: Any, toktui: Any, document: Any):
    logs.call(model="mystery-1")
    assert document("report")["totals"]["cost_nusd"] is None
    shown = toktui("prices", "set", "mystery-1", "--input", "1", "--output", "2.5").stdout
    assert "1 call had no price" in shown
    # 100 input, 1000 cache reads at the input rate, 10 output.
    assert document("report")["totals"]["cost_nusd"] == 1_100_000 + 25_000


def test_a_priced_call_keeps_its_price_until_it_is_repriced(
    logs: Any, toktui: Any, document: Any
):
    logs.call()
    before = document("report")["totals"]["cost_nusd"]
    shown = toktui("prices", "set", "claude-opus-4-8", "--input", "6").stdout
    assert "1 call would change by +$0.0001" in shown
    assert document("report")["totals"]["cost_nusd"] == before
    dry = document("reprice", "--dry-run")
    assert dry["dry_run"] is True
    assert dry["changes"] == [
        {"period": "2026-11", "agent": "claude-code", "model": "claude-opus-4-8", "calls": 1,
         "before_nusd": before, "after_nusd": before + 100_000, "difference_nusd": 100_000}
    ]  # fmt: skip
    assert document("report")["totals"]["cost_nusd"] == before
    toktui("reprice")
    assert document("report")["totals"]["cost_nusd"] == before + 100_000
    assert document("reprice")["changes"] == []


def test_own_rates_leave_the_rest_of_the_file_as_it_is(toktui: Any, tmp_path: Path):
    file = tmp_path / "config/config.toml"
    file.parent.mkdir()
    rest = '# mine\n[ui]\ntheme = "nord"  # dark\n'
    file.write_text(rest)
    toktui("prices", "set", 'odd "name"', "--input", "1", "--output", "2")
    toktui("prices", "set", "b", "--input", "1", "--output", "2", "--from", "2026-01-31")
    toktui("prices", "set", 'odd "name"', "--input", "3", "--output", "2")
    text = file.read_text()
    assert text.startswith(rest)
    assert text.count("[prices") == 2
    assert "input = 3" in text
    assert "valid_from = 2026-01-31" in text
    toktui("prices", "set", "b", "--remove")
    toktui("prices", "set", 'odd "name"', "--remove")
    assert file.read_text().strip() == rest.strip()


@pytest.mark.parametrize(
    "options",
    [(), ("--input", "x"), ("--input", "-1"), ("--input", "1"), ("--remove",),
     ("--input", "1", "--output", "1", "--from", "tomorrow"),
     ("--input", "1", "--output", "1", "--from", "2026-02-30"),
     ("--input", "1", "--output", "1", "--remove")],
)  # fmt: skip
def test_nonsense_rates_change_nothing(options: tuple[str, ...], toktui: Any, tmp_path: Path):
    toktui("prices", "set", "mystery-1", *options, exit_code=2)
    assert not (tmp_path / "config/config.toml").exists()


def test_rates_in_another_form_are_left_to_the_user(toktui: Any, tmp_path: Path):
    file = tmp_path / "config/config.toml"
    file.parent.mkdir()
    file.write_text("prices = { a = { input = 1, output = 2 } }\n")
    assert "by hand" in toktui("prices", "set", "a", "--input", "3", exit_code=2).stderr
    assert file.read_text() == "prices = { a = { input = 1, output = 2 } }\n"


def test_prices_come_from_a_file_of_another_program(
    logs: Any, toktui: Any, document: Any, tmp_path: Path
):
    logs.call(model="mystery-1")
    toktui("sync")
    file = tmp_path / "model_prices_and_context_window.json"
    file.write_text(json.dumps({
        "mystery-1": {"input_cost_per_token": 1e-6, "output_cost_per_token": 2e-6,
                      "litellm_provider": "openai", "mode": "chat"},
    }))  # fmt: skip
    assert "litellm" in toktui("prices", "update", str(file)).stdout
    assert document("report")["totals"]["unpriced_calls"] == 0
    file.write_text("{}")
    toktui("prices", "update", str(file), exit_code=1)


def test_the_rate_book_can_be_listed_and_shown(toktui: Any, document: Any):
    listed = document("prices", "list", "claude-opus-4-8")["rates"]
    assert [(rate["model"], rate["tier"]) for rate in listed] == [("claude-opus-4-8", "standard")]
    assert listed[0]["usd_per_million"]["input"] == 5
    shown = document("prices", "show", "anthropic/claude-opus-4-8")["rates"]
    assert {"standard", "batch", "fast"} <= {rate["tier"] for rate in shown}
    assert "claude-opus" in toktui("prices").stdout
    assert "claude-opus-4-8" in toktui("prices", "show", "claude-opus-4-9", exit_code=2).stderr


def test_doctor_says_what_was_found_where(logs: Any, toktui: Any, document: Any):
    logs.call(model="mystery-1")
    logs.raw('{"type":"assistant","message":{"usage":{"input_tokens":-1}}}')
    toktui("sync")
    found = document("doctor")
    claude = next(agent for agent in found["agents"] if agent["name"] == "claude-code")
    assert (claude["logs"], claude["calls"], claude["not_understood"]) == (1, 1, 1)
    assert {"path": str(logs.home / ".claude/projects"), "exists": True} in claude["places"]
    assert found["unpriced"][0]["model"] == "mystery-1"
    assert found["store"]["integrity"] == "ok"
    assert found["not_understood"][0]["count"] == 1
    shown = toktui("doctor").stdout
    assert shown.index("mystery-1") < shown.index("Agents")


def test_doctor_changes_nothing(toktui: Any, tmp_path: Path):
    toktui("doctor")
    assert not (tmp_path / "data").exists()
    assert not (tmp_path / "config").exists()


def test_a_bundle_has_no_path_project_id_or_model(logs: Any, toktui: Any, tmp_path: Path):
    name = logs.call(model="my-private-model", project="/home/dev/secret", branch="feature-x")
    logs.raw('{"type":"assistant","message":{"usage":{"input_tokens":-1}}}')
    broken = logs.home / ".claude/projects/secret-folder"
    broken.mkdir()
    toktui("sync")
    toktui("data", "backup")
    shown = toktui("doctor", "--bundle").stdout
    assert json.loads(shown)["schema"] == "toktui.doctor-bundle/1"
    for private in ("my-private", "secret", "feature-x", name, "5e5510aa", str(tmp_path), "/home"):
        assert private not in shown


def test_doctor_fails_on_a_damaged_store(logs: Any, toktui: Any, tmp_path: Path):
    logs.call()
    toktui("sync")
    store = tmp_path / "data/toktui.db"
    store.write_bytes(b"this is no database" * 1000)
    for path in tmp_path.glob("data/toktui.db-*"):
        path.unlink()
    assert "damaged" in toktui("doctor", exit_code=1).stdout


def test_the_sqlite_releases_with_the_race_are_known():
    from toktui.metrics.store_health import has_wal_race

    assert has_wal_race((3, 40, 1))
    assert has_wal_race((3, 50, 6))
    assert has_wal_race((3, 51, 2))
    assert not has_wal_race((3, 51, 3))
    assert not has_wal_race((3, 50, 7))
    assert not has_wal_race((3, 44, 6))
    assert not has_wal_race((4, 0, 0))


def test_config_is_checked_and_located(toktui: Any, tmp_path: Path):
    assert toktui("config", "path").stdout.strip() == str(tmp_path / "config/config.toml")
    assert "does not exist" in toktui("config", "check").stdout
    (tmp_path / "config").mkdir()
    (tmp_path / "config/config.toml").write_text('[ui]\ntimezone = "Nowhere/City"\n')
    assert "config.toml" in toktui("config", "check", exit_code=2).stderr


def test_what_is_to_come_is_not_forgotten(logs: Any, toktui: Any, calls: Any):
    logs.call()
    toktui("sync")
    for day in ("2099-01-01", "2090-12-31"):
        said = toktui("data", "forget", "--before", day, "--yes", exit_code=2).stderr
        assert f"--before {day} lies ahead" in said
    assert calls() == 1
    toktui("data", "forget", "--before", "today", "--tz", "UTC", "--yes")
    assert calls() == 0


def test_rates_of_no_model_at_all_are_refused_in_so_many_words(toktui: Any, tmp_path: Path):
    said = toktui("prices", "set", "", "--input", "1", "--output", "2", exit_code=2).stderr
    assert "The name of the model is empty" in said
    assert not (tmp_path / "config").exists()


def test_rates_that_are_taken_out_are_said_to_be_gone(toktui: Any):
    toktui("prices", "set", "my-model", "--input", "1", "--output", "2")
    said = toktui("prices", "set", "my-model", "--remove").stdout
    assert "has no own rates of my-model any more" in said


def test_own_rates_that_price_nothing_are_named_with_their_file(toktui: Any, tmp_path: Path):
    (tmp_path / "config").mkdir()
    file = tmp_path / "config/config.toml"
    file.write_text("[prices.x]\ninput = 1\n")
    for command in (("config", "check"), ("report", "all"), ("models",)):
        said = toktui(*command, exit_code=2).stderr
        assert str(file) in said
        assert 'prices."x"' in said


def test_a_theme_that_there_is_not_is_told_by_the_check(toktui: Any, tmp_path: Path):
    (tmp_path / "config").mkdir()
    file = tmp_path / "config/config.toml"
    file.write_text('[ui]\ntheme = "nope"\n')
    said = toktui("config", "check", exit_code=2).stderr
    assert (str(file) in said, "[ui] theme" in said, "nord" in said) == (True, True, True)
    file.write_text('[ui]\ntheme = "nord"\n')
    assert "theme: nord" in toktui("config", "check").stdout
