"""Whoever tells of a turn of Cursor first, and however many do: it counts once, the best told."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.properties.cursor_worlds import BEGIN_MS, Talk, Turn, World, world_of
from tests.properties.lab import Content, Lab, difference, write, wrong_sums
from toktui.clock import DAY_MS, MINUTE_MS

LATER_MS = BEGIN_MS + 20 * DAY_MS
APART_MS = 40 * MINUTE_MS
"""No two turns are taken for each other by their times."""


def counted(world: World) -> Counter[tuple[str, str]]:
    """Session and exactness of every call that there should be, by what happened."""
    talks = {talk.name: talk for talk in world.talks}
    found: Counter[tuple[str, str]] = Counter()
    for talk in world.talks:
        for turn in talk.turns:
            if turn in talk.exported:
                found[_session(talk, turn, talks), "exact"] += 1
            elif turn in talk.hooked:
                found[talk.name, "exact"] += 1
            elif talk.stored or (_has_text(talk) and not _is_told(talk, turn, talks)):
                found[talk.name, "estimated"] += 1
    return found


def _has_text(talk: Talk) -> bool:
    return bool(talk.transcript) or talk.chatted


def _is_told(talk: Talk, turn: Turn, talks: dict[str, Talk]) -> bool:
    """Whether the hook tells of the time of a turn that it did not tell itself."""
    if talk.hooked:
        return talk.hooked[0].nth < turn.nth < talk.hooked[-1].nth
    parent = talks.get(talk.parent)
    if parent is None or not parent.hooked or turn.begin > parent.hooked[-1].end:
        return False
    return not _has_text(parent) or turn.begin >= parent.hooked[0].begin


def _session(talk: Talk, turn: Turn, talks: dict[str, Talk]) -> str:
    """Of a row of the export: that of the turn, if anybody else tells of that very one."""
    known = talk.stored or turn in talk.hooked
    if known or (_has_text(talk) and not _is_told(talk, turn, talks)):
        return talk.name
    return "dashboard"


def said(lab: Lab) -> Counter[tuple[str, str]]:
    """Session and exactness of every call of the store."""
    rows = lab.db.execute("select session_id, exactness from calls")
    return Counter((str(s).partition("-2026")[0], str(e)) for s, e in rows)


@settings(max_examples=150)
@given(seed=st.integers(0, 2**32), data=st.data())
def test_every_turn_counts_once_whatever_told_of_it_first(seed: int, data: st.DataObject) -> None:
    world = world_of(seed, gap_ms=APART_MS)
    order = data.draw(st.permutations(sorted(world.files)))
    with tempfile.TemporaryDirectory(prefix="toktui-cursor-") as folder:
        stores: list[Content] = []
        for name, paths in (("whole", order[:0]), ("grown", order)):
            lab = Lab(Path(folder) / name / "home", now_ms=LATER_MS)
            for path in paths:
                write(lab.home / path, world.files[path])
                if data.draw(st.booleans()):
                    lab.sync()
                    assert wrong_sums(lab.db) == ""
            for path, content in world.files.items():
                write(lab.home / path, content)
            lab.sync()
            assert wrong_sums(lab.db) == ""
            assert said(lab) == counted(world)
            stores.append(lab.content())
            lab.close()
        assert difference(stores[0], stores[1]) == ""


@settings(max_examples=100)
@given(seed=st.integers(0, 2**32), data=st.data(), gap_ms=st.sampled_from([500, 20_000, 70_000]))
def test_turns_of_one_minute_never_count_twice(
    seed: int, data: st.DataObject, gap_ms: int
) -> None:
    world = world_of(seed, gap_ms=gap_ms)
    order = data.draw(st.permutations(sorted(world.files)))
    with tempfile.TemporaryDirectory(prefix="toktui-cursor-") as folder:
        lab = Lab(Path(folder) / "home", now_ms=LATER_MS)
        for path in order:
            write(lab.home / path, world.files[path])
            lab.sync()
        calls = said(lab)
        for talk in world.talks:
            happened = len(talk.turns) if _has_text(talk) or talk.stored else len(talk.hooked)
            estimated = calls[talk.name, "estimated"]
            assert calls[talk.name, "exact"] == len(talk.hooked)
            assert estimated <= happened - len(talk.hooked)
            if talk.stored:
                assert estimated == happened - len(talk.hooked)
        lab.close()
