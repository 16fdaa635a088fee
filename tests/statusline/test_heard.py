"""What an agent says is checked field by field; what is not known is left out."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.statusline.said import NOW, SECRETS, SESSION, as_bytes
from toktui.agents import agent
from toktui.facts import Limit, decode_limit
from toktui.statusline.heard import Heard, Window, hear


def heard(**changed: Any) -> Heard:
    found = hear(as_bytes(**changed))
    assert found is not None
    return found


def test_a_whole_document_is_understood():
    found = heard()
    assert (found.session, found.model) == (SESSION, "Opus 5.5")
    assert found.cost_nusd == 6_310_000_000
    assert (found.context_tokens, found.context_window) == (164_010, 200_000)
    assert found.cache_expires_ms == NOW + 180_000
    assert found.windows == (
        Window("5h", 58.2, NOW // 1000 * 1000 + 7_200_000, 300),
        Window("week", 31, NOW // 1000 * 1000 + 4 * 86_400_000, 10_080),
    )


def test_only_known_fields_are_for_keeping():
    record = heard().record
    assert list(record) == [
        "session_id", "version", "model", "cost", "context_window", "prompt_cache", "rate_limits",
    ]  # fmt: skip
    text = json.dumps(record)
    assert not [secret for secret in SECRETS if secret in text]
    assert record["cost"] == {"total_cost_usd": 6.31}


def test_no_more_windows_are_taken_than_any_plan_has():
    limits = {f"seven_day_{n}": {"used_percentage": n} for n in range(1000)}
    assert len(heard(rate_limits=limits).windows) == 8


def test_a_date_is_as_good_as_seconds():
    limits = {"five_hour": {"used_percentage": 5, "resets_at": "2026-11-22T16:40:00Z"}}
    assert heard(rate_limits=limits).windows == (Window("5h", 5, 1795365600000, 300),)


def test_without_counts_the_context_is_the_share_of_the_window():
    assert heard(context_window={"used_percentage": 50, "context_window_size": 1_000_000}
                 ).context_tokens == 500_000  # fmt: skip
    assert heard(context_window={"context_window_size": 200_000}).context_tokens is None


@pytest.mark.parametrize("wrong", [None, "x", -1, True, 1e400, [], {}, float("nan"), 10**30])
def test_a_field_of_another_shape_is_unknown(wrong: Any):
    found = heard(
        cost={"total_cost_usd": wrong},
        context_window={"current_usage": wrong, "context_window_size": wrong},
        prompt_cache=wrong,
        rate_limits={"five_hour": {"used_percentage": wrong}, "seven_day": wrong},
        model=wrong,
        transcript_path=wrong,
    )
    assert found.cost_nusd is None
    assert found.context_tokens is found.context_window is found.cache_expires_ms is None
    assert found.windows == ()
    assert found.model == ""


@pytest.mark.parametrize("session", ["../../etc", "a b", "", "x" * 65, 3, None, "\x1b[2J"])
def test_a_session_that_is_no_plain_id_is_no_session(session: Any):
    assert heard(session_id=session).session == ""


def test_a_name_is_free_of_what_a_terminal_obeys():
    found = heard(model={"id": "x", "display_name": "\x1b]0;boo\x07Opus\u202e"})
    assert found.model.isprintable()


@pytest.mark.parametrize("data", [b"", b"garbage", b"[1]", b"null", b'{"a":', b"\xff\xfe", b"3"])
def test_what_is_no_object_says_nothing(data: bytes):
    assert hear(data) is None


def test_what_nests_too_deep_says_nothing():
    assert hear(b'{"a":' * 100_000) is None


_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["used_percentage", "resets_at", "total_cost_usd", "five_hour", "seven_day_opus",
             "spend_limit", "id"]
        )
        | st.text(max_size=5),
        inner,
        max_size=4,
    ),
    max_leaves=12,
)
_NAMES = st.sampled_from(
    ["session_id", "model", "cost", "context_window", "prompt_cache", "rate_limits", "version"]
)


@given(st.dictionaries(_NAMES, _ANYTHING))
def test_whatever_is_kept_is_understood_when_it_is_read(document: dict[str, Any]):
    found = hear(json.dumps(document).encode())
    assert found is not None
    record = {"type": "statusline", "at": "2026-11-22T10:00:00Z", "session_id": "s", **found.record}
    claude = agent("claude-code")
    parsed = claude.parse(json.dumps(record).encode(), claude.start("/status-000001.jsonl"))
    assert parsed.misread == ()
    facts = [fact for fact in parsed.facts if fact.kind == "limit"]
    assert [(fact.subject, decode_limit(fact.body)) for fact in facts] == [
        (window.name, Limit(window.used_percent, window.minutes, window.resets_ms))
        for window in found.windows
    ]
