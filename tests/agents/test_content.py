"""What a model wrote is found in the lines that report its call, and nothing else is."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.agents.test_lines import mutants
from toktui.agents import agent, agent_names
from toktui.agents.base import Agent
from toktui.agents.content import Block, Turn

KEY = "msg_01AAAAAAAAAAAAAAAAAAAAAA"
OTHER = "msg_01BBBBBBBBBBBBBBBBBBBBBB"
CLAUDE = agent("claude-code")


def row(content: object, *, key: str = KEY, kind: str = "assistant") -> bytes:
    message = {"id": key, "model": "m", "content": content, "usage": {"output_tokens": 1}}
    return json.dumps({"type": kind, "message": message}).encode()


def said(content: object) -> tuple[Block, ...]:
    return CLAUDE.said(row(content), KEY)


def test_text_thinking_and_tools_are_told_apart():
    blocks = said(
        [
            {"type": "thinking", "thinking": "Hm.", "signature": "x" * 500},
            {"type": "redacted_thinking", "data": "y" * 40},
            {"type": "text", "text": "Done."},
            {"type": "tool_use", "id": "t1", "name": "Edit", "input": {"old": "a\n", "n": [1, 2]}},
        ]
    )
    assert blocks == (
        Block("thinking", "Hm.", sealed=500),
        Block("thinking", sealed=40),
        Block("text", "Done."),
        Block("tool", "Edit", "t1", (("old", "a\n"), ("n", "[1,2]"))),
    )


def test_the_text_of_an_argument_is_counted_without_the_escapes_of_json():
    (block,) = said([{"type": "tool_use", "id": "t", "name": "W", "input": {"text": 'a\n"b"'}}])
    assert block.arguments == (("text", 'a\n"b"'),)


def test_only_the_row_of_the_call_is_read_from_a_line_with_two():
    line = row([{"type": "text", "text": "ours"}]) + row(
        [{"type": "text", "text": "theirs"}], key=OTHER
    )
    assert CLAUDE.said(line, KEY) == (Block("text", "ours"),)
    assert CLAUDE.said(line, OTHER) == (Block("text", "theirs"),)


def test_the_row_of_a_relay_is_known_by_its_line_alone():
    line = row([{"type": "text", "text": "said"}], key="constant")
    assert CLAUDE.said(line, "weak:s:constant:3") == (Block("text", "said"),)
    assert CLAUDE.said(line, KEY) == ()


def test_an_embedded_message_says_what_it_embeds():
    inner: dict[str, Any] = json.loads(row([{"type": "text", "text": "inside"}]))
    data = {"type": "agent_progress", "message": inner}
    line = json.dumps({"type": "progress", "data": data}).encode()
    assert CLAUDE.said(line, KEY) == (Block("text", "inside"),)


@pytest.mark.parametrize("content", [None, 3, [3, None, {}], [{"type": "image"}], {"a": 1}])
def test_content_of_another_shape_says_nothing(content: object):
    assert said(content) == ()


def test_what_others_wrote_is_not_what_the_model_said():
    assert CLAUDE.said(row([{"type": "text", "text": "prompt"}], kind="user"), KEY) == ()


@pytest.mark.parametrize(
    "name", [name for name in agent_names() if type(agent(name)).said is not Agent.said]
)
def test_no_line_is_too_hostile_to_look_for_what_was_said(name: str):
    for line in mutants(name, 500):
        blocks = agent(name).said(line, KEY)
        assert all(isinstance(block, Block) for block in blocks)


@pytest.mark.parametrize(
    "name", [name for name in agent_names() if type(agent(name)).turn is not Agent.turn]
)
def test_no_line_is_too_hostile_to_be_a_turn(name: str):
    for line in mutants(name, 500):
        turn = agent(name).turn(line)
        assert turn is None or isinstance(turn, Turn)
