"""Changes that made-up sessions landed, without a repository."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

    from toktui.outcomes.sizes import Extent

_SUBJECTS: Final[tuple[str, ...]] = (
    "Orders can be split", "Cart keeps its place after a reload", "Search forgives typing errors",
    "Retry what the provider refused", "Invoices in the customer's language",
    "Migrate sessions to the new store", "A page for each supplier", "Faster first paint",
)


def _extent(cost_nusd: int, rng: random.Random) -> Extent:
    """How much a change is that cost so much: most often more for more."""
    from toktui.outcomes.sizes import Extent

    doublings = 1.2 * math.log2(1 + cost_nusd / 1e9) + rng.gauss(2.8, 1.4)
    return Extent(max(1, round(doublings + rng.uniform(-2, 2))), round(4 * 2 ** max(0, doublings)))


def settle_outcomes(store: Path, now_ms: int) -> None:
    """Puts changes into the store that landed in repositories, without a repository:
    made by the sessions there, with a reason of each kind."""
    from toktui.outcomes.attribution import Link, Reason
    from toktui.outcomes.chain import Commit
    from toktui.outcomes.found import Findings, Found, row_of
    from toktui.outcomes.keeping import keep
    from toktui.outcomes.landed import Change, Kind
    from toktui.outcomes.repository import Repository
    from toktui.store.connect import connect_writer

    kinds: tuple[Kind, ...] = ("merge", "squash", "push")
    reasons: dict[Kind, tuple[Reason, ...]] = {
        "merge": ("merged", "branch"), "squash": ("squashed", "only_branch"),
        "push": ("committed", "time", "same_patch"),
    }  # fmt: skip
    rng = random.Random(4)
    db = connect_writer(store)
    try:
        found: list[Found] = []
        rows = db.execute(
            "select p.id, p.text, s.id, s.last_ms, (select coalesce(sum(t.cost_nusd), 0)"
            " from session_total t where t.session = s.id)"
            " from session s join name p on p.id = s.project"
            " where s.last_ms < ? order by s.last_ms", (now_ms - 3_600_000,)
        ).fetchall()  # fmt: skip
        places: set[tuple[int, str]] = {(number, text) for number, text, *_ in rows if text}
        for project, folder in sorted(places):
            changes: list[Change] = []
            links: list[Link] = []
            extents: list[Extent] = []
            before = 0
            own = (row for row in rows if row[0] == project)
            for at, (_, _, session, last_ms, cost_nusd) in enumerate(own):
                if at % 4 == 3:
                    before = session if at % 8 == 3 else 0
                    continue
                name = f"{rng.getrandbits(160):040x}"
                at_ms = last_ms + 600_000
                commit = Commit(
                    hash=name, tree=name, parents=("p",), author_ms=at_ms, at_ms=at_ms,
                    emails=frozenset(), subject=rng.choice(_SUBJECTS),
                )  # fmt: skip
                gone = at_ms + 86_400_000 if at % 9 == 4 else None
                changes.append(Change(
                    hash=name, before="p", commits=(commit,), kind=kinds[at % 3],
                    branch="orders" if at % 3 == 0 else "", reverted_ms=gone,
                    reverted_by=name[::-1] if gone else "",
                ))  # fmt: skip
                extents.append(_extent(cost_nusd, rng))
                if at % 5 != 4:
                    known = reasons[kinds[at % 3]]
                    links.append(Link(session, name, known[at // 3 % len(known)]))
                    if before:
                        links.append(Link(before, name, known[0]))
                        before = 0
            landed = tuple(map(row_of, changes, extents))
            repository = Repository(
                place=f"{folder}/.git", folder=folder, ref="refs/remotes/origin/main",
                tip=changes[-1].hash if changes else "", upstream=True, shallow=False,
                emails=frozenset({"mira@example.com"}),
            )  # fmt: skip
            found.append(Found(repository, (project,), landed, tuple(links)))
        db.execute("begin")
        keep(db, Findings(tuple(found)))
        db.execute("commit")
    finally:
        db.close()
