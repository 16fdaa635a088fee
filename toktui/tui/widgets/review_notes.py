"""The words around a review: its last line, and what stands where there is nothing to review."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toktui.clock import local_date
from toktui.tui import format as fmt
from toktui.tui.lines import Line
from toktui.tui.widgets.outcome_parts import marked

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from toktui.metrics.history_look import History
    from toktui.metrics.outcomes import Summary
    from toktui.metrics.waste import Waste
    from toktui.tui.theme import Palette


def last_lines(data: History, name: str, palette: Palette) -> list[Line]:
    """What the review is only about, what was bought where it is known, and what cold turns cost;
    the longest form first. `name` is that of a line that was opened, or empty."""
    head = Line()
    if name:
        head.add("only ", palette.faint).add(fmt.project_name(name), palette.accent).add("   ")
    bought = data.bought
    if bought is not None:
        head.extend(_bought(bought, palette).pieces).add("      ")
    if data.waste is None:
        return [head.add("WASTE  ", palette.dim).add("not known", palette.faint)]
    cost, causes, worst = _waste(data.waste, palette)
    paid = Line(*head.pieces).extend(cost.pieces)
    by_session = Line(*paid.pieces).extend(worst.pieces)
    return [Line(*paid.pieces).extend(causes.pieces).extend(worst.pieces), by_session, paid, cost]


def _bought(bought: Summary, palette: Palette) -> Line:
    line = Line().add("BOUGHT  ", palette.dim)
    if bought.known:
        line.add(fmt.plural(bought.linked_changes, "landed change"), palette.text)
    else:
        line.add("not known", palette.text)
    if (each := bought.per_change_nusd) is not None:
        line.add(f"  {marked(each, bought.spent)} each", palette.faint)
    if bought.places.unread:
        line.add(f"  {fmt.plural(bought.places.unread, 'folder')} not read", palette.warning)
    return line


def _waste(waste: Waste, palette: Palette) -> tuple[Line, Line, Line]:
    """What cold turns cost, why they were cold, and the session in which they cost most."""
    line = Line().add("WASTE  ", palette.dim)
    if not waste.turns:
        return line.add("no cold turn", palette.faint), Line(), Line()
    nusd = None if waste.unpriced == waste.turns else waste.nusd
    line.add(fmt.money(nusd, lacks=waste.unpriced > 0), palette.warning)
    line.add(f" by {fmt.plural(waste.turns, 'cold turn')}", palette.text)
    causes = [
        f"{fmt.money(each)} {word}"
        for word, count, each in (
            ("after the cache had expired", waste.expired, waste.expired_nusd),
            ("by another model", waste.model, waste.model_nusd),
            ("for no known reason", waste.lost, waste.lost_nusd),
        )
        if count and each
    ]
    why = Line().add(f"   {', '.join(causes)}", palette.faint) if causes else Line()
    worst = Line()
    if waste.worst is not None:
        worst.add(f"   {fmt.money(waste.worst.nusd)} in ", palette.faint)
        worst.add(fmt.project_name(waste.worst.project), palette.text)
        worst.add(f" {waste.worst.id[:8]}", palette.faint)
    return line, why, worst


def calls_before(data: History, *, filtered: bool) -> int | None:
    """When the last calls before were, where nothing else is seen; None within a filter."""
    return None if filtered or data.kept or data.year else data.review.calls_before_ms


def nothing_lines(
    data: History | None, palette: Palette, *, now_ms: int, zone: ZoneInfo, filtered: bool
) -> list[Line]:
    """What stands where a review would be, and what to do about it."""
    if data is None:
        return [Line().add("…", palette.faint)]
    review = data.review
    if review.store_begins_ms is None:
        return [
            Line().add("Nothing to review yet.", palette.dim),
            Line(),
            Line().add("Your agents' calls come here as soon as there are any.", palette.faint),
            Line().add("toktui --demo shows how it looks.", palette.faint),
        ]
    words = "No call in this time matches the filter." if filtered else "No calls in this time."
    begun = local_date(review.store_begins_ms, zone)
    hint = f"← shows what was before; the store begins on {begun:%d %b %Y}."
    if (last_ms := calls_before(data, filtered=filtered)) is not None:
        last = local_date(last_ms, zone)
        hint = f"enter goes to the last calls before, of {last:%d %b %Y}."
    if review.span.first > local_date(now_ms, zone):
        words = "This time is still to come."
    if data.kept:
        hint = "/ changes the time of the filter, esc clears it."
    elif review.span.last < begun:
        hint = f"The store begins later, on {begun:%d %b %Y}: n goes back to now."
    return [Line().add(words, palette.dim), Line().add(hint, palette.faint)]
