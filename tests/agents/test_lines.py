"""Lines as crashed, hostile and future writers leave them: each costs itself and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.properties.golden_worlds import reads_lines
from tests.properties.homes import GOLDEN
from tests.properties.lab import NOW_MS, files_of, stopwatch
from tests.properties.worlds import claude_row, lines, record, session_meta, stamp, world_of
from toktui.agents import agent as agent_named
from toktui.agents import agent_names
from toktui.agents.base import Parsed
from toktui.ingest.gather import Gathered, Gatherer
from toktui.text import clean

MUTANTS = 10_000
OF_LINES = tuple(filter(reads_lines, agent_names()))
_HOSTILE = (
    b"\x00", b"\xff", b"\xed\xa0\x80", b"\\ud800", b"\\u0000", b"\x1b[2J", b"}{", b"{" * 300,
    b"[" * 2000, b"-1", b"1e999", b"NaN", b"true", b"null", b'"', b"9" * 40, b"1e3", b"{}",
    "\u202e".encode(), b"\\", b"[@click=app.quit]", b"1.5", b"\r", b" ",
)  # fmt: skip


def golden_lines(agent: str) -> list[bytes]:
    found = [
        line
        for home in GOLDEN
        if home.parent.parent.name == agent
        for path, data in files_of(home).items()
        if not agent_named(agent).is_document(path.as_posix())
        for line in data.splitlines()
    ]
    assert found
    return found


def mutants(agent: str, count: int, seed: int = 1) -> Iterator[bytes]:
    """Golden lines with bytes changed, cut, doubled and replaced; none holds a newline."""
    draw = Random(seed)
    known = golden_lines(agent)
    for _ in range(count):
        line = bytearray(draw.choice(known))
        for _ in range(draw.randint(1, 4)):
            at = draw.randint(0, len(line))
            kind = draw.randint(0, 4)
            if kind == 0:
                line[at:at] = draw.choice(_HOSTILE)
            elif kind == 1:
                del line[at : at + draw.randint(1, 40)]
            elif kind == 2 and at < len(line):
                line[at] = draw.randint(0, 255)
            elif kind == 3:
                other = draw.choice(known)
                line[at:at] = other[: draw.randint(0, len(other))]
            else:
                digits = [i for i, byte in enumerate(line) if 48 <= byte <= 57]
                if digits:
                    at = draw.choice(digits)
                    line[at : at + 1] = draw.choice(_HOSTILE)
        yield bytes(line).replace(b"\n", b"")


def assert_well_formed(parsed: Parsed) -> None:
    """Everything that a parser says is clean and in range."""
    for sighting in parsed.sightings:
        assert all(0 <= n <= 2**53 for n in msgspec.structs.astuple(sighting.tokens))
        assert sighting.tokens.reasoning <= sighting.tokens.output
        for name in ("key", "session", "origin", "agent_id", "agent_type", "project", "branch",
                     "version", "model", "geo"):  # fmt: skip
            text = getattr(sighting, name)
            assert text == clean(text, 1024), (name, text)
        assert sighting.key
    for misread in parsed.misread:
        assert misread.shape == clean(misread.shape, 200)
        assert misread.version == clean(misread.version)
    for fact in parsed.facts:
        assert fact.subject == clean(fact.subject, 1024)


@pytest.mark.parametrize("agent", OF_LINES)
def test_no_line_can_make_a_parser_fail_or_hang(agent: str) -> None:
    module = agent_named(agent)
    state = module.start("/x/rollout-2026-11-20T09-00-00-5e550001-0000-4000-8000-000000000000")
    began = stopwatch()
    understood = 0
    for line in mutants(agent, MUTANTS):
        parsed = module.parse(line, state)
        assert_well_formed(parsed)
        understood += len(parsed.sightings)
    packed = msgspec.msgpack.encode(state)
    assert msgspec.msgpack.encode(module.load_state(packed)) == packed
    assert understood > 100
    assert len(packed) < 3_000_000
    assert stopwatch() - began < 30


def test_a_log_of_very_many_sessions_is_remembered_in_part() -> None:
    module = agent_named("claude-code")
    state = module.start("/x/s1")
    for n in range(5_000):
        row = claude_row(f"msg_01{n:022d}", f"s{n}", stamp(1), cwd=f"/srv/{'w' * 400}")
        (sighting,) = module.parse(lines([row])[:-1], state).sightings
        assert sighting.project
    assert len(msgspec.msgpack.encode(state)) < 1_000_000


def gathered(agent: str, *blocks: bytes) -> Gathered:
    module = agent_named(agent)
    gatherer = Gatherer(module, module.start("/x/s1"), latest_ms=NOW_MS)
    at = 0
    for block in blocks:
        gatherer.read_block(block, at)
        at += len(block)
    return gatherer.take()


@pytest.mark.parametrize("agent", OF_LINES)
@settings(max_examples=40)
@given(seed=st.integers(0, 2**32), broken=st.booleans())
def test_a_block_says_what_its_lines_say_one_by_one(agent: str, seed: int, *, broken: bool) -> None:
    if broken:
        rows = [*mutants(agent, 12, seed), *Random(seed).sample(golden_lines(agent), 5)]
        Random(seed).shuffle(rows)
        block = b"".join(row + b"\n" for row in rows)
    else:
        block = b"".join(world_of(agent, seed).values())
    one_by_one = gathered(agent, *(row + b"\n" for row in block.split(b"\n")[:-1]))
    same = gathered(agent, block) == one_by_one
    assert same, block


# ---- single lines ----


def claude(line: bytes) -> Parsed:
    module = agent_named("claude-code")
    return module.parse(line, module.start("/x/s1.jsonl"))


def plain_row(**more: Any) -> bytes:
    return lines([claude_row("msg_01AAAAAAAAAAAAAAAAAAAAAA", "s1", stamp(1), **more)])[:-1]


@pytest.mark.parametrize(
    "bad", [b"-1", b"9007199254740992", b"1.5", b"true", b'"7"', b"[7]", b"1e400", b"NaN"]
)
def test_a_count_that_is_none_is_refused_by_name(bad: bytes) -> None:
    line = plain_row().replace(b'"input_tokens":3', b'"input_tokens":' + bad)
    parsed = claude(line)
    assert parsed.sightings == ()
    assert len(parsed.misread) == 1
    assert "77" not in parsed.misread[0].shape


@pytest.mark.parametrize(("good", "count"), [(b"1e3", 1000), (b"1000.0", 1000), (b"null", 0)])
def test_an_integral_float_is_a_count_and_null_is_none(good: bytes, count: int) -> None:
    line = plain_row().replace(b'"input_tokens":3', b'"input_tokens":' + good)
    assert [s.tokens.input for s in claude(line).sightings] == [count]


@pytest.mark.parametrize("blank", [b"", b"  \t", b"\r", b"\0\0\0"])
def test_a_blank_line_says_nothing(blank: bytes) -> None:
    for name in OF_LINES:
        module = agent_named(name)
        assert module.parse(blank, module.start("/x/s1")) == Parsed()


def test_nul_bytes_before_a_row_and_a_carriage_return_behind_it_do_no_harm() -> None:
    want = claude(plain_row())
    assert claude(b"\0" * 512 + plain_row()) == want
    assert claude(plain_row() + b"\r") == want


def test_glued_rows_are_all_read_and_a_torn_head_costs_the_line() -> None:
    other = plain_row().replace(b"AAAA", b"BBBB")
    assert len(claude(plain_row() + other).sightings) == 2
    torn = claude(plain_row()[:50] + other)
    assert (len(torn.sightings), len(torn.misread)) == (0, 1)
    tail = claude(plain_row() + other[:50])
    assert (len(tail.sightings), len(tail.misread)) == (0, 1)


def test_a_hundred_thousand_brackets_cost_one_line() -> None:
    for name in OF_LINES:
        module = agent_named(name)
        line = b'{"type":"assistant","usage":1,"token_count":' + b"[" * 100_000
        assert len(module.parse(line, module.start("/x/s1")).misread) <= 1
        closed = line + b"]" * 100_000 + b"}"
        assert len(module.parse(closed, module.start("/x/s1")).misread) <= 1


def test_a_user_row_that_mentions_usage_ends_a_response_like_any_other() -> None:
    """A relay without ids or blocks: only the user's row tells its two answers apart."""
    module = agent_named("claude-code")
    for text in ("go on", 'what is "usage"?'):
        state = module.start("/x/s1.jsonl")
        user = {"type": "user", "uuid": "u", "message": {"role": "user", "content": text}}
        rows = [claude_row("x", "s1", stamp(1), uuid="a"), user, claude_row("x", "s1", stamp(2))]
        keys = [s.key for row in rows for s in module.parse(lines([row])[:-1], state).sightings]
        assert len(set(keys)) == 2, text


def test_ids_of_a_relay_do_not_make_the_state_grow_without_end() -> None:
    module = agent_named("claude-code")
    state = module.start("/x/s1.jsonl")
    for n in range(6_000):
        module.parse(lines([claude_row(f"chatcmpl-{n}", "s1", stamp(1), uuid=f"a{n}")])[:-1], state)
    assert len(msgspec.msgpack.encode(state)) < 150_000


def test_totals_of_a_long_thread_do_not_make_the_state_grow_without_end() -> None:
    from tests.properties.worlds import token_count

    module = agent_named("codex")
    state = module.start("/x/rollout-s1")
    module.parse(lines([session_meta(stamp(0), "t")])[:-1], state)
    for n in range(1, 3_000):
        module.parse(lines([token_count(stamp(1), 5 * n, 5)])[:-1], state)
    assert len(msgspec.msgpack.encode(state)) < 20_000
    parsed = module.parse(lines([record(stamp(1), "t", "resp_1", 4)])[:-1], state)
    assert [s.key for s in parsed.sightings] == ["resp_1"]
