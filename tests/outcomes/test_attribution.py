"""Which session made which change, whatever the order; and shares that add up."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from tests.outcomes.lab import HOUR, MINUTE, START_MS
from toktui.outcomes.attribution import STEP_MS, Link, Stay, link
from toktui.outcomes.chain import Commit
from toktui.outcomes.landed import Change, Kind


def commit(name: str, at_ms: int) -> Commit:
    return Commit(hash=name, tree=name, parents=("p",), author_ms=at_ms, at_ms=at_ms,
                  emails=frozenset(), subject=name)  # fmt: skip


def change(name: str, at_ms: int, *, kind: Kind = "push", branch: str = "") -> Change:
    return Change(hash=name, before="p", commits=(commit(name, at_ms),), kind=kind, branch=branch)


def stay(session: int, branch: str, *at_ms: int) -> Stay:
    return Stay(session, branch, frozenset(at // STEP_MS for at in at_ms))


def reasons(links: list[Link]) -> set[tuple[int, str, str]]:
    return {(one.session, one.change, one.reason) for one in links}


def test_a_session_on_the_default_branch_made_what_was_written_meanwhile() -> None:
    stays = [stay(1, "main", START_MS), stay(2, "main", START_MS - 3 * HOUR),
             stay(3, "other", START_MS), stay(4, "", START_MS)]  # fmt: skip
    found = link([change("a", START_MS + 20 * MINUTE)], stays, (), "main")
    assert reasons(found) == {(1, "a", "time"), (4, "a", "time_only")}


def test_sessions_on_a_merged_branch_made_the_merge() -> None:
    merge = change("m", START_MS, kind="merge", branch="orders")
    stays = [stay(1, "orders", START_MS - 5 * HOUR), stay(2, "orders", START_MS + HOUR),
             stay(3, "main", START_MS)]  # fmt: skip
    assert reasons(link([merge], stays, (), "main")) == {(1, "m", "branch")}


def test_a_squash_is_linked_only_if_one_branch_was_at_work() -> None:
    squash = change("s", START_MS, kind="squash")
    one = [stay(1, "cart", START_MS - 5 * HOUR), stay(2, "cart", START_MS - 50 * HOUR)]
    assert reasons(link([squash], one, (), "main")) == {
        (1, "s", "only_branch"), (2, "s", "only_branch"),
    }  # fmt: skip
    assert link([squash], [*one, stay(3, "other", START_MS - HOUR)], (), "main") == []


def test_what_is_exact_is_never_inferred_and_time_alone_yields_to_it() -> None:
    stays = [stay(1, "main", START_MS), stay(2, "main", START_MS)]
    ran = [Link(1, "a", "same_patch"), Link(1, "a", "committed")]
    found = link([change("a", START_MS)], stays, ran, "main")
    assert reasons(found) == {(1, "a", "committed")}


def test_sessions_that_a_maker_started_helped_to_make_it() -> None:
    """Its sub-agents, and theirs: but not those of another day, or of a session that made none."""
    stays = [stay(n, "main", START_MS) for n in (1, 2, 3, 5, 6)] + [
        stay(4, "main", START_MS - 30 * HOUR)
    ]
    parents = {2: 1, 3: 2, 4: 1, 6: 5, 1: 3}
    found = link([change("a", START_MS)], stays, [Link(1, "a", "committed")], "main", parents)
    assert reasons(found) == {(1, "a", "committed"), (2, "a", "spawned"), (3, "a", "spawned")}


@given(st.randoms(use_true_random=False))
def test_links_do_not_depend_on_order(random: Random) -> None:
    changes = [
        change(f"c{n}", START_MS + random.randrange(8) * HOUR,
               kind=random.choice(("push", "squash")))
        for n in range(6)
    ] + [change("m", START_MS + 4 * HOUR, kind="merge", branch="x")]  # fmt: skip
    stays = [
        stay(n, random.choice(("main", "x", "")), START_MS + random.randrange(8) * HOUR)
        for n in range(12)
    ]
    ran = [Link(n, "c0", random.choice(("committed", "merged"))) for n in (0, 0, 1)]
    parents = {n: random.randrange(12) for n in range(12)}
    expected = link(changes, stays, ran, "main", parents)
    for each in (changes, stays, ran):
        random.shuffle(each)
    assert link(changes, stays, ran, "main", parents) == expected
    assert len({(one.session, one.change) for one in expected}) == len(expected)
