"""Logs that agents really wrote amount to what another counter found, to the token."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.properties.lab import Lab, wrong_sums

if TYPE_CHECKING:
    from tests.conftest import RealLogs

HOMES = (
    "tricky",
    "bulk",
    "codex-archived-fork-33ce-3869",
    "codex-live-fork-4d90-52bf",
    "codex-missing-parent-siblings",
)
IN_2030_MS = 1_893_628_800_000
"""2030-01-03: some of the logs carry invented times."""
_BUCKETS = ("input", "cache_read", "cache_write_5m", "cache_write_1h", "output", "reasoning")


def sums(lab: Lab, agent: str, grouped: str) -> dict[str, dict[str, int]]:
    columns = ", ".join(f"sum({bucket})" for bucket in _BUCKETS)
    return {
        key: dict(zip(("calls", *_BUCKETS), numbers, strict=True))
        for key, *numbers in lab.db.execute(
            f"select {grouped}, count(*), {columns} from calls where agent = ? group by 1",
            (agent,),
        )
    }


@pytest.mark.parametrize("name", HOMES)
def test_a_real_home_gives_the_expected_totals(name: str, real_logs: RealLogs) -> None:
    expected: dict[str, Any] = json.loads(real_logs.expected.read_bytes())[name]
    lab = Lab(Path(real_logs.home(name)), now_ms=IN_2030_MS)
    lab.sync()
    for agent, want in expected.items():
        found = sums(lab, agent, "model"), sums(lab, agent, "date(at_ms / 1000, 'unixepoch')")
        for have, by in zip(found, ("by_model", "by_utc_day"), strict=True):
            for key, numbers in want[by].items():
                for word, number in numbers.items():
                    if word in (*_BUCKETS, "calls"):
                        assert have[key][word] == number, (agent, key, word)
            assert sorted(k for k in have if any(have[k].values())) == sorted(want[by])
    assert wrong_sums(lab.db) == ""
    lab.close()


OTHERS = ("gemini-cli", "pi")
"""Agents of the home `others` whose calls the other counter has counted."""


@pytest.mark.parametrize("agent", OTHERS)
def test_real_logs_of_another_agent_give_the_expected_totals(
    agent: str, real_logs: RealLogs
) -> None:
    want: dict[str, Any] = json.loads(real_logs.expected.read_bytes())["others"][agent]
    lab = Lab(Path(real_logs.home("others")), now_ms=IN_2030_MS)
    lab.sync()
    have = sums(lab, agent, "agent")[agent]
    assert have["calls"] == want["calls"]
    assert {bucket: have[bucket] for bucket in want["total"]} == want["total"]
    assert wrong_sums(lab.db) == ""
    lab.close()


NO_CALLS: dict[str, int] = {"mirrored delivery": 1, "command line's own rows without counts": 10}
"""Distinct rows of OpenClaw that are no calls."""


def test_checkpoints_of_a_real_session_are_copies(real_logs: RealLogs) -> None:
    want: dict[str, Any] = json.loads(real_logs.expected.read_bytes())["others"]["openclaw"]
    lab = Lab(Path(real_logs.home("others")), now_ms=IN_2030_MS)
    lab.sync()
    have = sums(lab, "openclaw", "agent")["openclaw"]
    assert have["calls"] == want["distinct"] - sum(NO_CALLS.values())
    assert sums(lab, "openclaw", "exactness").keys() == {"placeholder"}
    assert wrong_sums(lab.db) == ""
    lab.close()


def test_a_real_session_of_kimi_code_is_its_steps_and_a_compaction(real_logs: RealLogs) -> None:
    home = Path(real_logs.home("others"))
    rows = [
        json.loads(row)
        for log in home.glob(".kimi/sessions/*/*/wire.jsonl")
        for row in log.read_bytes().splitlines()
    ]
    records = [row["usage"] for row in rows if row["type"] == "usage.record"]
    ends = [row for row in rows if row.get("event", {}).get("type") == "step.end"]
    assert (len(records), len(ends)) == (23, 22)
    lab = Lab(home, now_ms=IN_2030_MS)
    lab.sync()
    have = sums(lab, "kimi-code", "agent")["kimi-code"]
    assert have["calls"] == len(records)
    assert have["input"] == sum(usage["inputOther"] for usage in records)
    assert have["cache_read"] == sum(usage["inputCacheRead"] for usage in records)
    assert have["output"] == sum(usage["output"] for usage in records)
    lab.close()


def test_real_sessions_of_copilot_are_what_their_ends_and_their_answers_say(
    real_logs: RealLogs,
) -> None:
    """How much of the output was reasoning is only in the sums at the end, whose output is known
    from the answers already: what they have beyond the calls holds none of it."""
    want: dict[str, Any] = json.loads(real_logs.expected.read_bytes())["others"]["copilot-cli"]
    summed = want["total_with_shutdown"]
    lab = Lab(Path(real_logs.home("others")), now_ms=IN_2030_MS)
    lab.sync()
    have = sums(lab, "copilot-cli", "agent")["copilot-cli"]
    assert have["input"] == summed["input"]
    assert have["cache_read"] == summed["cache_read"]
    assert have["output"] == summed["output"] + want["output_without_shutdown"]
    assert sums(lab, "copilot-cli", "exactness").keys() == {"placeholder", "residual"}
    assert wrong_sums(lab.db) == ""
    lab.close()


def test_a_real_database_of_cursor_has_two_turns_that_were_counted(real_logs: RealLogs) -> None:
    """The 40 messages beside those with counts are pieces of the same two turns."""
    lab = Lab(Path(real_logs.home("others")), now_ms=IN_2030_MS)
    lab.sync()
    have = sums(lab, "cursor", "exactness")
    assert have.keys() == {"exact"}
    assert have["exact"]["calls"] == 2
    assert (have["exact"]["input"], have["exact"]["output"]) == (75_278, 7_888)
    assert wrong_sums(lab.db) == ""
    lab.close()
