"""One call as all logs together give it: numbers, session, and why the rest are copies."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from toktui.agents.resolve import Copies, Known, Resolved, resolve
from toktui.evidence import CONTINUED, Evidence, Source, absorb, merge, of_sighting
from toktui.model import (
    FLAG_GAP,
    FLAG_SESSION_GUESSED,
    FLAG_WEAK_ID,
    Kind,
    Sighting,
    Tokens,
)


def known(
    path: str,
    session: str,
    *,
    at: int = 0,
    output: int = 10,
    origin: str = "",
    agent_id: str = "",
    kind: Kind = "row",
    final: bool = True,
    spots: Sequence[int] = (0, 10, 0),
    flags: int = 0,
    residual: bool = False,
) -> Known:
    sighting = Sighting(
        key="k",
        session=session,
        at_ms=at,
        model="m",
        tokens=Tokens(output=output),
        final=final,
        residual=residual,
        flags=flags,
    )
    evidence = of_sighting(sighting, at, (spots[0], spots[1], spots[2]))
    evidence.spots = list(spots)
    return Known(path, Source(kind, session, origin, agent_id), f"/of/{session}", evidence)


def reasons(*all_known: Known) -> list[str]:
    """The reason of each; `counted` for the home's."""
    resolved = in_any_order(*all_known)
    return [copies.reason or "counted" for copies in resolved.copies]


def in_any_order(*all_known: Known) -> Resolved:
    """Resolves every permutation and holds that only the order of the copies differs."""
    want = resolve(all_known)
    for order in permutations(range(len(all_known))):
        got = resolve([all_known[i] for i in order])
        for name in Resolved.__struct_fields__:
            if name == "home":
                assert order[got.home] == want.home
            elif name == "copies":
                assert [got.copies[order.index(i)] for i in range(len(order))] == list(want.copies)
            else:
                assert getattr(got, name) == getattr(want, name), name
    return want


# ---- numbers ----


def test_the_larger_output_gives_all_numbers() -> None:
    call = in_any_order(known("a", "s", output=5, at=9), known("b", "s", output=7, at=1))
    assert call.numbers.tokens == Tokens(output=7)
    assert call.at_ms == 1


def test_of_equal_outputs_a_final_row_and_then_the_later_one_is_better() -> None:
    call = in_any_order(
        known("a", "s", at=9, final=False), known("b", "s", at=1), known("c", "s", at=2)
    )
    assert (call.numbers.final, call.numbers.at_ms) == (True, 2)


def test_one_final_row_makes_a_call_exact_and_none_a_placeholder() -> None:
    assert in_any_order(known("a", "s", final=False)).exactness == "placeholder"
    copy = known("b", "t", at=5, output=1)
    assert in_any_order(known("a", "s", final=False), copy).exactness == "exact"


def test_a_call_is_residual_only_if_every_log_says_so() -> None:
    orphan = known("a", "s", residual=True)
    assert in_any_order(orphan).exactness == "residual"
    assert in_any_order(orphan, known("b", "s", output=9)).exactness == "exact"


def test_a_row_without_a_gap_beats_a_larger_one_behind_a_gap() -> None:
    call = in_any_order(known("a", "s", output=90, flags=FLAG_GAP), known("b", "s", output=9))
    assert (call.numbers.tokens.output, call.flags) == (9, 0)
    alone = in_any_order(known("a", "s", output=90, flags=FLAG_GAP | FLAG_WEAK_ID))
    assert alone.flags == FLAG_GAP | FLAG_WEAK_ID


# ---- session ----


def test_a_marked_origin_beats_an_earlier_row() -> None:
    call = in_any_order(known("a", "one", at=1), known("b", "two", at=5, origin="three"))
    assert call.session == "three"


def test_of_a_branch_of_a_branch_the_root_is_the_origin() -> None:
    branch = known("b", "middle", origin="root")
    again = known("c", "leaf", origin="middle")
    assert in_any_order(branch, again).session == "root"
    branch = known("b", "a-middle", origin="z-root")
    again = known("c", "leaf", origin="a-middle")
    assert in_any_order(branch, again).session == "z-root"


def test_without_a_marker_the_earliest_row_decides() -> None:
    call = in_any_order(known("a", "late", at=5), known("b", "early", at=1))
    assert (call.session, call.project, call.flags) == ("early", "/of/early", 0)


def test_a_tie_that_nothing_breaks_is_a_guess() -> None:
    call = in_any_order(known("a", "t"), known("b", "s"))
    assert (call.session, call.flags) == ("s", FLAG_SESSION_GUESSED)


def test_a_tie_goes_to_the_session_whose_calls_the_others_have_all() -> None:
    both = [known("a", "t"), known("b", "s")]
    call = resolve(both, lambda one, other: "t")
    assert (call.session, call.flags) == ("t", 0)


# ---- copies ----


def test_an_embedded_report_is_progress_and_counted_only_alone() -> None:
    report = known("main", "s", kind="progress", agent_id="x", at=0)
    assert reasons(report, known("sub", "s", agent_id="x", at=4)) == ["progress", "counted"]
    assert reasons(report) == ["counted"]


def test_another_log_of_the_same_session_is_an_archive() -> None:
    assert reasons(known("b", "s"), known("a", "s")) == ["archive", "counted"]


def test_a_sub_agent_that_repeats_its_parent_is_a_replay() -> None:
    assert reasons(known("a", "s", agent_id="x"), known("b", "s")) == ["replay", "counted"]


def test_a_copy_with_a_marker_is_a_fork_and_one_without_a_resume() -> None:
    assert reasons(known("a", "s"), known("b", "t", at=1, origin="s")) == ["counted", "fork"]
    assert reasons(known("a", "s"), known("b", "t", at=1)) == ["counted", "resume"]


def test_rows_of_the_home_log_are_streamed_or_emitted_again() -> None:
    rows = [0, 5, 0, 10, 5, CONTINUED, 20, 5, CONTINUED, 90, 5, 0]
    (copies,) = resolve([known("a", "s", spots=rows)]).copies
    assert copies == Copies("", 3, stream=2, reemit=1)


# ---- evidence ----

_rows = st.builds(
    Sighting,
    key=st.just("k"),
    session=st.just("s"),
    at_ms=st.integers(1, 3),
    model=st.sampled_from(["m", "n"]),
    tokens=st.builds(Tokens, output=st.integers(0, 2), input=st.integers(0, 1)),
    web_search=st.integers(0, 1),
    final=st.booleans(),
    branch=st.sampled_from(["main", "fix"]),
    version=st.sampled_from(["1", "2"]),
    flags=st.sampled_from([0, FLAG_GAP, FLAG_WEAK_ID]),
    window=st.integers(0, 1),
    residual=st.booleans(),
    reported_nusd=st.none() | st.integers(0, 2),
)
_spots = st.tuples(st.integers(0, 4), st.integers(1, 2), st.integers(0, 1))
_singles = st.builds(lambda row, spot: of_sighting(row, row.at_ms or 0, spot), _rows, _spots)
_evidence = st.lists(_singles, min_size=1, max_size=3).map(lambda found: _merged(found))


def _merged(found: Sequence[Evidence]) -> Evidence:
    whole = found[0]
    for one in found[1:]:
        whole = merge(whole, one)
    return whole


@given(_evidence, _evidence)
def test_a_merge_does_not_depend_on_its_sides(one: Evidence, other: Evidence) -> None:
    assert merge(one, other) == merge(other, one)


@given(_evidence, _evidence, _evidence)
def test_a_merge_does_not_depend_on_its_grouping(a: Evidence, b: Evidence, c: Evidence) -> None:
    assert merge(merge(a, b), c) == merge(a, merge(b, c))


@given(_evidence)
def test_merging_the_same_again_changes_nothing(one: Evidence) -> None:
    assert merge(one, one) == one


@given(_evidence, _rows, st.integers(5, 9), st.integers(0, 1))
def test_a_row_that_is_absorbed_is_merged(
    one: Evidence, row: Sighting, offset: int, bits: int
) -> None:
    spot = (offset, 3, bits)
    at_ms = row.at_ms or 0
    want = merge(one, of_sighting(row, at_ms, spot))
    before = merge(one, one)
    if absorb(one, row, at_ms, spot):
        assert one == want
    else:
        assert one == before
