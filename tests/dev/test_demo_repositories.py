"""The demo has repositories, so that its Outcomes show something."""

from __future__ import annotations

import os
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from toktui.clock import parse_ms
from toktui.config import Config
from toktui.dev.demo import demo_context
from toktui.ingest import access
from toktui.ingest.context import Context
from toktui.ingest.outcomes import bring_up_to_date
from toktui.metrics.outcome_lists import load_whole
from toktui.paths import Paths
from toktui.store.connect import connect_reader

NOW = parse_ms("2026-11-22T14:32:05.000Z") or 0


@pytest.mark.git
def test_what_the_demos_sessions_made_has_landed() -> None:
    nowhere = Path("/nowhere")
    base = Context(Paths(nowhere, nowhere), Config(), nowhere, os.environ)
    with demo_context(base, now_ms=lambda: NOW, weeks=2) as context:
        access.sync(context)
        db = connect_reader(context.paths.store)
        bring_up_to_date(context, db)
        found = load_whole(db, zone=ZoneInfo("UTC"))
        db.close()
    assert found.outcomes.linked_changes > 10
    assert {change.kind for change in found.changes} == {"merge", "push"}
    assert found.outcomes.per_change_nusd
    assert 0 < (found.outcomes.unattributed or 0) < 1
