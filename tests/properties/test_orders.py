"""Any order, any split and any repetition of logs leave the same tables as one clean run."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.properties.homes import HOMES, case_of
from tests.properties.lab import (
    NOW_MS,
    WRITTEN_NS,
    Content,
    Lab,
    append,
    difference,
    files_of,
    write,
    wrong_sums,
)
from tests.properties.worlds import FUTURE_MINUTES, OWN_WORLDS, World, world_of
from toktui.agents import agent_names

LATER_MS = NOW_MS + FUTURE_MINUTES * 60_000
"""When every row of a world is in range."""
BUSY_MS = WRITTEN_NS // 1_000_000 + 1_000
"""A second after the last write: no log rests yet."""
LARGEST = 400_000
"""Bytes of a home that is taken apart; larger ones test something else."""

Step = tuple[Path, int, int]
OPERATIONS = ("nothing", "sync", "look", "look everywhere", "restart", "read again")


@pytest.fixture
def place() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="toktui-order-"))
    yield folder
    shutil.rmtree(folder)


@st.composite
def growths(draw: st.DrawFn, files: World) -> list[tuple[Step, str]]:
    """An order in which parts of all logs appear, with what the program does after each."""
    style = draw(st.sampled_from(["whole", "lines", "cuts", "cuts"]))
    parts: dict[Path, list[int]] = {}
    for path, data in files.items():
        if style == "whole":
            ends: set[int] = set()
        elif style == "lines":
            ends = {i + 1 for i, byte in enumerate(data) if byte == 10}
        else:
            ends = draw(st.sets(st.integers(0, len(data)), max_size=5))
        parts[path] = sorted(ends | {len(data)})
    turns = draw(st.permutations([path for path, ends in parts.items() for _ in ends]))
    steps: list[tuple[Step, str]] = []
    done = dict.fromkeys(files, 0)
    for path in turns:
        end = parts[path].pop(0)
        steps.append(((path, done[path], end), draw(st.sampled_from(OPERATIONS))))
        done[path] = end
    return steps


def clean_run(folder: Path, files: World) -> Content:
    """What a store says that met all logs at once, whole."""
    home = folder / "clean" / "home"
    for path, data in files.items():
        write(home / path, data)
    lab = Lab(home, now_ms=LATER_MS)
    try:
        lab.sync()
        assert wrong_sums(lab.db) == ""
        return lab.content()
    finally:
        lab.close()
        shutil.rmtree(home.parent)


def grown_run(folder: Path, files: World, steps: list[tuple[Step, str]], *, now_ms: int) -> Content:
    """What a store says that saw the logs grow, and whose clock moved on at the end."""
    home = folder / "grown" / "home"
    home.mkdir(parents=True)
    lab = Lab(home, now_ms=now_ms)
    try:
        for (path, start, end), operation in steps:
            append(home / path, files[path][start:end])
            if operation == "sync":
                lab.sync()
            elif operation == "look":
                lab.look([home / path])
            elif operation == "look everywhere":
                lab.look(everything=True)
            elif operation == "restart":
                lab.restart()
                lab.sync()
            elif operation == "read again":
                lab.read_again()
                lab.sync()
            assert wrong_sums(lab.db) == ""
        lab.now_ms = LATER_MS
        lab.restart()
        lab.sync()
        assert wrong_sums(lab.db) == ""
        return lab.content()
    finally:
        lab.close()
        shutil.rmtree(home.parent)


@pytest.mark.parametrize("agent", agent_names())
@settings(max_examples=60)
@given(seed=st.integers(0, 2**32), data=st.data(), still=st.booleans())
def test_tangled_logs_say_the_same_in_any_order(
    agent: str, seed: int, data: st.DataObject, *, still: bool
) -> None:
    files = world_of(agent, seed)
    with tempfile.TemporaryDirectory(prefix="toktui-order-") as name:
        folder = Path(name)
        want = clean_run(folder, files)
        steps = data.draw(growths(files))
        got = grown_run(folder, files, steps, now_ms=NOW_MS if still else BUSY_MS)
        assert difference(want, got) == ""


@pytest.mark.parametrize("home", HOMES, ids=case_of)
@settings(max_examples=3)
@given(data=st.data())
def test_every_home_says_the_same_in_any_order(home: Path, data: st.DataObject) -> None:
    files = files_of(home)
    if sum(map(len, files.values())) > LARGEST:
        pytest.skip("the home is large: another test splits it at fewer places")
    with tempfile.TemporaryDirectory(prefix="toktui-order-") as name:
        folder = Path(name)
        want = clean_run(folder, files)
        steps = data.draw(growths(files))
        # Not still: half a line that is whole JSON by chance would be read before its rest comes.
        got = grown_run(folder, files, steps, now_ms=BUSY_MS)
        assert difference(want, got) == ""


@pytest.mark.parametrize("agent", agent_names())
def test_a_log_that_grows_byte_by_byte_says_the_same(agent: str, place: Path) -> None:
    files = world_of(agent, 7)
    path, data = max(files.items(), key=lambda item: len(item[1]))
    whole = clean_run(place, files)
    home = place / "grown" / "home"
    for other, theirs in files.items():
        if other != path:
            write(home / other, theirs)
    lab = Lab(home, now_ms=NOW_MS)
    for i in range(len(data)):
        append(home / path, data[i : i + 1])
        lab.look([home / path])
    lab.now_ms = LATER_MS
    lab.restart()
    lab.sync()
    assert difference(whole, lab.content()) == ""


@pytest.mark.parametrize("agent", agent_names())
@settings(max_examples=15)
@given(seed=st.integers(0, 2**32), cut=st.floats(0, 1))
def test_a_newer_parser_in_the_middle_of_a_log_leaves_no_trace(
    agent: str, seed: int, cut: float
) -> None:
    from toktui.agents import agent as agent_named

    files = world_of(agent, seed, future=False)
    module = agent_named(agent)
    with tempfile.TemporaryDirectory(prefix="toktui-order-") as name:
        folder = Path(name)
        want = clean_run(folder, files)
        home = folder / "grown" / "home"
        lab = Lab(home, now_ms=LATER_MS)
        before = module.PARSER
        try:
            for path, data in files.items():
                append(home / path, data[: int(cut * len(data))])
            lab.sync()
            module.PARSER = before + 1
            lab.restart()
            for path, data in files.items():
                append(home / path, data[int(cut * len(data)) :])
            lab.sync()
            assert wrong_sums(lab.db) == ""
            assert difference(want, lab.content()) == ""
        finally:
            module.PARSER = before
            lab.close()


@pytest.mark.parametrize("agent", OWN_WORLDS)
@settings(max_examples=25)
@given(seed=st.integers(0, 2**32), data=st.data(), live=st.booleans())
def test_logs_that_move_on_their_way_say_what_they_say_at_the_end(
    agent: str, seed: int, data: st.DataObject, *, live: bool
) -> None:
    files = world_of(agent, seed)
    with tempfile.TemporaryDirectory(prefix="toktui-order-") as name:
        folder = Path(name)
        want = clean_run(folder, files)
        home = folder / "grown" / "home"
        home.mkdir(parents=True)
        lab = Lab(home, now_ms=BUSY_MS)
        for path in data.draw(st.permutations(sorted(files))):
            before = Path(*path.parts[:2], "0-before", *path.parts[2:])
            if agent == "codex":
                before = Path(".codex/sessions/2026/11/19", path.parts[1], path.name)
            cut = data.draw(st.integers(0, len(files[path])))
            append(home / before, files[path][:cut])
            lab.look(everything=True) if live else lab.sync()
            (home / path).parent.mkdir(parents=True, exist_ok=True)
            (home / before).rename(home / path)
            if data.draw(st.booleans()):
                lab.look(everything=True) if live else lab.sync()
                assert wrong_sums(lab.db) == ""
            append(home / path, files[path][cut:])
        lab.now_ms = LATER_MS
        lab.restart()
        lab.sync()
        assert wrong_sums(lab.db) == ""
        assert difference(want, lab.content()) == ""
        lab.close()
