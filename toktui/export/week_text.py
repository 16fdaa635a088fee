"""The review of a week as text: for the terminal, and as Markdown to paste."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from toktui.clock import week_label
from toktui.export.figures import UNKNOWN, count, count_of, dollars, lacks_output, percent, short
from toktui.export.table import Column, Table, as_markdown, as_text
from toktui.metrics.change_words import METHOD_WORDS, sentence
from toktui.rounding import change
from toktui.text import clean

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from zoneinfo import ZoneInfo

    from toktui.metrics.history import Review
    from toktui.metrics.outcomes import Summary
    from toktui.metrics.range_sums import Place
    from toktui.metrics.sums import Sums
    from toktui.metrics.waste import Waste

TOP: Final = 5
"""Rows of each list."""
_BAR: Final = 24
_LONGEST: Final = 60
_FULL: Final = "█"
_HALVES: Final = " ▏▎▍▌▋▊▉"


class _Form(NamedTuple):
    """How titles and tables are written."""

    title: Callable[[str], str]
    head: Callable[[str], str]
    table: Callable[[Table], str]
    bars: bool


def as_terminal(
    review: Review,
    waste: Waste | None,
    bought: Summary | None,
    *,
    zone: ZoneInfo,
    cells: int,
    colored: bool = False,
) -> str:
    """Lines for a terminal."""
    def strong(text: str) -> str:
        return f"\x1b[1m{text}\x1b[0m" if colored else text

    def table(table: Table) -> str:
        return as_text(table, cells=cells, colored=colored)

    form = _Form(strong, strong, table, bars=True)
    return _review(review, waste, bought, zone, form)


def as_page(review: Review, waste: Waste | None, bought: Summary | None, *, zone: ZoneInfo) -> str:
    """Markdown."""
    form = _Form("## {}".format, "### {}".format, as_markdown, bars=False)
    return _review(review, waste, bought, zone, form)


def _review(
    review: Review, waste: Waste | None, bought: Summary | None, zone: ZoneInfo, form: _Form
) -> str:
    span = review.span
    sofar = " so far" if review.running else ""
    first, last = span.first, span.last
    days = f"{first.day} {first:%b} to {last.day} {last:%b} {last.year}"
    lines = [form.title(f"Week {span.label}{sofar}, {days}: {_money(review.sums)}"), ""]
    lines += _summary(review)
    if not review.sums.calls:
        return "\n".join([*lines, "", f"No calls in this week.{_elsewhere(review, zone)}"])
    lines += ["", form.table(_days(review, bars=form.bars))]
    if review.has_before:
        title = f"Why {_signed(review.change.difference)} against {review.before.label}"
        lines += ["", form.head(title), "", form.table(_why(review))]
        lines += ["", f"Method: {METHOD_WORDS}."]
    lines += _lists(review, form)
    lines += ["", *_bought(bought), *_waste(waste)]
    lines += _marks(review.sums)
    return "\n".join(lines)


def _elsewhere(review: Review, zone: ZoneInfo) -> str:
    """Where there are calls, if there are any."""
    begins_ms, before_ms = review.store_begins_ms, review.calls_before_ms
    if before_ms is not None:
        return f" The last before it: toktui week {week_label(before_ms, zone)}"
    if begins_ms is not None:
        return f" The first of all: toktui week {week_label(begins_ms, zone)}"
    return ""


def _summary(review: Review) -> list[str]:
    sums = review.sums
    lines = [
        f"{count_of(sums.calls, 'call')}, {short(sums.tokens)} tokens, cache hit"
        f" {percent(sums.cache_hit_rate)}."
    ]
    moment = " up to the same moment" if review.running else ""
    if review.has_before:
        before = review.before_sums
        lines.append(
            f"Last week{moment}: {_money(before)}{_against(sums, before.cost_nusd)},"
            f" {count_of(before.calls, 'call')}."
        )
    usual = review.usual
    if usual is not None:
        lines.append(
            f"A usual week{moment} (median of {usual.count}): {dollars(usual.nusd)}"
            f"{_against(sums, usual.nusd)}, {count_of(usual.calls, 'call')}."
        )
    else:
        lines.append("What is usual is known after two whole weeks.")
    return lines


def _against(sums: Sums, other: int | None) -> str:
    said = change(sums.cost_nusd, other)
    return f" ({said})" if said else ""


def _days(review: Review, *, bars: bool) -> Table:
    top = max((bar.sums.priced_nusd for bar in review.bars), default=0)
    columns = (
        Column("Day", "word"), *((Column("", "text", spare=3),) if bars else ()),
        Column("List cost"), Column("Calls", spare=1), Column("Tokens", spare=2),
        Column("Cache hit", spare=2),
    )  # fmt: skip
    rows: list[list[str]] = []
    for bar in review.bars:
        day, sums = bar.piece.first, bar.sums
        ahead = bar.piece.within.start_ms > review.now_ms
        row = [f"{day:%a} {day.day} {day:%b}"]
        if bars:
            row.append(_bar(sums.priced_nusd, top))
        if ahead:
            row += [UNKNOWN] * 4
        else:
            row += _figures(sums)
        rows.append(row)
    return Table(columns, rows)


def _bar(value: int, top: int) -> str:
    if not value or not top:
        return ""
    eighths = max(1, round(value / top * _BAR * 8))
    whole, rest = divmod(eighths, 8)
    return _FULL * whole + (_HALVES[rest] if rest else "")


def _figures(sums: Sums) -> list[str]:
    return [_money(sums), count(sums.calls), short(sums.told_tokens), percent(sums.cache_hit_rate)]


def _money(sums: Sums) -> str:
    if not sums.calls:
        return dollars(0)
    shown = dollars(sums.told_nusd, lacking=bool(sums.unpriced))
    return f"~{shown}" if sums.estimated and shown != UNKNOWN else shown


def _signed(nusd: int) -> str:
    sign = "+" if nusd > 0 else "−" if nusd < 0 else ""
    return f"{sign}{dollars(abs(nusd))}"


def _why(review: Review) -> Table:
    rows = [[_signed(reason.nusd), clean(sentence(reason), 96)] for reason in review.reasons]
    rows.append([_signed(review.change.difference), "= the difference"])
    columns = (Column("Amount"), Column("Because of", "text"))
    return Table(columns, rows, (len(rows) - 1,))


def _lists(review: Review, form: _Form) -> list[str]:
    lines: list[str] = []
    for title, kind, places in (
        ("Projects", "path", review.projects),
        ("Models", "text", review.models),
        ("Branches", "text", review.branches),
    ):
        if not any(place.name for place in places):
            continue
        of_projects = any(place.about for place in places)
        columns = (
            Column(title, "path" if kind == "path" else "text"),
            *((Column("Project", "path"),) if of_projects else ()), Column("List cost"),
            Column("Calls", spare=1), Column("Tokens", spare=2), Column("Cache hit", spare=2),
        )  # fmt: skip
        lines += ["", form.table(Table(columns, _rows(places, of_projects=of_projects)))]
    columns = (
        Column("Sessions", "text"), Column("Project", "path"), Column("List cost"),
        Column("Calls", spare=1),
    )  # fmt: skip
    rows = [
        [
            clean(found.row.id, _LONGEST), clean(found.row.project or UNKNOWN, _LONGEST),
            _money(found.sums), count(found.sums.calls),
        ]
        for found in review.sessions[:TOP]
    ]  # fmt: skip
    return [*lines, "", form.table(Table(columns, rows))]


def _rows(places: Sequence[Place], *, of_projects: bool) -> list[list[str]]:
    return [
        [
            clean(place.name or UNKNOWN, _LONGEST),
            *([clean(place.about or UNKNOWN, _LONGEST)] if of_projects else []),
            *_figures(place.sums),
        ]
        for place in places[:TOP]
    ]


def _bought(bought: Summary | None) -> list[str]:
    if bought is None:
        return []
    each = bought.per_change_nusd
    cost = "" if each is None else f", {dollars(each, lacking=bought.spent.lacks)} each"
    line = (
        f"Bought: {count_of(bought.changes, 'landed change')}, {count(bought.linked_changes)} by"
        f" sessions{cost}; {dollars(bought.unlinked.nusd)} without a landed change."
    )
    if not bought.known:
        line = "Bought: not known."
    if bought.places.unread:
        unread = count_of(bought.places.unread, "folder")
        line += f" {unread} with a repository could not be read, so more may have landed."
    return [line, "`toktui outcomes` says more.", ""]


def _waste(waste: Waste | None) -> list[str]:
    if waste is None:
        return []
    if not waste.turns:
        return ["Waste: no turn paid again for a context that a cache had."]
    priced = waste.turns > waste.unpriced
    causes = [
        f"{number} {words}{f' ({dollars(nusd)})' if priced else ''}"
        for number, words, nusd in (
            (waste.expired, "after the cache had expired", waste.expired_nusd),
            (waste.model, "because the model had changed", waste.model_nusd),
            (waste.lost, "for no reason that the logs show", waste.lost_nusd),
        )
        if number
    ]
    extra = dollars(waste.nusd if priced else None, lacking=waste.unpriced > 0)
    return [
        f"Waste: {count_of(waste.turns, 'cold turn')} cost {extra} more than warm ones:"
        f" {', '.join(causes)}. It is inside of the list cost.{_worst(waste)}"
    ]


def _worst(waste: Waste) -> str:
    worst = waste.worst
    if worst is None:
        return ""
    return f" Most in one session: {dollars(worst.nusd)}, `toktui why {worst.id}`."


def _marks(sums: Sums) -> list[str]:
    lines: list[str] = []
    if sums.unpriced:
        lines.append(f"≥ lacks {count_of(sums.unpriced, 'call')} without a known price.")
    if sums.estimated:
        lines.append(f"~ has {count_of(sums.estimated, 'call')} with estimated tokens.")
    if sums.placeholder:
        lines.append(f"{lacks_output(sums.placeholder)}.")
    return lines
