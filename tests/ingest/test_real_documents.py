"""Documents that agents really wrote amount to what another counter found, or to its error.

The real tasks of Cline and Roo Code are masked inside their texts, numbers too: nothing of them can
be counted.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.ingest.test_real_logs import IN_2030_MS, sums
from tests.properties.lab import Lab, wrong_sums

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import RealLogs


@pytest.fixture(scope="module")
def others(real_logs: RealLogs) -> Iterator[tuple[Lab, dict[str, Any]]]:
    lab = Lab(Path(real_logs.home("others")), now_ms=IN_2030_MS)
    lab.sync()
    yield lab, json.loads(real_logs.expected.read_bytes())["others"]
    lab.close()


def test_the_sums_of_the_other_agents_are_those_of_their_calls(others: tuple[Lab, Any]) -> None:
    assert wrong_sums(others[0].db) == ""


def test_opencode_gives_the_expected_totals_with_reasoning_where_it_was(
    others: tuple[Lab, Any],
) -> None:
    """The other counter adds the reasoning to the output of each message. These are of 1.2, whose
    `total` is the sum of input, output and cache without it: there it is inside the output."""
    lab, want = others[0], others[1]["opencode"]
    found = sums(lab, "opencode", "'all'")["all"]
    total = want["total"]
    assert found["calls"] == want["calls"]
    assert found["input"] == total["input"]
    assert found["cache_read"] == total["cache_read"]
    assert found["reasoning"] == total["reasoning"]
    assert found["output"] == total["output"] - total["reasoning"]
    (reported,) = lab.db.execute(
        "select sum(reported_nusd) from calls where agent = 'opencode'"
    ).fetchone()
    assert reported == round(want["agent_cost_usd"] * 1e9)


def test_droid_counts_the_session_that_has_a_total(others: tuple[Lab, Any]) -> None:
    lab, want = others[0], others[1]["droid"]["total_from_sessions"]
    (call,) = lab.db.execute(
        "select input, cache_read, output, reasoning, exactness from calls where agent = 'droid'"
    ).fetchall()
    assert call == (
        want["input"], want["cache_read"], want["output"], want["thinking"], "residual",
    )  # fmt: skip


def test_amp_gives_the_expected_totals(others: tuple[Lab, Any]) -> None:
    lab, want = others[0], others[1]["amp"]
    found = sums(lab, "amp", "'all'")["all"]
    assert found == {"cache_write_1h": 0, "reasoning": 0, "calls": want["calls"]} | want["total"]
