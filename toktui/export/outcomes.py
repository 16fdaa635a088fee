"""What the tokens bought, as a document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from toktui.clock import iso

if TYPE_CHECKING:
    from collections.abc import Mapping

    from toktui.metrics.outcome_changes import ChangeRow
    from toktui.metrics.outcome_lists import WholeOutcomes
    from toktui.metrics.outcome_spent import Spent
    from toktui.metrics.outcome_unlanded import Unlanded
    from toktui.metrics.outcomes import Outcomes

class Cost(msgspec.Struct, frozen=True):
    """List cost; null if nothing has a price. With `lacks_unpriced` it is a lower bound, with
    `holds_estimates` calls with estimated tokens are in it."""

    cost_nusd: int | None
    cost_usd: float | None
    lacks_unpriced: bool
    holds_estimates: bool


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """Everything of the range; the share is null without spend.

    Where no repository was read in which one of the sessions worked, what is linked, landed or
    reverted is not known: null, as its costs are.
    """

    spent: Cost
    linked: Cost
    unlinked: Cost
    not_looked_at: Cost
    """Of what is not linked: spent where no repository was ever read."""
    unattributed_share: float | None
    sessions: int
    linked_sessions: int | None
    changes: int | None
    linked_changes: int | None
    cost_per_landed_change_nusd: int | None
    """All spend, over the changes that sessions made."""
    reverted_changes: int | None
    reverted: Cost
    unread_folders: int
    """With a repository that could not be read: more may have landed than is known."""


class Size(msgspec.Struct, frozen=True, kw_only=True):
    """Changes that sessions made, of one size; a null size is not known."""

    size: str | None
    changes: int
    cost: Cost
    median_nusd: int | None


class Week(msgspec.Struct, frozen=True, kw_only=True):
    """An ISO week; null changes are not known."""

    week: str
    spent: Cost
    changes: int | None
    linked_changes: int | None
    cost_per_landed_change_nusd: int | None


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A landed change."""

    commit: str
    landed_at: str
    repository: str
    branch: str
    kind: str
    commits: int
    merged_branch: str | None
    subject: str
    files: int | None
    lines: int | None
    size: str | None
    sessions: int
    link: Literal["exact", "inferred"] | None
    cost: Cost
    reverted_at: str | None
    reverted_by: str | None


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """A session that landed nothing."""

    id: str
    agent: str
    project: str | None
    last_call_at: str
    cost: Cost
    no_repository: str | None


class Repository(msgspec.Struct, frozen=True, kw_only=True):
    """A repository that was looked at."""

    folder: str
    branch: str
    upstream: bool
    author_known: bool
    changes: int
    other_addresses: tuple[str, ...]
    """Of commits there by the user's name, which are not known as the user's; some of them."""
    problem: str | None
    """Why it could not be read this time: what is said of it is from before."""


class OutcomesDocument(msgspec.Struct, frozen=True, kw_only=True):
    """`toktui.outcomes/1`."""

    schema: Literal["toktui.outcomes/1"] = "toktui.outcomes/1"
    generated_at: str
    timezone: str
    totals: Totals
    sizes: tuple[Size, ...]
    weeks: tuple[Week, ...]
    links: Mapping[str, int]
    changes: tuple[Change, ...]
    landed_nothing: tuple[Session, ...]
    repositories: tuple[Repository, ...]
    not_read: Mapping[str, int]


def as_document(whole: WholeOutcomes, *, now_ms: int, zone: str) -> OutcomesDocument:
    """All of it."""
    found = whole.outcomes
    return OutcomesDocument(
        generated_at=iso(now_ms - now_ms % 1000),
        timezone=zone,
        totals=_totals(found),
        sizes=tuple(
            Size(size=s.size, changes=s.changes, cost=_cost(s.spent), median_nusd=s.usual_nusd)
            for s in found.sizes
        ),
        weeks=tuple(
            Week(week=w.week, spent=_cost(w.spent), changes=w.changes, linked_changes=w.linked,
                 cost_per_landed_change_nusd=w.per_change_nusd)
            for w in found.weeks
        ),
        links=whole.reasons,
        changes=tuple(map(_change, whole.changes)),
        landed_nothing=tuple(map(_session, whole.unlanded)),
        repositories=tuple(
            Repository(folder=r.folder, branch=r.branch, upstream=r.upstream,
                       author_known=r.knows_author, changes=r.changes,
                       other_addresses=r.other_addresses, problem=r.problem or None)
            for r in found.places.repositories
        ),
        not_read={e.why: e.folders for e in found.places.elsewhere if e.folders},
    )  # fmt: skip


def _cost(spent: Spent) -> Cost:
    usd = None if spent.nusd is None else spent.nusd / 1e9
    return Cost(spent.nusd, usd, spent.lacks, spent.estimated)


def _totals(found: Outcomes) -> Totals:
    share, known = found.unattributed, found.known
    nothing = Cost(None, None, lacks_unpriced=False, holds_estimates=False)
    return Totals(
        spent=_cost(found.spent),
        linked=_cost(found.linked) if known else nothing,
        unlinked=_cost(found.unlinked) if known else nothing,
        not_looked_at=_cost(found.not_looked_at),
        unattributed_share=None if share is None else round(share, 4),
        sessions=found.sessions,
        linked_sessions=found.linked_sessions if known else None,
        changes=found.changes if known else None,
        linked_changes=found.linked_changes if known else None,
        cost_per_landed_change_nusd=found.per_change_nusd,
        reverted_changes=found.reverted if known else None,
        reverted=_cost(found.reverted_spent) if known else nothing,
        unread_folders=found.places.unread,
    )


def _change(c: ChangeRow) -> Change:
    return Change(
        commit=c.hash,
        landed_at=iso(c.at_ms),
        repository=c.repository,
        branch=c.landed_on,
        kind=c.kind,
        commits=c.commits,
        merged_branch=c.branch or None,
        subject=c.subject,
        files=c.files,
        lines=c.lines,
        size=c.size,
        sessions=c.sessions,
        link=("exact" if c.exact else "inferred") if c.sessions else None,
        cost=_cost(c.spent),
        reverted_at=None if c.reverted_ms is None else iso(c.reverted_ms),
        reverted_by=c.reverted_by or None,
    )


def _session(s: Unlanded) -> Session:
    return Session(
        id=s.id,
        agent=s.agent,
        project=s.project or None,
        last_call_at=iso(s.last_ms),
        cost=_cost(s.spent),
        no_repository=s.why or None,
    )
