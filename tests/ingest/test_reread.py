"""What a newer parser changes is told per month."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from toktui.agents import agent
from toktui.config import Config
from toktui.ingest.access import sync
from toktui.ingest.context import Context
from toktui.ingest.reread import Month, Reread, load_rereads
from toktui.metrics.doctor import diagnose
from toktui.paths import Paths
from toktui.store.connect import connect_reader

if TYPE_CHECKING:
    import pytest

    from toktui.agents.base import Parsed

CASE = Path(__file__).parents[1] / "conformance" / "claude-base" / "home"


def context_of(folder: Path) -> Context:
    home = folder / "imitated"
    shutil.copytree(CASE, home)
    return Context(Paths(data=folder / "data", config=folder / "config"), Config(), home, {})


def test_a_newer_parser_that_sees_less_is_told_per_month(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = context_of(tmp_path)
    assert sync(context).store.calls == 3
    module = agent("claude-code")
    parse = type(module).parse
    seen = 0

    def without_the_first(self: object, line: bytes, state: object) -> Parsed:
        nonlocal seen
        parsed = parse(self, line, state)  # type: ignore[arg-type]
        seen += bool(parsed.sightings)
        return type(parsed)() if parsed.sightings and seen == 1 else parsed

    monkeypatch.setattr(type(module), "parse", without_the_first)
    monkeypatch.setattr(module, "PARSER", module.PARSER + 1)
    assert sync(context).store.calls == 2
    (change,) = diagnose(context).rereads
    assert (change.agent, change.month, change.calls) == ("claude-code", "2026-11", -1)
    assert change.tokens < 0
    assert change.cost_nusd < 0


def test_the_same_parser_again_is_no_reread(tmp_path: Path) -> None:
    context = context_of(tmp_path)
    sync(context)
    sync(context)
    db = connect_reader(context.paths.store)
    try:
        assert load_rereads(db) == []
    finally:
        db.close()
    assert diagnose(context).rereads == ()


def test_a_month_that_only_one_side_has_counts_from_nothing() -> None:
    here, gone = Month("2026-10", 2, 20, 200), Month("2026-11", 1, 10, 100)
    reread = Reread("codex", 2, 0, before=(gone,), after=(here,))
    assert reread.changes() == [here, Month("2026-11", -1, -10, -100)]
