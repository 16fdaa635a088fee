"""What a shell is told while somebody types."""

from __future__ import annotations

from typing import Any

import pytest
from click.testing import CliRunner

from toktui.cli import main


def offered(*words: str) -> list[str]:
    """What bash offers for the last word."""
    line = " ".join(("toktui", *words))
    env = {"_TOKTUI_COMPLETE": "bash_complete", "COMP_WORDS": line, "COMP_CWORD": str(len(words))}
    done = CliRunner().invoke(main, [], env=env, complete_var="_TOKTUI_COMPLETE")
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    assert done.stderr == ""
    return [entry.partition(",")[2] for entry in done.stdout.split()]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("re",), ["report", "reprice"]),
        (("report", "--agent", "co"), ["codex", "copilot-cli"]),
        (("sessions", "--agent", "zc"), ["zcode"]),
        (("report", "--by", "m"), ["model"]),
        (("report", "--by", "agent,t"), ["agent,tier"]),
        (("report", "--by", "agent,a"), []),
        (("nonsense", "x"), []),
        (("nonsense",), []),
        (("team", "nonsense", "--y"), []),
    ],
)
def test_what_fits_is_offered_and_nonsense_is_not_answered(
    words: tuple[str, ...], found: list[str]
):
    assert offered(*words) == found


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_its_script(shell: str, toktui: Any):
    assert "_TOKTUI_COMPLETE" in toktui("completion", shell).stdout
