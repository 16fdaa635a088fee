"""Which leading totals of a log repeat a relative's, told without any clock."""

from __future__ import annotations

from itertools import permutations

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
