"""Every agent has golden homes: invented logs of each version, and what they amount to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.properties.homes import GOLDEN, case_of
from tests.properties.lab import Lab, files_of, write, wrong_sums
from toktui.agents import agent_names

HERE = Path(__file__).parent
CALL = (
    "call_id, session_id, agent_id, at_ms, project, branch, model, tier, exactness, flags, input,"
    " cache_read, cache_write_5m, cache_write_1h, output, reasoning, web_search, reported_nusd"
)


def said(lab: Lab) -> dict[str, Any]:
    """What a store says, in the shape of `expected.json`."""
    names = CALL.replace(" ", "").split(",")
    plain = {"agent_id": "", "branch": "", "flags": "", "tier": "standard", "reasoning": 0,
             "web_search": 0, "reported_nusd": None, "exactness": "exact"}  # fmt: skip
    calls = []
    for row in lab.db.execute(f"select {CALL} from calls order by at_ms, call_id"):
        call = dict(zip(names, row, strict=True))
        calls.append({k: v for k, v in call.items() if k not in plain or v != plain[k]})
    totals = {
        "calls": len(calls),
        "copies": dict(
            lab.db.execute(
                "select reason, sum(rows) from copy_total group by reason"
                " having sum(rows) > 0 order by reason"
            )
        ),
        "not_understood": lab.db.execute("select count(*) from misread").fetchone()[0],
    }
    sessions = [
        {"session": key, "parent": parent, "calls": count, "tokens": tokens}
        for key, parent, count, tokens in lab.db.execute(
            "select session_id, parent_session_id, calls, tokens from sessions order by session_id"
        )
    ]
    return {"totals": totals, "sessions": sessions, "calls": calls}


@pytest.mark.parametrize("agent", agent_names())
def test_every_agent_has_a_golden_folder(agent: str) -> None:
    assert list((HERE / agent).glob("*/home")), f"tests/golden/{agent}/ has no case"


@pytest.mark.parametrize("golden", GOLDEN, ids=case_of)
def test_a_golden_home_amounts_to_what_is_expected(golden: Path, home: Path) -> None:
    for path, data in files_of(golden).items():
        write(home / path, data)
    lab = Lab(home)
    lab.sync()
    expected = json.loads((golden.parent / "expected.json").read_bytes())
    assert said(lab) == {key: expected[key] for key in ("totals", "sessions", "calls")}
    assert wrong_sums(lab.db) == ""
