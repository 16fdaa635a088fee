"""What fills a session's window, on a screen of its own."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from toktui.metrics import compose
from toktui.metrics.composition import Composition, Part
from toktui.tui.views import context

from .conftest import NOW, Run


@pytest.fixture(autouse=True)
def _nothing_known(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(context, "_last", [])


def composition(scale: float = 1.0) -> Composition:
    parts = (
        Part("result", "Bash\x1b[31m[bold]", 70_000, 12),
        Part("system", "", 25_000, 0),
        Part("prompt", "", 5_000, 3),
    )
    return Composition(
        call="msg_1", agent="claude-code", model="claude-opus-4-8", at_ms=NOW, prompt=100_000,
        window=200_000, parts=parts, scale=scale, source="shipped", computed_ms=NOW, log="read",
    )  # fmt: skip


@pytest.mark.parametrize("size", [(80, 24), (200, 60)])
async def test_the_parts_are_listed_with_their_shares(
    normal: Path, run: Run, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
):
    monkeypatch.setattr(context, "compose_apart", lambda *asked: composition())
    async with run(normal, size=size) as screens:
        await screens.press("2", "enter", "c")
        assert re.search(r"CONTEXT +100k of 200k, 50(\.0)? %", screens.text)
        assert re.search(r"results of Bash\[31m\[bold\] +12 +70\.0k +70\.0 %", screens.text)
        assert re.search(r"system prompt, tools.* 25\.0k +25\.0 %", screens.text)
        await screens.press("escape")
        assert "list cost" in screens.text


async def test_a_scale_that_is_far_off_is_told(
    normal: Path, run: Run, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(context, "compose_apart", lambda *asked: composition(0.4))
    async with run(normal, size=(80, 24)) as screens:
        await screens.press("2", "enter", "c")
        assert "scaled by 0.4: it has more text than was sent" in " ".join(screens.text.split())


async def test_a_session_without_its_text_says_so(moved: Path, run: Run):
    async with run(moved) as screens:
        await screens.press("2", "enter", "c")
        assert "Nothing can be said of it" in screens.text


async def test_what_was_taken_apart_of_one_store_is_not_shown_of_another(
    normal: Path, moved: Path, run: Run
):
    for store, expected in ((moved, "Nothing can be said"), (normal, "results of Bash")):
        async with run(store) as screens:
            await screens.press("2", "enter", "c")
            assert expected in screens.text


async def test_a_return_costs_nothing(normal: Path, run: Run, monkeypatch: pytest.MonkeyPatch):
    asked: list[int] = []

    def compose_apart(store: Path, session: int, now_ms: int) -> Composition:
        del store, now_ms
        asked.append(session)
        return composition()

    monkeypatch.setattr(context, "compose_apart", compose_apart)
    async with run(normal) as screens:
        await screens.press("2", "enter", "c", "escape", "c")
        assert len(asked) == 1


async def test_what_the_store_keeps_needs_no_other_process(
    normal: Path, run: Run, monkeypatch: pytest.MonkeyPatch
):
    kept = msgspec.structs.replace(composition(), log="gone")
    monkeypatch.setattr(context, "load_kept", lambda *asked: kept)
    monkeypatch.setattr(context, "compose_apart", lambda *asked: pytest.fail("asked"))
    async with run(normal) as screens:
        await screens.press("2", "enter", "c")
        assert re.search(r"the log is gone: this was computed at \d\d:\d\d", screens.text)


def test_a_process_that_fails_says_nothing(tmp_path: Path):
    assert compose.compose_apart(tmp_path / "no.db", 1, NOW) is None
