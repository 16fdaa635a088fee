"""Which leading totals of a log repeat a relative's, told without any clock."""

from __future__ import annotations

from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from toktui.agents.lineage import Run, Step, family_moves


def run(session: str, parent: str, *totals: int, early: int = 99, path: str = "") -> Run:
    """A log; `early` counts the totals before the place where a replay ends at the latest."""
    steps = (Step(f"{session}:0:{t}", str(t), i < early) for i, t in enumerate(totals))
    return Run(path or f"/{session}", session, parent, tuple(steps))


def moved(*runs: Run) -> dict[str, dict[str, tuple[str, str, bool]]]:
    """The moves by path and own key, the same for every order of the logs."""
    want = family_moves(runs)
    for order in permutations(runs):
        assert family_moves(order) == want
    return {
        path: {own: (m.key, m.origin, m.orphan) for own, m in moves.items()}
        for path, moves in want.items()
    }


def test_a_fork_repeats_its_parents_leading_totals() -> None:
    moves = moved(run("p", "", 1, 2, 3), run("f", "p", 1, 2, 9))
    assert moves["/f"] == {"f:0:1": ("p:0:1", "p", False), "f:0:2": ("p:0:2", "p", False)}
    assert moves["/p"] == {}


def test_a_replay_may_begin_inside_the_parents_history() -> None:
    assert moved(run("p", "", 1, 2, 3), run("f", "p", 2, 3, 4))["/f"] == {
        "f:0:2": ("p:0:2", "p", False), "f:0:3": ("p:0:3", "p", False)
    }  # fmt: skip


def test_totals_that_are_equal_only_later_are_the_forks_own() -> None:
    assert moved(run("p", "", 1, 2), run("f", "p", 7, 1, 2))["/f"] == {}


def test_a_session_without_a_parent_repeats_nobody() -> None:
    assert moved(run("a", "", 1, 2), run("b", "", 1, 2)) == {"/a": {}, "/b": {}}


def test_a_fork_of_a_fork_reaches_the_first_log() -> None:
    family = (run("a", "", 1, 2), run("b", "a", 1, 2, 3), run("c", "b", 1, 2, 3, 4))
    assert moved(*family)["/c"] == {
        "c:0:1": ("a:0:1", "a", False),
        "c:0:2": ("a:0:2", "a", False),
        "c:0:3": ("b:0:3", "b", False),
    }


def test_a_sub_agent_that_copies_a_sub_agent_is_told_by_the_parent() -> None:
    family = (run("a", "", 1, 2), run("x", "a", 1, 2, 5), run("y", "a", 1, 2, 6))
    assert moved(*family)["/y"] == {
        "y:0:1": ("a:0:1", "a", False), "y:0:2": ("a:0:2", "a", False)
    }  # fmt: skip


def test_without_the_parent_the_early_run_is_kept_under_his_name() -> None:
    assert moved(run("f", "gone", 1, 2, 3, early=2))["/f"] == {
        "f:0:1": ("gone:0:1", "gone", True), "f:0:2": ("gone:0:2", "gone", True)
    }  # fmt: skip


def test_siblings_without_their_parent_meet_under_his_name() -> None:
    moves = moved(run("f", "gone", 1, 2, 3), run("g", "gone", 1, 2, 4))
    shared = {("gone:0:1", "gone", True), ("gone:0:2", "gone", True)}
    assert set(moves["/f"].values()) == set(moves["/g"].values()) == shared


def test_a_record_of_the_parent_stands_for_its_total() -> None:
    parent = Run("/p", "p", "", (Step("p:0:1", "1", True, "resp_1"),))
    assert moved(parent, run("f", "p", 1, 2))["/f"] == {"f:0:1": ("resp_1", "p", False)}


def test_parents_that_run_in_a_circle_end() -> None:
    assert set(moved(run("a", "b", 1), run("b", "a", 1))) == {"/a", "/b"}
    assert set(moved(run("a", "a", 1))) == {"/a"}


def test_a_twin_of_a_fork_moves_like_it() -> None:
    twins = run("f", "p", 1, 9), run("f", "p", 1, 9, path="/archive/f")
    moves = moved(run("p", "", 1, 2), *twins)
    assert moves["/f"] == moves["/archive/f"] == {"f:0:1": ("p:0:1", "p", False)}


def test_a_log_without_totals_moves_nothing() -> None:
    assert moved(run("p", "", 1), run("f", "p")) == {"/p": {}, "/f": {}}


def longest_relative(run: Run, runs: list[Run]) -> tuple[str, int, int]:
    """By trying every place of every relative: the parent first, then by session and path."""
    relatives = [
        other for other in runs
        if other.session != run.session and run.parent in (other.session, other.parent)
    ]  # fmt: skip
    best = ("", 0, 0)
    for other in sorted(relatives, key=lambda r: (r.session != run.parent, r.session, r.path)):
        for start in range(len(other.steps)):
            length = 0
            for mine, theirs in zip(run.steps, other.steps[start:], strict=False):
                if mine.total != theirs.total:
                    break
                length += 1
            if length > best[1]:
                best = (other.path, length, start)
    return best


sessions = st.sampled_from(("a", "b", "c", "d"))
families = st.lists(
    st.tuples(
        sessions, st.sampled_from(("", "a", "b", "x")), st.lists(st.integers(1, 3), max_size=7)
    ),
    max_size=7,
)  # fmt: skip


@given(families)
def test_the_longest_part_of_a_relative_is_found_as_by_trying_all(
    members: list[tuple[str, str, list[int]]]
) -> None:
    runs = [
        run(session, parent, *totals, path=f"{session}{number}")
        for number, (session, parent, totals) in enumerate(members)
    ]
    found = family_moves(runs)
    for one in runs:
        path, length, start = longest_relative(one, runs) if one.parent else ("", 0, 0)
        match = next((other for other in runs if other.path == path), None)
        moved = found[one.path]
        if match is None:
            relatives = any(
                other.session != one.session and one.parent in (other.session, other.parent)
                for other in runs
            )
            assert not moved or not relatives
            continue
        assert list(moved) == list(dict.fromkeys(step.key for step in one.steps[:length]))
        if match.session == one.parent and not match.parent:
            theirs = [step.key for step in match.steps[start : start + length]]
            assert [moved[step.key].key for step in one.steps[:length]] == theirs


def test_a_thousand_siblings_take_no_more_than_their_steps() -> None:
    looked = 0

    class Total(str):
        __slots__ = ()
        __hash__ = str.__hash__

        def __eq__(self, other: object) -> bool:
            nonlocal looked
            looked += 1
            return str.__eq__(self, other)

        def __ne__(self, other: object) -> bool:
            return not self == other

    def steps(session: str, *totals: int) -> tuple[Step, ...]:
        return tuple(Step(f"{session}:{n}", Total(n), early=True) for n in totals)

    def looks(siblings: int) -> int:
        nonlocal looked
        runs = [Run("p", "p", "", steps("p", *range(30)))]
        for number in range(siblings):
            name = f"s{number:04}"
            runs.append(Run(name, name, "p", steps(name, *range(20), 1_000 + number)))
        looked = 0
        assert all(len(moved) == 20 for path, moved in family_moves(runs).items() if path != "p")
        return looked

    assert looks(400) < 12 * looks(40)
