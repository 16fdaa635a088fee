"""Prices are changed only where the calls can be priced by them afterwards."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from toktui.ingest.context import UPDATE_NAME

SET = ("prices", "set", "claude-opus-4-8", "--input", "3")


@pytest.fixture
def newer(logs: Any, toktui: Any, tmp_path: Path) -> Path:
    """A store that a newer toktui made; gives the folder of the configuration."""
    logs.call()
    toktui("sync")
    db = sqlite3.connect(tmp_path / "data/toktui.db")
    db.execute("pragma user_version = 99")
    db.close()
    return tmp_path / "config"


def test_set_leaves_the_configuration_alone_where_the_store_is_newer(newer: Path, toktui: Any):
    assert "newer toktui" in toktui(*SET, exit_code=1).stderr
    assert not newer.exists()


def test_remove_does_too(newer: Path, toktui: Any):
    newer.mkdir()
    file = newer / "config.toml"
    file.write_text('[prices."claude-opus-4-8"]\ninput = 3\n')
    assert "newer toktui" in toktui(*SET[:3], "--remove", exit_code=1).stderr
    assert file.read_text() == '[prices."claude-opus-4-8"]\ninput = 3\n'


def test_update_does_too(newer: Path, toktui: Any, tmp_path: Path):
    book = tmp_path / "book.json"
    book.write_text('{"my-model": {"input_cost_per_token": 1e-6, "output_cost_per_token": 2e-6,'
                    ' "litellm_provider": "anthropic", "mode": "chat"}}')  # fmt: skip
    assert "newer toktui" in toktui("prices", "update", str(book), exit_code=1).stderr
    assert not (tmp_path / "data" / UPDATE_NAME).exists()


@pytest.mark.parametrize(("option", "value", "told"), [
    ("--input", "\uff13", "such as 3.5"), ("--input", "-1", "such as 3.5"),
    ("--from", "2026-02-31", "such as 2026-01-31"), ("--from", "2026-13-01", "such as 2026-01-31"),
    ("--from", "20260101", "such as 2026-01-31"),
])  # fmt: skip
def test_what_is_no_rate_or_day_is_named(
    option: str, value: str, told: str, toktui: Any, tmp_path: Path
):
    said = toktui("prices", "set", "m", "--output", "1", option, value, exit_code=2).stderr
    assert option in said
    assert told in said
    assert not (tmp_path / "config").exists()


def test_without_a_store_rates_can_be_set(toktui: Any, tmp_path: Path):
    toktui(*SET)
    assert "claude-opus-4-8" in (tmp_path / "config/config.toml").read_text()
