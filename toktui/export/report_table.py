"""A report for people: a table for the terminal, CSV for programs, Markdown for pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import msgspec
from msgspec import UNSET, UnsetType

from toktui.export.figures import (
    UNKNOWN,
    count,
    count_of,
    dollars,
    lacks_output,
    percent,
    probably,
    short,
)
from toktui.export.table import Column, Table, as_csv, as_markdown, as_text
from toktui.text import clean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from toktui.metrics.estimated import Estimated
    from toktui.metrics.probable import Probable
    from toktui.metrics.question import Question
    from toktui.metrics.report import Report, Totals

MOST_PERIODS: Final = 30
"""What a table on the terminal shows; the other forms have no limit."""
_LONGEST_CELL: Final = 200
_NOUNS: Final = {"day": "days", "week": "weeks", "month": "months", "all": ""}
_TITLES: Final = {"day": "Day", "week": "Week", "month": "Month", "all": ""}
_FIGURES: Final = (
    Column("Calls"),
    Column("Input", spare=4),
    Column("Cache read", spare=3),
    Column("Cache write", spare=5),
    Column("Output", spare=2),
    Column("Tokens"),
    Column("Cache hit", spare=1),
    Column("List cost"),
)
_EXACT: Final = (
    "calls", "input", "cache_read", "cache_write_5m", "cache_write_1h", "output", "total",
    "reasoning", "web_search", "cost_usd", "cost_nusd", "cache_hit_rate", "exact", "placeholder",
    "estimated", "residual", "unpriced_calls", "probable_calls", "probable_output",
    "probable_output_low", "probable_output_high", "probable_cost_usd", "probable_cost_low_usd",
    "probable_cost_high_usd", "estimated_output", "estimated_output_low", "estimated_output_high",
)
"""Figures of a CSV: new ones come last, so that a program that counts columns goes on."""


def as_form(
    report: Report,
    question: Question,
    form: Literal["csv", "markdown", "table"],
    *,
    cells: int,
    colored: bool = False,
    can_estimate: bool = False,
) -> str:
    """The whole report as text. `can_estimate`: output that logs lack waits for an estimate."""
    if form == "csv":
        return _as_csv(report, question)
    if form == "markdown":
        return as_markdown(_table(report.rows, report, question, total="Total"))
    if not report.rows:
        return "No calls match."
    shown = _last_periods(report.rows)
    periods = len({row.period for row in report.rows})
    cut = len({row.period for row in shown}) < periods
    total = f"All {periods}" if cut else "Total"
    table = _table(_unrepeated(shown), report, question, total=total)
    lines = [as_text(table, cells=cells, colored=colored)]
    if cut:
        nouns = _NOUNS[question.period]
        lines.append(
            f"The last {MOST_PERIODS} of {periods} {nouns} with calls; --csv, --json and"
            " --markdown have all."
        )
    lines += _marks(report.totals, can_estimate=can_estimate)
    return "\n".join(lines)


def _last_periods(rows: Sequence[Totals]) -> tuple[Totals, ...]:
    periods = sorted({str(row.period) for row in rows})[-MOST_PERIODS:]
    return tuple(row for row in rows if str(row.period) >= periods[0])


def _unrepeated(rows: Sequence[Totals]) -> list[Totals]:
    """A period is written once, on its first row."""
    before: object = None
    shown: list[Totals] = []
    for row in rows:
        shown.append(msgspec.structs.replace(row, period="") if row.period == before else row)
        before = row.period
    return shown


def _table(rows: Sequence[Totals], report: Report, question: Question, *, total: str) -> Table:
    timed = question.period != "all"
    keys = tuple(
        Column(key.capitalize(), "path" if key == "project" else "text") for key in question.by
    )
    place = (*((Column(_TITLES[question.period], "word"),) if timed else ()), *keys)
    body = [
        [*([str(row.period)] if timed else []), *_words(row, question), *_figures(row)]
        for row in rows
    ]
    figures = _FIGURES
    more = report.totals.probable is not UNSET
    if more:
        figures = (*_FIGURES, Column("Probably", spare=6))
        body = [[*cells, probably(row.probable)] for cells, row in zip(body, rows, strict=True)]
    if not place:
        return Table(figures, body)
    foot = [total, *[""] * (len(place) - 1), *_figures(report.totals)]
    if more:
        foot.append(probably(report.totals.probable))
    return Table((*place, *figures), [*body, foot], (len(body),))


def _words(row: Totals, question: Question) -> list[str]:
    found: list[str] = []
    for key in question.by:
        value = getattr(row, key)
        known = value not in (None, UNSET, "")
        found.append(clean(str(value), _LONGEST_CELL) if known else UNKNOWN)
    return found


def _figures(row: Totals) -> list[str]:
    t = row.tokens
    about = "~" if row.estimated_calls else ""
    cost = dollars(row.cost_nusd, lacking=row.unpriced_calls > 0)
    if row.calls and not t.total:
        # No call uses no token: what these used they do not tell.
        return [count(row.calls), *[UNKNOWN] * 6, cost if row.cost_nusd else UNKNOWN]
    return [
        count(row.calls),
        about + short(t.input),
        short(t.cache_read),
        short(t.cache_write_5m + t.cache_write_1h),
        about + short(t.output),
        about + short(t.total),
        percent(row.cache_hit_rate),
        cost if cost == UNKNOWN else about + cost,
    ]


def _marks(totals: Totals, *, can_estimate: bool) -> list[str]:
    """What the marks in the table mean, where there are any."""
    lines: list[str] = []
    if totals.unpriced_calls:
        lines.append(
            f"≥ lacks {count_of(totals.unpriced_calls, 'call')} without a known price;"
            f" {UNKNOWN} has none. `toktui doctor` names the models."
        )
    if totals.estimated_calls:
        lines.append(_estimates(totals))
    if totals.exactness["placeholder"]:
        lines.append(_placeholders(totals, can_estimate=can_estimate))
    return lines


def _estimates(totals: Totals) -> str:
    """What of the figures is estimated, and between what it is."""
    line = f"~ has {count_of(totals.estimated_calls, 'call')} with estimated tokens"
    found = totals.estimated
    if found is UNSET:
        return f"{line}."
    money = ""
    if found.cost_low_nusd is not None:
        money = f", {dollars(found.cost_low_nusd)} to {dollars(found.cost_high_nusd)}"
    return (
        f"{line}: {short(found.output)} of output ({short(found.low)} to {short(found.high)}"
        f"{money}); their input is only what was typed, so at least that."
    )


def _placeholders(totals: Totals, *, can_estimate: bool) -> str:
    """How many calls lack output, and how much it probably was."""
    lack = lacks_output(totals.exactness["placeholder"])
    more = totals.probable
    if more is UNSET:
        if can_estimate:
            return f"{lack}; `toktui sync --estimates` estimates it."
        return f"{lack}; nothing tells more of it."
    waiting = totals.exactness["placeholder"] - more.calls
    besides = f"; {count_of(waiting, 'call')} without an estimate" if waiting > 0 else ""
    tokens = f"probably +{short(more.output)} tokens ({short(more.low)} to {short(more.high)})"
    if more.cost_nusd is None:
        return f"{lack}: {tokens}, in no figure above{besides}."
    return (
        f"{lack}: {tokens} and {probably(more)} ({dollars(more.cost_low_nusd)} to"
        f" {dollars(more.cost_high_nusd)}), in no other figure above{besides}."
    )


def _as_csv(report: Report, question: Question) -> str:
    names = ["period", *question.by]
    if "model" in question.by:
        names.insert(names.index("model") + 1, "priced_as")
    rows = [[*(_word(getattr(row, name)) for name in names), *_numbers(row)] for row in report.rows]
    return as_csv([*names, *_EXACT], rows)


def _word(value: object) -> str:
    return "" if value is None or value is UNSET else clean(str(value), _LONGEST_CELL)


def _numbers(row: Totals) -> list[str]:
    t, n = row.tokens, row.cost_nusd
    return [
        str(row.calls), str(t.input), str(t.cache_read), str(t.cache_write_5m),
        str(t.cache_write_1h), str(t.output), str(t.total), str(t.reasoning),
        str(row.fees.web_search),
        "" if n is None else exact_dollars(n), "" if n is None else str(n),
        "" if row.cache_hit_rate is None else str(row.cache_hit_rate),
        *(str(row.exactness[word]) for word in ("exact", "placeholder", "estimated", "residual")),
        str(row.unpriced_calls),
        *_probable_numbers(row.probable),
        *_estimated_numbers(row.estimated),
    ]  # fmt: skip


def _probable_numbers(more: Probable | UnsetType) -> list[str]:
    """What was probably used beyond the logged; empty cells where nothing was estimated."""
    if more is UNSET:
        return [""] * 7
    costs = (more.cost_nusd, more.cost_low_nusd, more.cost_high_nusd)
    return [
        str(more.calls), str(more.output), str(more.low), str(more.high),
        *("" if cost is None else exact_dollars(cost) for cost in costs),
    ]  # fmt: skip


def _estimated_numbers(found: Estimated | UnsetType) -> list[str]:
    """Of the output, what is estimated, and its range; empty where nothing is."""
    return [""] * 3 if found is UNSET else [str(found.output), str(found.low), str(found.high)]


def exact_dollars(nusd: int) -> str:
    """All nine decimals."""
    sign, value = ("-", -nusd) if nusd < 0 else ("", nusd)
    return f"{sign}{value // 10**9}.{value % 10**9:09}"
