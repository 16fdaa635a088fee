"""When a window runs out: a range, and nothing where nothing can be said."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from toktui.metrics.pace import RunsOut, Use, pace_of, runs_out

HOUR = 3_600_000
START, END = 0, 5 * HOUR


def out(
    used: float, *rates: float, until: int = 1000, since: int = 0, seen: int = HOUR,
    now: int | None = None,
) -> RunsOut | None:  # fmt: skip
    return runs_out(
        used, Use(until, since, rates), start_ms=START, seen_ms=seen, end_ms=END,
        now_ms=seen if now is None else now,
    )  # fmt: skip


def test_pace_is_the_used_share_over_the_elapsed_share():
    assert pace_of(40, start_ms=START, seen_ms=HOUR, end_ms=END) == 2.0
    assert pace_of(10, start_ms=START, seen_ms=HOUR, end_ms=END) == 0.5
    assert pace_of(40, start_ms=START, seen_ms=END + 9, end_ms=END) == 0.4


def test_a_window_that_has_just_begun_has_no_pace():
    assert pace_of(1, start_ms=START, seen_ms=HOUR // 60, end_ms=END) is None
    assert pace_of(1, start_ms=END, seen_ms=END, end_ms=END) is None


def test_the_range_is_from_the_fastest_to_the_slowest_burn():
    # 40 % were 1000 units in an hour; 60 % are left, 1500 units.
    assert out(40, 2000 / HOUR, 1500 / HOUR) == RunsOut(
        HOUR + 1500 * HOUR // 2000, HOUR + 1500 * HOUR // 1000
    )


def test_what_was_burned_since_the_share_was_seen_is_taken_off():
    late = out(40, 1000 / HOUR, since=500, now=HOUR + HOUR // 2)
    assert late == RunsOut(2 * HOUR + HOUR // 2, 2 * HOUR + HOUR // 2)
    assert out(99, 1000 / HOUR, since=500, now=2 * HOUR) == RunsOut(2 * HOUR, 2 * HOUR)


def test_what_the_slowest_burn_does_not_fill_is_open():
    assert out(40, 3000 / HOUR, 1 / HOUR) == RunsOut(HOUR + HOUR // 2, None)


def test_nothing_runs_out_that_lasts_until_the_window_begins_anew():
    assert out(10, 1000 / HOUR) is None


def test_nothing_runs_out_while_nothing_is_burned():
    assert out(90, 0.0, 0.0) is None
    assert out(0, 1000 / HOUR) is None


def test_another_machines_work_goes_on_as_it_did():
    assert out(50, 7.0, until=0) == RunsOut(2 * HOUR, 2 * HOUR)


_SHARES = st.floats(0.1, 100)
_RATES = st.floats(0, 1000)


@given(_SHARES, st.lists(_RATES, max_size=3), st.integers(0, 10**15), st.integers(0, 10**15),
       st.integers(1, 5 * HOUR), st.integers(0, HOUR))  # fmt: skip
def test_a_range_is_in_order_and_inside_the_window(
    used: float, rates: list[float], until: int, since: int, seen: int, later: int
):
    now = min(seen + later, END - 1)
    found = out(used, *rates, until=until, since=since, seen=min(seen, END - 1), now=now)
    if found is not None:
        assert now <= found.early_ms <= END
        assert found.late_ms is None or found.early_ms <= found.late_ms <= END
