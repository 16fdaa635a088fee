"""A number that an option cannot take is refused with one sentence, before anything happens."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from toktui.cli import main
from toktui.cli.numbers import Number, Whole
from toktui.server import start

ABSURD = ("nan", "inf", "-inf", "1e999", "-1", "-0.5", "abc", "", " ", "٣", "9" * 5000, "1_0",
          "0x10")  # fmt: skip
OPTIONS = (
    ("serve", "--rate"), ("serve", "--port"), ("serve", "--fd"),
    ("serve", "init", "--retention"), ("sessions", "--limit"), ("team", "invite", "--uses"),
    ("team", "invite", "--hours"), ("report", "--since"), ("report", "--until"),
    ("sessions", "--since"), ("models", "--until"), ("outcomes", "--since"),
    ("data", "forget", "--before"),
)  # fmt: skip


def run(home: Path, *args: str) -> Result:
    env = {"HOME": str(home), "TOKTUI_DATA_DIR": str(home / "data"),
           "TOKTUI_CONFIG_DIR": str(home / "config")}  # fmt: skip
    return CliRunner().invoke(main, list(args), env=env)


def said(result: Result) -> str:
    """What is said of it, without how the command is used."""
    lines = [line for line in result.stderr.splitlines() if line.strip()]
    return "\n".join(line for line in lines if not line.startswith(("Usage:", "Try ")))


@pytest.mark.parametrize("option", OPTIONS, ids=" ".join)
@pytest.mark.parametrize("value", ABSURD, ids=lambda text: repr(text[:8]))
def test_an_absurd_value_is_refused_and_named(
    option: tuple[str, ...], value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(start, "run", lambda *_args, **_options: pytest.fail("it was served"))
    result = run(tmp_path, *option, value)
    assert (result.exit_code, result.exception.__class__) == (2, SystemExit), result.output
    assert option[-1] in said(result)
    assert len(said(result)) < 240
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("--rate", "0"), "'0' is no number from 0.01 to 1000000."),
        (("--rate", "1000001"), "'1000001' is no number from 0.01 to 1000000."),
        (("--port", "65536"), "'65536' is no whole number from 0 to 65535."),
        (("--fd", "0"), "--fd"),
        (("--fd", "4000"), "--fd"),
    ],
)
def test_what_no_server_can_do_is_refused(args: tuple[str, ...], words: str, tmp_path: Path):
    result = run(tmp_path, "serve", *args)
    assert result.exit_code == 2, result.output
    assert words in said(result)


def test_every_option_that_takes_a_number_says_its_bounds():
    loose: list[str] = []

    def look(command: click.Command, path: str) -> None:
        for option in command.params:
            if isinstance(option.type, click.types.IntParamType | click.types.FloatParamType):
                loose.append(f"{path} {option.name}")
        if isinstance(command, click.Group):
            for name in command.commands:
                look(command.commands[name], f"{path} {name}")

    look(main, "toktui")
    assert loose == []


def test_numbers_within_their_bounds_are_taken():
    assert [Whole(0, 65_535).convert(text, None, None) for text in ("0", "65535", " 7 ")] == [
        0, 65_535, 7
    ]  # fmt: skip
    assert [Number(0.01, 1e6).convert(text, None, None) for text in ("0.01", "1e6", "2")] == [
        0.01, 1e6, 2
    ]  # fmt: skip
