"""What a team is told of a day is what `toktui outcomes` says of it."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.outcomes.lab import DAY, HOUR, OTHER, Repo
from tests.outcomes.office import Office
from toktui.clock import Range, day_start_ms
from toktui.export.outcomes import OutcomesDocument, as_document
from toktui.metrics.outcome_lists import load_whole
from toktui.metrics.scope import Scope
from toktui.team.landed import outcomes_of

pytestmark = pytest.mark.git
FIRST = date(2026, 11, 15)


def day_of(day: date, zone: ZoneInfo) -> Range:
    return Range(day_start_ms(day, zone), day_start_ms(day + timedelta(days=1), zone))


def said(office: Office, zone: ZoneInfo, within: Range) -> OutcomesDocument:
    """`toktui outcomes --since DAY --until DAY --json`."""
    whole = load_whole(office.db, zone=zone, scope=Scope(within=within))
    return as_document(whole, now_ms=within.end_ms, zone=zone.key)


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Auckland", "America/Los_Angeles"])
def test_each_day_has_the_same_changes_at_the_same_cost(repo: Repo, zone: str) -> None:
    office, place = Office.new(), ZoneInfo(zone)
    repo.commit("Begin", author=OTHER)
    for n in range(24):
        repo.at_ms += 5 * HOUR
        if n % 5 != 4:
            for _ in range(n % 3 + 1):
                office.work(1 + n // 2, repo.folder, repo.at_ms)
        repo.commit(f"Work {n}", minutes=5, lines=4 ** (n % 6))
        if n % 7 == 6:
            repo.at_ms += HOUR
            repo.git("revert", "--no-edit", "HEAD")
    office.look(repo.at_ms)
    told = outcomes_of(office.db, place)
    landed = reverted = 0
    for n in range(9):
        within = day_of(FIRST + timedelta(days=n), place)
        changes = [
            change for change in said(office, place, within).changes
            if change.sessions and change.size
        ]  # fmt: skip
        sent = told(office.db, within)
        assert sent is not None
        kept = [change for change in changes if change.reverted_at is None]
        assert {one.size: one.changes for one in sent.landed} == Counter(c.size for c in kept)
        for one in sent.landed:
            costs = [c.cost.cost_nusd or 0 for c in kept if c.size == one.size]
            assert one.cost_nusd == sum(costs)
        assert sent.reverted == len(changes) - len(kept)
        landed += sum(one.changes for one in sent.landed)
        reverted += sent.reverted
    assert landed > 10
    assert reverted > 0
    office.db.close()


def test_where_no_repository_could_be_read_nothing_is_told(home: Path) -> None:
    office, zone = Office.new(), ZoneInfo("UTC")
    within = day_of(FIRST, zone)
    office.work(1, home, within.start_ms + HOUR)
    assert outcomes_of(office.db, zone)(office.db, within) is None
    office.look(within.end_ms + DAY)
    assert outcomes_of(office.db, zone)(office.db, within) is None
    assert said(office, zone, within).totals.changes is None
    office.db.close()
