"""The model server that real clients are run against, and what their comparison says."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from toktui.agents import agent_names
from toktui.dev.clients.catalog import CLIENTS
from toktui.dev.clients.provider import Answer
from toktui.dev.clients.replies import ANTHROPIC, CHAT, GEMINI, RESPONSES
from toktui.dev.clients.run import Calls, Result, compare, line, table
from toktui.model import Tokens

if TYPE_CHECKING:
    from toktui.dev.clients.replies import Protocol

TOOL = {"name": "bash", "function": {"name": "bash"}, "functionDeclarations": [{"name": "bash"}]}
PROTOCOLS: dict[str, tuple[Protocol, str, dict[str, Any]]] = {
    "anthropic": (ANTHROPIC, "/v1/messages", {"messages": [{"role": "user", "content": "hi"}]}),
    "responses": (RESPONSES, "/v1/responses", {"input": [{"type": "message", "content": "hi"}]}),
    "chat": (CHAT, "/v1/chat/completions", {"messages": [{"role": "user", "content": "hi"}]}),
    "gemini": (
        GEMINI,
        "/v1beta/models/gemini-2.5-pro:streamGenerateContent",
        {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]},
    ),
}


@pytest.mark.parametrize("name", PROTOCOLS)
def test_a_model_asks_for_a_tool_with_counts_that_no_other_answer_has(name: str):
    protocol, path, body = PROTOCOLS[name]
    assert [p.answers(path) for p, *_ in PROTOCOLS.values()].count(True) == 1
    asked = protocol.asked(path, body | {"model": "m", "stream": True, "tools": [TOOL]})
    one, other = protocol.reply(asked, 1), protocol.reply(asked, 2)
    said = json.dumps(one.events)
    assert "echo hi" in said.replace("\\", "")
    assert str(one.tokens.cache_read) in said
    assert one.tokens != other.tokens


@pytest.mark.parametrize("name", PROTOCOLS)
def test_a_model_that_is_offered_no_tools_just_says_that_it_is_done(name: str):
    protocol, path, body = PROTOCOLS[name]
    asked = protocol.asked(path, body | {"stream": True})
    assert asked.tool == ""
    assert "echo hi" not in json.dumps(protocol.reply(asked, 1).events)


@pytest.mark.parametrize("name", ["anthropic", "chat"])
def test_the_result_of_a_tool_ends_the_turn(name: str):
    protocol, path, _ = PROTOCOLS[name]
    result = {"role": "tool", "content": [{"type": "tool_result", "content": "hi"}]}
    asked = protocol.asked(path, {"messages": [result], "tools": [TOOL], "stream": True})
    assert asked.tool == ""


def answers(*numbers: int) -> list[Answer]:
    return [Answer(n, "m", Tokens(n, 0, 0, 0, 10 * n, 1), side=False, whole=True) for n in numbers]


def result() -> Result:
    return Result(client="Claude Code", version="2.1", steps=["run"])


def test_a_request_that_no_call_answers_for_is_missing_and_a_call_without_one_is_extra():
    r = result()
    compare(
        r,
        answers(1, 2),
        Calls(exact=Counter([Tokens(1, 0, 0, 0, 10, 1), Tokens(9, 0, 0, 0, 9, 1)])),
    )
    assert (r.answered, r.matched, r.extra) == (2, 1, 1)
    assert [a.number for a in r.missing] == [2]
    assert "1 missing [#2 m]" in line(r)
    assert "| 2 | 1 | 0 | 0 | 0 | 0 | 1 | 1 |" in table([r])


def test_a_call_that_is_counted_twice_is_extra():
    r = result()
    compare(r, answers(1), Calls(exact=Counter({Tokens(1, 0, 0, 0, 10, 1): 2})))
    assert (r.matched, r.extra) == (1, 1)


def test_a_request_in_the_ledger_is_told_apart_from_a_lost_one():
    r = result()
    compare(
        r,
        answers(1, 2),
        Calls(exact=Counter([Tokens(1, 0, 0, 0, 10, 1)]), residual_output=20, residuals=1),
    )
    assert (r.matched, r.ledger, r.missing, r.extra) == (1, 1, [], 0)


def test_a_ledger_may_hold_what_an_interrupted_request_got():
    r = result()
    asked = answers(1, 2, 3)
    asked[2].whole = False
    known = Counter([Tokens(1, 0, 0, 0, 10, 1)])
    compare(r, asked, Calls(exact=known, residual_output=25, residuals=1))
    assert (r.matched, r.ledger, r.cut, r.missing, r.extra) == (1, 1, 1, [], 0)


def test_a_ledger_that_says_something_else_proves_nothing():
    r = result()
    compare(
        r,
        answers(1, 2),
        Calls(exact=Counter([Tokens(1, 0, 0, 0, 10, 1)]), residual_output=19, residuals=1),
    )
    assert (r.ledger, len(r.missing), r.extra) == (0, 1, 1)


def test_a_call_without_its_output_is_a_placeholder():
    r = result()
    compare(r, answers(1), Calls(prompts=Counter([Tokens(1)])))
    assert (r.matched, r.placeholder, r.missing, r.extra) == (0, 1, [], 0)


def test_an_interrupted_answer_may_be_logged_or_not():
    cut = answers(1, 2)
    cut[1].whole = False
    for calls in (
        Calls(exact=Counter([cut[0].tokens])),
        Calls(Counter([cut[0].tokens]), Counter([Tokens(2)])),
    ):
        r = result()
        compare(r, cut, calls)
        assert (r.cut, r.matched, r.missing, r.extra) == (1, 1, [], 0)


def test_a_client_that_was_stopped_before_it_logged_an_answer_has_lost_nothing():
    r = result()
    asked = answers(1, 2)
    asked[1].hurried = True
    compare(r, asked, Calls(exact=Counter([Tokens(1, 0, 0, 0, 10, 1)])))
    assert (r.matched, r.cut, r.missing, r.extra) == (1, 1, [], 0)


def test_an_interrupted_answer_that_is_logged_in_full_is_a_match():
    r = result()
    asked = answers(1)
    asked[0].whole = False
    compare(r, asked, Calls(exact=Counter([asked[0].tokens])))
    assert (r.matched, r.cut, r.missing, r.extra) == (1, 0, [], 0)


def test_every_client_is_of_an_agent_that_toktui_reads():
    assert {client.agent for client in CLIENTS} <= set(agent_names())
    assert all(client.steps for client in CLIENTS)
