"""A log that is still being written is not done: sync says so."""

from __future__ import annotations

from typing import Any


def test_a_line_that_may_still_be_written_is_named(logs: Any, toktui: Any):
    logs.call()
    with logs.raw("{}").open("a") as log:
        log.write('{"type":"assistant","mess')
    assert "1 log ends in a line that may still be written" in toktui("sync").stdout


def test_whole_lines_leave_nothing_to_wait_for(logs: Any, toktui: Any):
    logs.call()
    assert "may still be written" not in toktui("sync").stdout
