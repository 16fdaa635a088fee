"""What a response weighs: each of its blocks once, whatever rows repeat it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from toktui.agents.content import Block
from toktui.ingest.weigh import weigh
from toktui.pricing.calibrate import SEALED_HEAD, Weight

TEXT = Block("text", "two words")
TOOL = Block("tool", "Edit", "t1", (("path", "a b c"), ("n", "1")))
THINKING = Block("thinking", "hm well", sealed=SEALED_HEAD + 50)


def words(text: str) -> int:
    return len(text.split())


def weight(*blocks: Block) -> Weight:
    return weigh(blocks, words)


def test_text_tools_and_thinking_are_weighed_apart():
    assert weight(TEXT, TOOL, THINKING) == Weight(
        tokens=2 + 1 + 1 + 3 + 1 + 1, tools=1, arguments=2, thinking=2, thoughts=1, sealed=50
    )


def test_a_block_that_rows_repeat_weighs_once():
    assert weight(TEXT, TOOL, TEXT, TOOL) == weight(TEXT, TOOL)


def test_two_equal_calls_of_a_tool_weigh_twice():
    again = Block("tool", "Edit", "t2", TOOL.arguments)
    assert weight(TOOL, again).tools == 2


def test_the_beginning_of_a_text_that_another_row_has_whole_weighs_nothing():
    assert weight(Block("text", "two"), TEXT) == weight(TEXT)
    assert weight(Block("thinking", "hm"), THINKING) == weight(THINKING)


def test_hidden_thoughts_are_each_a_thought():
    one, other = Block("thinking", sealed=1_000), Block("thinking", sealed=2_000)
    assert weight(one, other) == Weight(thoughts=2, sealed=3_000 - 2 * SEALED_HEAD)


def test_a_short_seal_holds_nothing():
    assert weight(Block("thinking", sealed=10)).sealed == 0


@given(st.permutations([TEXT, TOOL, THINKING, Block("text", "two"), Block("text", "x y z"), TEXT]))
def test_the_order_of_rows_does_not_matter(blocks: list[Block]):
    assert weight(*blocks) == weight(TEXT, TOOL, THINKING, Block("text", "x y z"))
