"""`config.toml` says what it says, or which key is wrong and what would be right."""

from __future__ import annotations

import os
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from toktui.config import AgentConfig, Config, OwnRates, StoreConfig, UiConfig, load_config
from toktui.errors import ConfigError

AGENTS = ("claude-code", "codex")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


def refusal(file: Path, content: str | bytes) -> ConfigError:
    """The error that a file with this content gives."""
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(ConfigError) as refused:
        load_config(file, agents=AGENTS)
    assert refused.value.exit_code == 2
    assert str(file) in refused.value.what
    assert f"{refused.value.what}{refused.value.hint}".isprintable()
    return refused.value


def test_no_file_is_all_defaults(file: Path):
    config = load_config(file, agents=AGENTS)
    assert config == Config()
    assert config.agent("codex") == AgentConfig(enabled=True, roots=())
    assert config.store.backups == 3


def test_an_empty_file_is_all_defaults(file: Path):
    file.touch()
    assert load_config(file) == Config()


def test_everything_that_can_be_set(file: Path):
    file.write_text(
        """
        [agents.claude-code]
        enabled = false
        roots = ["~/.claude", "/mnt/c/Users/me/.claude"]
        [prices."my-model"]
        input = 3
        cache_read = 0.3
        cache_write_5m = 3.75
        cache_write_1h = 6
        output = 0
        valid_from = 2026-01-31
        [ui]
        theme = "nord"
        timezone = "Europe/Paris"
        [store]
        backups = 7
        """
    )
    assert load_config(file, agents=AGENTS) == Config(
        agents={
            "claude-code": AgentConfig(
                enabled=False, roots=("~/.claude", "/mnt/c/Users/me/.claude")
            )
        },
        prices={
            "my-model": OwnRates(
                input=Decimal(3),
                cache_read=Decimal("0.3"),
                cache_write_5m=Decimal("3.75"),
                cache_write_1h=Decimal(6),
                output=Decimal(0),
                valid_from=date(2026, 1, 31),
            )
        },
        ui=UiConfig(theme="nord", timezone="Europe/Paris"),
        store=StoreConfig(backups=7),
    )


def test_a_price_is_the_very_decimal_that_was_written(file: Path):
    file.write_text("[prices.m]\ninput = 0.10000000000000000001\n")
    assert load_config(file).prices["m"].input == Decimal("0.10000000000000000001")


@pytest.mark.parametrize(
    ("content", "named", "valid"),
    [
        ("[uI]\n", 'unknown key "uI"', "agents, outcomes, prices, statusline, store, ui"),
        ("[ui]\ncolour = 1\n", 'unknown key "colour" in [ui]', "theme, timezone"),
        ("[store]\nbackup = 1\n", 'unknown key "backup" in [store]', "backups"),
        ("[agents.codex]\nroot = 1\n", 'unknown key "root" in [agents.codex]', "enabled, roots"),
        ("[agents.cursr]\n", 'unknown key "cursr" in [agents]', "claude-code, codex"),
        ("[prices.m]\nin = 1\n", 'unknown key "in" in [prices.m]', "cache_read"),
    ],
)
def test_an_unknown_key_is_named_with_the_known_ones(
    file: Path, content: str, named: str, valid: str
):
    error = refusal(file, content)
    assert named in error.what
    assert valid in error.hint


@pytest.mark.parametrize(
    ("content", "named", "valid"),
    [
        ('[agents.codex]\nenabled = "no"\n', "[agents.codex] enabled", "true or false"),
        ("[agents.codex]\nenabled = 1\n", "[agents.codex] enabled", "true or false"),
        ('[agents.codex]\nroots = "~/x"\n', "[agents.codex] roots", "a list"),
        ("[agents.codex]\nroots = [1]\n", "[agents.codex] roots", "a list"),
        ("[ui]\ntheme = 3\n", "[ui] theme", '"nord"'),
        ("[ui]\ntimezone = false\n", "[ui] timezone", "Europe/Paris"),
        ('[store]\nbackups = "3"\n', "[store] backups", "0 to 100"),
        ("[store]\nbackups = -1\n", "[store] backups", "0 to 100"),
        ("[store]\nbackups = 2.5\n", "[store] backups", "0 to 100"),
        ("[store]\nbackups = true\n", "[store] backups", "0 to 100"),
        ("[prices.m]\ninput = -1\n", "[prices.m] input", "dollars"),
        ("[prices.m]\ninput = nan\n", "[prices.m] input", "dollars"),
        ("[prices.m]\ninput = inf\n", "[prices.m] input", "dollars"),
        ("[prices.m]\ninput = 1e9\n", "[prices.m] input", "dollars"),
        ("[prices.m]\ninput = true\n", "[prices.m] input", "dollars"),
        ('[prices.m]\ninput = "3"\n', "[prices.m] input", "dollars"),
        ("[prices.m]\nvalid_from = 2026\n", "[prices.m] valid_from", "2026-01-31"),
        ("ui = 3\n", "ui is not a table", "[ui]"),
        ("agents = []\n", "agents is not a table", "[agents]"),
        ("[[store]]\n", "store is not a table", "[store]"),
        ("[agents]\ncodex = true\n", "agents.codex is not a table", "[agents.codex]"),
    ],
)
def test_a_wrong_value_is_named_with_the_right_kind(
    file: Path, content: str, named: str, valid: str
):
    error = refusal(file, content)
    assert named in error.what
    assert valid in error.hint


@pytest.mark.parametrize(
    "content",
    [
        "[ui\n",
        "a = 1\na = 2\n",
        b"\xff\xfe",
        b"a = \x00",
        "a = " + "[" * 5000,
        "a = 2026-02-30\n",
        '"\\u001b[2J" = 1\n',
        '[agents."\\u202egnp"]\n',
    ],
)
def test_what_is_not_toml_or_hostile_is_refused_in_plain_words(file: Path, content: str | bytes):
    refusal(file, content)


def test_a_file_that_cannot_be_read_is_refused(file: Path):
    file.mkdir()
    with pytest.raises(ConfigError, match="cannot be read"):
        load_config(file)


def test_a_pipe_is_not_waited_for(file: Path):
    os.mkfifo(file)
    with pytest.raises(ConfigError, match="cannot be read: it is no file"):
        load_config(file)


def test_any_agent_may_be_set_where_none_are_known(file: Path):
    file.write_text("[agents.new]\nenabled = false\n")
    assert not load_config(file).agent("new").enabled
