"""What the tokens bought, as text for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from toktui.clock import day_label
from toktui.export.figures import UNKNOWN, count, count_of, dollars, percent
from toktui.export.table import Column, Table
from toktui.export.table import as_text as table_text
from toktui.outcomes.attribution import EXACT, REASONS
from toktui.outcomes.whys import NOT_YET, help_with
from toktui.text import clean

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from toktui.metrics.outcome_lists import WholeOutcomes
    from toktui.metrics.outcome_places import Elsewhere
    from toktui.metrics.outcome_spent import Spent
    from toktui.metrics.outcomes import Outcomes

_WEEKS: Final = 8
_SESSIONS: Final = 5


def as_text(whole: WholeOutcomes, *, zone: ZoneInfo, cells: int, colored: bool) -> str:
    """What it bought, in a few short tables."""
    found = whole.outcomes
    parts = [_head(found)]
    if found.linked_changes:
        parts.append(_sizes(found, cells, colored=colored))
    if found.weeks and found.known:
        parts.append(_weeks(found, cells, colored=colored))
    if whole.unlanded and found.known:
        parts.append(_unlanded(whole, zone, cells, colored=colored))
    parts.append(_notes(whole))
    return "\n\n".join(filter(None, parts))


def money(spent: Spent) -> str:
    """With `≥` where calls without a price are missing, `~` where some are estimated."""
    return _marked(spent.nusd, spent)


def _marked(nusd: int | None, spent: Spent) -> str:
    shown = dollars(nusd, lacking=spent.lacks)
    return f"~{shown}" if spent.estimated and not spent.lacks and nusd is not None else shown


def _head(found: Outcomes) -> str:
    if not found.sessions:
        return "Nothing was spent in this time."
    spent = money(found.spent)
    if found.spent.nusd is None:
        spent = f"{count_of(found.sessions, 'session')} without a price"
    if not found.known:
        waiting = all(group.why == NOT_YET for group in found.places.elsewhere)
        why = "no repository was looked at yet" if waiting else "no repository could be read"
        priced = f"{spent} was spent" if found.spent.nusd is not None else f"There are {spent}"
        return f"{priced}. What that bought is not known: {why}."
    bought = f"{spent} bought {count_of(found.linked_changes, 'landed change')}"
    each = _marked(found.per_change_nusd, found.spent)
    lines = [f"{bought}." if found.per_change_nusd is None else f"{bought}: {each} each."]
    if found.unattributed is not None:
        share = f"{percent(found.unattributed)} of it ({money(found.unlinked)})"
        lines.append(f"{share} is linked to no change.")
    return "\n".join([*lines, *_beside(found)])


def _beside(found: Outcomes) -> list[str]:
    """What else is to be known of the numbers."""
    lines: list[str] = []
    if found.not_looked_at.nusd:
        lost = money(found.not_looked_at)
        lines.append(f"{lost} of that was spent where no repository was read.")
    if found.places.unread:
        folders = count_of(found.places.unread, "folder")
        lines.append(f"{folders} with a repository could not be read, so more may have landed.")
    if by_hand := found.changes - found.linked_changes:
        more = count_of(by_hand, "more change")
        lines.append(f"{more} of yours landed without a session that is known.")
    if found.reverted:
        gone = count_of(found.reverted, "change")
        lines.append(f"Taken back within a week: {gone}, {money(found.reverted_spent)}.")
    return lines


def _sizes(found: Outcomes, cells: int, *, colored: bool) -> str:
    columns = (Column("Size", "text"), Column("Changes"), Column("Cost"), Column("Median"))
    rows = [
        [s.size or "unknown", count(s.changes), money(s.spent) if s.changes else UNKNOWN,
         dollars(s.usual_nusd)]
        for s in found.sizes
    ]  # fmt: skip
    return table_text(Table(columns, rows), cells=cells, colored=colored)


def _weeks(found: Outcomes, cells: int, *, colored: bool) -> str:
    columns = (
        Column("Week", "word"), Column("Spent"), Column("Landed"), Column("By sessions"),
        Column("For each"),
    )  # fmt: skip
    rows = [
        [w.week, money(w.spent), _count(w.changes), _count(w.linked),
         _marked(w.per_change_nusd, w.spent)]
        for w in found.weeks[-_WEEKS:]
    ]  # fmt: skip
    return table_text(Table(columns, rows), cells=cells, colored=colored)


def _count(n: int | None) -> str:
    return UNKNOWN if n is None else count(n)


def _unlanded(whole: WholeOutcomes, zone: ZoneInfo, cells: int, *, colored: bool) -> str:
    columns = (
        Column("Landed nothing", "text"), Column("Agent", "text", spare=2),
        Column("Project", "path"), Column("Last day", "word", spare=1), Column("Cost"),
    )  # fmt: skip
    rows = [
        [clean(s.id), s.agent, clean(s.project, 200) or UNKNOWN, day_label(s.last_ms, zone),
         money(s.spent)]
        for s in whole.unlanded[:_SESSIONS]
    ]  # fmt: skip
    return table_text(Table(columns, rows), cells=cells, colored=colored)


def _notes(whole: WholeOutcomes) -> str:
    lines: list[str] = []
    found, reasons = whole.outcomes, whole.reasons
    if reasons:
        exact = sum(n for reason, n in reasons.items() if reason in EXACT)
        inferred = sum(reasons.values()) - exact
        lines.append(f"{count_of(exact, 'exact link')}, {inferred:,} inferred:")
        meanings = ((reasons.get(reason, 0), words) for reason, words in REASONS.items())
        lines += [f"  {n:,} × {words}" for n, words in meanings if n]
    local = [r for r in found.places.repositories if not r.upstream]
    if local:
        names = ", ".join(clean(r.folder.rpartition("/")[2], 40) for r in local[:5])
        lines.append(
            f"Without a remote, what is committed on the local branch counts as landed: {names}."
        )
    strangers = [r for r in found.places.repositories if not r.knows_author]
    if strangers:
        names = ", ".join(clean(r.folder.rpartition("/")[2], 40) for r in strangers[:5])
        lines.append(
            f"Who you are is not known in {names}: set git's user.email, or `emails` in"
            " [outcomes] of config.toml."
        )
    if others := found.places.other_addresses:
        lines.append(
            f"Not counted are commits by your name under {', '.join(others[:5])}: if that is you,"
            " add it to `emails` in [outcomes] of config.toml."
        )
    for r in found.places.repositories:
        if r.problem:
            name = clean(r.folder.rpartition("/")[2], 40)
            lines.append(f"{name} is shown as it was when it could be read: {r.problem}.")
    lines += map(elsewhere_words, found.places.elsewhere)
    return "\n".join(lines)


def elsewhere_words(group: Elsewhere) -> str:
    """How many folders were not read, why, what was spent there, and what helps."""
    who = count_of(group.folders, "folder") if group.folders else "Some sessions"
    example = clean(group.example, 400) if group.folders == 1 else ""
    where = f" ({example})" if example else ""
    return f"{who}{where}: {group.why}. {help_with(group.why)}".strip()

