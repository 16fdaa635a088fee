"""What Claude Code hands to its status line: limits and the state of a session, never a call."""

from __future__ import annotations

import json
from typing import Any

from toktui.agents import agent
from toktui.agents.base import Parsed
from toktui.clock import parse_ms
from toktui.facts import Limit, Status, decode_limit, decode_status

AT = "2026-11-22T10:00:00.000Z"
CLAUDE = agent("claude-code")


def parsed(**record: Any) -> Parsed:
    line = {"type": "statusline", "at": AT, "session_id": "5e55", **record}
    return parsed_line(json.dumps(line).encode())


def parsed_line(line: bytes) -> Parsed:
    state = CLAUDE.start("/data/spool/claude-code/status-000001.jsonl")
    assert not CLAUDE.is_silent(line, 0, len(line), state)
    return CLAUDE.parse(line, state)


def test_limits_are_official_facts_with_their_time():
    found = parsed(
        rate_limits={
            "five_hour": {"used_percentage": 42.5, "resets_at": 1795345200},
            "seven_day": {"used_percentage": 7},
            "seven_day_opus": {"used_percentage": 100, "resets_at": 1795700000.5},
            "spend_limit": {"used_percentage": 3},
        }
    )
    limits = {f.subject: decode_limit(f.body) for f in found.facts if f.kind == "limit"}
    assert limits == {
        "5h": Limit(42.5, 300, 1795345200000),
        "week": Limit(7, 10_080, None),
        "week opus": Limit(100, 10_080, 1795700000500),
        "spend": Limit(3, None, None),
    }
    assert {f.at_ms for f in found.facts} == {parse_ms(AT)}
    assert found.sightings == ()


def test_the_state_of_a_session_is_one_fact_about_it():
    found = parsed(
        model={"id": "claude-opus-5-5"},
        cost={"total_cost_usd": 6.31},
        context_window={
            "context_window_size": 1_000_000,
            "current_usage": {
                "input_tokens": 4,
                "cache_creation_input_tokens": 900,
                "cache_read_input_tokens": 52_000,
                "output_tokens": 310,
            },
        },
        prompt_cache={"expires_at": 1795345200},
    )
    (fact,) = found.facts
    assert (fact.kind, fact.subject, fact.latest) == ("status", "5e55", True)
    assert decode_status(fact.body) == Status(
        "claude-opus-5-5", 6_310_000_000, 52_904, 1_000_000, 1795345200000
    )


def test_what_is_not_said_is_unknown():
    (fact,) = parsed().facts
    assert decode_status(fact.body) == Status("", None, None, None, None)


def test_a_share_out_of_range_is_no_limit():
    for share in (-1, 1001, 1795345200):
        assert len(parsed(rate_limits={"five_hour": {"used_percentage": share}}).facts) == 1


def test_a_record_that_is_not_ours_is_not_understood():
    for line in (
        b'{"type":"statusline"}',
        b'{"type":"statusline","at":"yesterday","session_id":"s"}',
        b'{"type":"statusline","at":"2026-11-22T10:00:00.000Z","session_id":""}',
        b'{"type":"statusline","at":"2026-11-22T10:00:00.000Z","session_id":"s","cost":3}',
    ):
        found = parsed_line(line)
        assert found.facts == ()
        assert len(found.misread) == 1
