"""What agents of plain rows have in common, and what only a single agent does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.properties.homes import ROOT
from toktui.agents import agent as agent_named
from toktui.agents import agent_names
from toktui.agents.base import MAX_COUNT, Parsed
from toktui.agents.lines import LineAgent, key_of, nusd_of, provider_key
from toktui.model import Tokens

LINE_AGENTS = tuple(name for name in agent_names() if isinstance(agent_named(name), LineAgent))
HOME = Path("/home/mira")


def told(agent: str, path: str, *rows: Any) -> list[Parsed]:
    """What an agent makes of the rows of one log."""
    module = agent_named(agent)
    state = module.start(path)
    return [module.parse(json.dumps(row).encode(), state) for row in rows]


def keys(parsed: list[Parsed]) -> list[str]:
    return [sighting.key for each in parsed for sighting in each.sightings]


@pytest.mark.parametrize("agent", LINE_AGENTS)
def test_a_row_of_another_kind_says_nothing_however_odd_its_fields_are(agent: str) -> None:
    module = agent_named(agent)
    words = [needle.decode().strip('"') for needle in module.needles]
    for odd in (7, [1], {"a": 1}, None, "x", True):
        row: dict[str, Any] = dict.fromkeys(words, odd)
        for kind in ("note", odd):
            parsed = module.parse(json.dumps({"type": kind, **row}).encode(), module.start("/x/s1"))
            assert parsed.sightings == ()


@pytest.mark.parametrize("agent", LINE_AGENTS)
def test_the_needles_of_an_agent_hide_no_call_of_its_golden_logs(agent: str) -> None:
    """What the byte search lets pass is never a row that the decoder makes something of."""
    module = agent_named(agent)
    assert isinstance(module, LineAgent)
    for path in (ROOT / "golden" / agent).rglob("*.jsonl"):
        state = module.start(path.as_posix())
        for line in path.read_bytes().splitlines():
            if not module.is_silent(line, 0, len(line), state):
                continue
            said = module._value_by_value(line, state)
            assert (said.sightings, said.facts) == ((), ()), line


@pytest.mark.parametrize("agent", LINE_AGENTS)
def test_a_named_home_has_the_logs_where_the_usual_home_has_them(agent: str) -> None:
    module = agent_named(agent)
    usual = {root.relative_to(HOME) for root in module.roots(HOME, {})}
    assert usual
    named = module.roots_of(HOME / next(iter(sorted(usual))))
    assert any(root.relative_to(HOME) in usual for root in named)


@pytest.mark.parametrize(
    ("agent", "variable", "root"),
    [
        ("gemini-cli", "GEMINI_CLI_HOME", "/else/.gemini/tmp"),
        ("qwen-code", "QWEN_RUNTIME_DIR", "/else"),
        ("kimi-code", "KIMI_CODE_HOME", "/else/sessions"),
        ("kimi-code", "KIMI_SHARE_DIR", "/else/sessions"),
        ("pi", "PI_CODING_AGENT_DIR", "/else/sessions"),
        ("oh-my-pi", "OMP_AGENT_DIR", "/else/sessions"),
        ("openclaw", "OPENCLAW_STATE_DIR", "/else/agents"),
        ("copilot-cli", "COPILOT_HOME", "/else"),
    ],
)
def test_an_agents_own_variable_moves_its_logs(agent: str, variable: str, root: str) -> None:
    module = agent_named(agent)
    assert Path(root) in module.roots(HOME, {variable: "/else"})
    assert Path(root) not in module.roots(HOME, {variable: "  "})


@pytest.mark.parametrize(
    ("agent", "parts", "is_log"),
    [
        ("gemini-cli", "shop/chats/session-1.jsonl", True),
        ("gemini-cli", "shop/chats/session-1.json", True),
        ("gemini-cli", "shop/chats/s1/sub.jsonl", True),
        ("gemini-cli", "shop/chats/session-1.jsonl.tmp-42", False),
        ("gemini-cli", "shop/chats/.unreadable-session-1.json", False),
        ("gemini-cli", "shop/logs.json", False),
        ("qwen-code", "projects/-w/chats/s1.jsonl", True),
        ("qwen-code", "projects/-w/subagents/s1/agent-x.jsonl", False),
        ("qwen-code", "tmp/0af/chats/session-1.json", True),
        ("qwen-code", "tmp/0af/logs.json", False),
        ("qwen-code", "usage/token-usage-2026-11.jsonl", True),
        ("qwen-code", "usage_record.jsonl", False),
        ("kimi-code", "wd_shop_1/session_1/agents/main/wire.jsonl", True),
        ("kimi-code", "0af/5c1d/wire.jsonl", True),
        ("kimi-code", "0af/5c1d/context.jsonl", False),
        ("oh-my-pi", "-w/bridge/x.jsonl", False),
        ("openclaw", "main/sessions/s1.jsonl", True),
        ("openclaw", "main/sessions/s1.jsonl.deleted.2026-11-20", True),
        ("openclaw", "main/sessions/s1.checkpoint.c1.jsonl", True),
        ("openclaw", "main/sessions/s1.trajectory.jsonl", False),
        ("openclaw", "main/sessions/sessions.json", False),
        ("copilot-cli", "session-store.db", True),
        ("copilot-cli", "session-state/s1/events.jsonl", True),
        ("copilot-cli", "session-state/s1.jsonl", True),
        ("copilot-cli", "session-state/s1/files/events.jsonl", False),
        ("copilot-cli", "logs/events.jsonl", False),
    ],
)
def test_an_agent_knows_its_logs_by_their_place(agent: str, parts: str, *, is_log: bool) -> None:
    assert agent_named(agent).is_log(tuple(parts.split("/"))) is is_log


def test_a_key_of_what_a_row_says_is_another_for_every_part() -> None:
    assert key_of("a", 1, None) == key_of("a", 1, None)
    assert len({key_of("a", 1), key_of("a", 2), key_of("a1"), key_of("", "a", 1), key_of()}) == 5
    assert key_of("\ud800").startswith("h:")


def test_a_short_id_of_a_response_counts_only_with_what_its_row_says() -> None:
    whole = "chatcmpl-0123456789ab"
    assert provider_key(whole, 1) == provider_key(whole, 2) == whole
    assert provider_key("chatcmpl-417", 1) != provider_key("chatcmpl-417", 2)
    assert provider_key("chatcmpl-417", 1) == provider_key("chatcmpl-417", 1)
    assert provider_key(None, 1) != provider_key("chatcmpl-417", 1)


@pytest.mark.parametrize(
    ("dollars", "nusd"),
    [
        (0.02535, 25_350_000), (0, 0), (3, 3_000_000_000), (-1, None), ("1", None), (True, None),
        (None, None), (float("nan"), None), (float("inf"), None), (1e7, None),
    ],
)  # fmt: skip
def test_only_a_believable_sum_of_dollars_is_kept(dollars: object, nusd: int | None) -> None:
    assert nusd_of(dollars) == nusd


@pytest.mark.parametrize(("name", "agent", "root"), [
    ("CLAUDE_CONFIG_DIR", "claude-code", "projects"), ("CODEX_HOME", "codex", "sessions"),
    ("PI_AGENT_DIR", "pi", "sessions"), ("GOOSE_PATH_ROOT", "goose", "data/sessions"),
])  # fmt: skip
def test_a_variable_of_an_agent_may_begin_with_a_tilde(name: str, agent: str, root: str) -> None:
    def first(folder: str) -> str:
        return agent_named(agent).roots(HOME, {name: folder})[0].as_posix()

    assert first("~/own") == f"{HOME}/own/{root}"
    assert first("~") == f"{HOME}/{root}"
    assert first("/own") == f"/own/{root}"
    assert first("~nobody-has-this-name") == f"~nobody-has-this-name/{root}"


# ---- Kimi Code ----

_WIRE = "/h/sessions/wd_shop_0a1b/session_1/agents/main/wire.jsonl"
_USED = {"inputOther": 5, "output": 2, "inputCacheRead": 9, "inputCacheCreation": 0}


def step(kind: str, uuid: str, at: int = 1, **more: Any) -> dict[str, Any]:
    event = {"type": f"step.{kind}", "uuid": uuid, **more}
    return {"type": "context.append_loop_event", "event": event, "time": at}


def record(at: int, scope: str = "turn") -> dict[str, Any]:
    return {"type": "usage.record", "usage": _USED, "usageScope": scope, "time": at}


def test_a_step_is_one_call_whichever_of_its_rows_comes_first() -> None:
    begin, end = step("begin", "u1"), step("end", "u1", usage=_USED)
    for rows in ((begin, record(3), end), (begin, end, record(3)), (end, record(3)), (begin, end)):
        assert set(keys(told("kimi-code", _WIRE, *rows))) == {"u1"}


def test_equal_usages_of_two_steps_are_two_calls() -> None:
    rows = [
        row
        for n in (1, 2)
        for row in (step("begin", f"u{n}"), record(n), step("end", f"u{n}", usage=_USED))
    ]
    assert keys(told("kimi-code", _WIRE, *rows)) == ["u1", "u1", "u2", "u2"]


def test_a_usage_before_the_end_of_a_step_without_a_beginning_is_that_step() -> None:
    first, second = keys(told("kimi-code", _WIRE, record(3), step("end", "u1", usage=_USED)))
    assert first == second
    assert first.startswith("h:")


def test_a_compaction_within_a_step_is_a_call_of_its_own() -> None:
    rows = (step("begin", "u1"), record(2, "session"), record(3), step("end", "u1", usage=_USED))
    aside, *own = keys(told("kimi-code", _WIRE, *rows))
    assert aside.startswith("h:")
    assert own == ["u1", "u1"]


# ---- Qwen Code ----


def test_the_state_of_a_long_session_does_not_grow() -> None:
    module = agent_named("qwen-code")
    state = module.start("/x/s1.jsonl")
    for n in range(500):
        row = {"type": "assistant", "uuid": f"u{n}", "usageMetadata": {"promptTokenCount": n}}
        module.parse(json.dumps(row).encode(), state)
    assert len(state.halves) == 64


# ---- Pi ----


def test_rows_before_the_head_of_a_fork_are_its_parents() -> None:
    head = {
        "type": "session", "id": "b", "timestamp": "2026-11-20T10:00:00.000Z",
        "parentSession": "/h/2026-11-20T09-00-00-000Z_a.jsonl",
    }  # fmt: skip

    def row(at: str) -> dict[str, Any]:
        used = {"role": "assistant", "responseId": f"r{at}", "usage": {"input": 1, "output": 1}}
        return {"type": "message", "timestamp": f"2026-11-20T{at}:00.000Z", "message": used}

    parsed = told("pi", "/h/x_b.jsonl", head, row("09:30"), row("10:30"))
    assert [s.origin for each in parsed for s in each.sightings] == ["a", ""]


# ---- GitHub Copilot CLI ----


def test_sums_stay_counts_however_often_they_begin_anew() -> None:
    from toktui.facts import decode_ledger

    def down(used: int) -> dict[str, Any]:
        usage = {"inputTokens": used, "outputTokens": used}
        return {"type": "session.shutdown", "data": {"modelMetrics": {"m": {"usage": usage}}}}

    parsed = told("copilot-cli", "/h/s1/events.jsonl", *[down(MAX_COUNT), down(0)] * 2100)
    (ledger,) = parsed[-1].facts
    assert decode_ledger(ledger.body).models[0].tokens == Tokens(MAX_COUNT, output=MAX_COUNT)


def test_sums_that_begin_anew_are_added_to_those_before() -> None:
    from toktui.facts import decode_ledger

    def down(used: int, written: int) -> dict[str, Any]:
        usage = {"inputTokens": used, "cacheWriteTokens": written, "outputTokens": 1}
        return {"type": "session.shutdown", "data": {"modelMetrics": {"m": {"usage": usage}}}}

    parsed = told("copilot-cli", "/h/s1/events.jsonl", down(100, 10), down(150, 10), down(30, 0))
    sums = [decode_ledger(fact.body).models[0].tokens for each in parsed for fact in each.facts]
    assert [(t.input, t.cache_write_5m, t.output) for t in sums] == [
        (90, 10, 1), (140, 10, 1), (170, 10, 2),
    ]  # fmt: skip
