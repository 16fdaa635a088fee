"""A bug in the screens: the terminal and the log get its place, nobody gets what a log says."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.app import App

SECRET = "Secret words of an answer"


def _fail() -> None:
    said = SECRET
    raise KeyError(said[:6])


async def test_a_bug_ends_the_screens_with_its_place_and_without_local_variables(
    normal: Path,
    run: Callable[..., Any],
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
):
    apps: list[App[None]] = []

    async def crash() -> None:
        async with run(normal) as screens:
            apps.append(screens.app)
            screens.app.call_later(_fail)
            await screens.pilot.pause(0.2)

    with caplog.at_level(logging.ERROR, "toktui"), pytest.raises(KeyError):
        await crash()
    told = capsys.readouterr().err
    for text in (told, caplog.text):
        assert f"{Path(__file__).name}:" in text
        assert "in _fail" in text
        assert "KeyError" in text
        assert SECRET not in text
    assert "Secret" in told
    assert "Secret" not in caplog.text
    assert apps[0].return_code == 1
