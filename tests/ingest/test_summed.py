"""A sum over calls that nobody logged one by one decides no band of prices by its size."""

from __future__ import annotations

import json
from pathlib import Path

from tests.properties.lab import Lab
from toktui.ingest.reprice import changes, reprice
from toktui.metrics.find import Target
from toktui.metrics.why import load_why
from toktui.pricing.rates import load_book

SESSION = "c005f6f4-5bfe-5cdb-abea-1a78a2aeb8af"


def test_the_total_of_a_session_is_priced_below_every_band(home: Path) -> None:
    folder = home / ".factory/sessions/-home-dev-shop"
    folder.mkdir(parents=True)
    used = {"inputTokens": 400_000, "outputTokens": 1_000}
    (folder / f"{SESSION}.settings.json").write_text(
        json.dumps({"model": "gpt-5.4", "tokenUsage": used})
    )
    row = {"type": "session_start", "id": SESSION, "cwd": "/home/dev/shop"}
    (folder / f"{SESSION}.jsonl").write_text(
        json.dumps(row | {"timestamp": "2026-11-20T10:00:00.000Z"}) + "\n"
    )
    lab = Lab(home)
    lab.sync()
    ((number, cost),) = lab.db.execute("select id, cost_nusd from call")
    assert cost == 400_000 * 2_500 + 1_000 * 15_000
    (seen,) = load_why(lab.db, load_book(), Target("call", number, "", "droid")).calls
    assert seen.derivation is not None
    assert seen.derivation.cost.total_nusd == cost
    assert seen.note == ""
    assert changes(lab.db, load_book(), lambda _: "all") == []
    assert reprice(lab.settler, lab.now_ms) == 0
