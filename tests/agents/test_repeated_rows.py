"""Rows that repeat the one before them are not made again: nobody can tell by what they say."""

from __future__ import annotations

import json

import msgspec
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.properties.worlds import stamp
from toktui.agents import _claude_calls as calls
from toktui.agents import agent
from toktui.agents.base import Parsed

_ID = "msg_01bpJdMO2LhoUKBxbhLuw0rf"
_OTHER = "msg_01uDJoAglIpteKkopSkQi3ND"
_USAGE = {"input_tokens": 3, "output_tokens": 9}
_MESSAGE = {"id": _ID, "model": "claude-opus-5-5", "stop_reason": "end_turn", "usage": _USAGE}
_ROW = {"type": "assistant", "sessionId": "s1", "cwd": "/home/dev/shop", "message": _MESSAGE}
_SEARCH = [{"type": "tool_use", "id": "toolu_1", "name": "WebSearch"}]
_OF_MESSAGES = (
    {}, {"id": _OTHER}, {"id": "1"}, {"id": None}, {"model": "<synthetic>"}, {"stop_reason": None},
    {"usage": {"output_tokens": 5}}, {"usage": None}, {"stop_reason": "tool_use"},
    {"stop_reason": None, "content": _SEARCH},
    {"usage": {**_USAGE, "iterations": [{"type": "compaction", "output_tokens": 4}]}},
)  # fmt: skip
_OF_ROWS = (
    {}, {}, {"sessionId": "s2"}, {"sessionId": None}, {"cwd": None}, {"cwd": "/home/dev/other"},
    {"gitBranch": "topic"}, {"isSidechain": True}, {"agentId": "a1"}, {"version": "2.1.330"},
    {"requestSessionId": "s0"}, {"requestRef": "r1"}, {"costUSD": 0.5}, {"costUSD": 0.7},
    {"isApiErrorMessage": True}, {"isUnmetered": True}, {"forkedFrom": {"sessionId": "s9"}},
)  # fmt: skip
_rows = st.builds(
    lambda of_row, of_message, minute: {
        **_ROW, **of_row, "message": {**_MESSAGE, **of_message}, "timestamp": stamp(minute),
    },
    st.sampled_from(_OF_ROWS),
    st.just(_OF_MESSAGES[0]) | st.sampled_from(_OF_MESSAGES),
    st.integers(0, 3),
)  # fmt: skip


def said(rows: list[dict[str, object]], *, remembers: bool) -> tuple[list[Parsed], bytes]:
    """What two logs say whose rows are read in turns, and the state of both."""
    module = agent("claude-code")
    states = [module.start("/x/s1.jsonl"), module.start("/x/agent-7.jsonl")]
    found: list[Parsed] = []
    for number, row in enumerate(rows):
        if not remembers:
            calls._last.sighting = calls._last.message = None
        found.append(module.parse(json.dumps(row).encode(), states[number % 4 == 3]))
    return found, msgspec.msgpack.encode(states)


_HOMELESS = {**_ROW, "cwd": None, "timestamp": stamp(0)}


@example([_HOMELESS, {**_ROW, "isUnmetered": True}, _HOMELESS])
@settings(max_examples=300, deadline=None)
@given(st.lists(_rows, max_size=12))
def test_rows_say_the_same_whatever_row_stood_before(rows: list[dict[str, object]]) -> None:
    assert said(rows, remembers=True) == said(rows, remembers=False)


def test_most_rows_of_a_response_are_not_made_again() -> None:
    found, _ = said([{**_ROW, "timestamp": stamp(n)} for n in range(2)], remembers=True)
    one, other = (parsed.sightings[0] for parsed in found)
    assert one.at_ms != other.at_ms
    assert one.tokens is other.tokens
