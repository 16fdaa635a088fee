"""The dearest sessions of a range are the same, whichever way they are found."""

from __future__ import annotations

import sqlite3

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.metrics.conftest import NOW
from toktui.clock import DAY_MS, Range
from toktui.metrics.filters import Filters
from toktui.metrics.range_sums import sums_in
from toktui.metrics.top_sessions import top_sessions


@pytest.mark.parametrize("agent", ["claude-code", "codex", "cursor", "nobody"])
@settings(max_examples=25)
@given(edges=st.tuples(st.integers(0, 50 * DAY_MS), st.integers(0, 50 * DAY_MS)))
def test_a_filter_by_agent_means_whole_sessions(
    agent: str, edges: tuple[int, int], db: sqlite3.Connection
):
    start, end = (NOW - 45 * DAY_MS + edge for edge in sorted(edges))
    within = Range(start - start % 900_000, end)
    by_agent = Filters(agents=(agent,))
    # A word is found in each call, so that this one looks at all of them.
    by_word = Filters(agents=(agent,), words=(agent,))
    found, looked_up = (
        [
            (top.row.id, top.sums.calls, top.sums.cost_nusd, top.sums.tokens)
            for top in top_sessions(
                db, within, filters, sums_in(db, within, filters=filters), most=5
            )
        ]
        for filters in (by_agent, by_word)
    )
    assert [each[2:] for each in found] == [each[2:] for each in looked_up]
    if len({each[2:] for each in found}) == len(found):
        assert found == looked_up
