"""The words of a review: what it is about, why it changed, and who was dearest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from toktui.metrics.change_words import sentence
from toktui.text import clean
from toktui.tui import format as fmt
from toktui.tui.lines import Line, both_ends
from toktui.tui.widgets.review_bars import Row
from toktui.tui.widgets.today import hit_text, saved_money, sum_money, sum_tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

    from toktui.metrics.history import Review
    from toktui.metrics.range_sums import Place
    from toktui.metrics.spans import Span
    from toktui.metrics.sums import Sums
    from toktui.tui.theme import Palette

LISTS: Final = ("sessions", "projects", "models", "branches", "agents")
_AMOUNT: Final = 9
_STACKED: Final = 4
"""Lines that it takes to draw a list below another one."""
_KINDS: Final = {"day": "day", "week": "week", "month": "month"}


def span_name(span: Span) -> str:
    """`WEEK 47  16–22 Nov 2026`."""
    first, last, days = span.first, span.last, _days(span)
    if first == last:
        return f"{first:%A} {first.day} {first:%B} {first.year}".upper()
    match span.kind:
        case "week":
            return f"WEEK {span.label[6:]}  {days}"
        case "month":
            return f"{first:%B} {first.year}".upper()
        case "weeks":
            return f"13 WEEKS  {days}"
        case "months":
            return f"12 MONTHS  {first:%b %Y} – {last:%b %Y}"
        case _:
            return days


def _days(span: Span) -> str:
    """`16–22 Nov 2026`, `28 Dec 2026 – 3 Jan 2027`."""
    first, last = span.first, span.last
    end = f"{last.day} {last:%b} {last.year}"
    if first == last:
        return end
    if first.year != last.year:
        return f"{first.day} {first:%b} {first.year} – {end}"
    start = f"{first.day}" if first.month == last.month else f"{first.day} {first:%b}"
    return f"{start}–{end}"


def _in_words(span: Span) -> str:
    """In the middle of a sentence: `week 47`, `October 2026`, `21 Nov 2026`."""
    match span.kind:
        case "week":
            return f"week {span.label[6:]}"
        case "month":
            return f"{span.first:%B} {span.first.year}"
        case "months":
            return f"{span.first:%b %Y} – {span.last:%b %Y}"
        case _:
            return _days(span)


def short_name(span: Span) -> str:
    """`W47`, `Nov 2026`, `Thu 19 Nov`, `13 weeks`."""
    match span.kind:
        case "week":
            return span.label[5:]
        case "month":
            return f"{span.first:%b %Y}"
        case "day":
            return f"{span.first:%a} {span.first.day} {span.first:%b}"
        case "weeks":
            return "13 weeks"
        case "months":
            return "12 months"
        case _:
            return span.label


def head_lines(review: Review, width: int, palette: Palette) -> list[Line]:
    """What is reviewed, what it cost, and what it is beside."""
    sums = review.sums
    left = Line().add(span_name(review.span), palette.strong)
    cost = Line().add(sum_money(sums) if sums.calls else "$0", palette.hot)
    for line, words, meant in ((left, "  so far", review.running), (cost, " list cost", True)):
        if meant and left.width + cost.width + len(words) < width:
            line.add(words, palette.faint)
    beside = [_against(word, nusd, sums, palette) for word, nusd in _beside(review)]
    counts = [
        Line().add(f"{word} ", palette.faint).add(value, palette.text)
        for word, value in (
            ("calls", fmt.tokens(sums.calls)),
            ("tokens", sum_tokens(sums)),
            ("hit", hit_text(sums)),
            ("saved", saved_money(sums) if sums.calls else fmt.UNKNOWN),
        )
    ]
    first = both_ends(left, cost, width)
    one, other = _in_a_row(counts, width), _in_a_row(beside, width)
    if one.width + other.width + 3 <= width:
        return [first, both_ends(one, other, width)]
    return [first, one, other] if beside else [first, one]


def _against(word: str, nusd: int | None, sums: Sums, palette: Palette) -> Line:
    line = Line().add(f"{word} ", palette.faint).add(fmt.money(nusd), palette.dim)
    change = fmt.change(sums.cost_nusd, nusd)
    return line.add(f" {change}", palette.text) if change else line


def _in_a_row(parts: Sequence[Line], width: int) -> Line:
    """Those of the parts that have room, one after the other; none is cut but the first."""
    line = Line()
    for part in parts:
        if not line.pieces:
            line.extend(part.pieces)
        elif line.width + 3 + part.width <= width:
            line.add("   ").extend(part.pieces)
    return line


def _beside(review: Review) -> list[tuple[str, int | None]]:
    found: list[tuple[str, int | None]] = []
    moment = " by now" if review.running else ""
    if review.has_before:
        word = _in_words(review.before) if review.span.kind == "week" else "before"
        found.append((word + moment, review.before_sums.cost_nusd))
    if review.usual is not None:
        found.append((f"usual {_KINDS[review.span.kind]}{moment}", review.usual.nusd))
    return found


def why_lines(review: Review, width: int, height: int, palette: Palette) -> list[Line]:
    """The difference and its parts, which add up to it."""
    if not review.has_before:
        return [
            Line().add("WHY", palette.dim),
            Line().add("The store knows nothing of the time before.", palette.faint),
        ]
    difference = review.change.difference
    head = Line().add("WHY ", palette.dim).add(signed(difference), palette.strong)
    head.add(f"  against {_in_words(review.before)}", palette.faint)
    if review.running:
        head.add(" by then", palette.faint)
    lines = [head]
    reasons = list(review.reasons)
    room = max(1, height - 2)
    kept = reasons if len(reasons) <= room else reasons[: room - 1]
    for reason in kept:
        style = palette.warning if reason.nusd > 0 else palette.good
        lines.append(
            Line().cell(signed(reason.nusd), _AMOUNT, style, "right").add("  ")
            .add(clean(sentence(reason), max(1, width - _AMOUNT - 2)), palette.text)
        )  # fmt: skip
    if left := reasons[len(kept) :]:
        rest = sum(reason.nusd for reason in left)
        lines.append(
            Line().cell(signed(rest), _AMOUNT, palette.dim, "right")
            .add(f"  {fmt.plural(len(left), 'other cause')}", palette.faint)
        )  # fmt: skip
    if reasons:
        lines.append(
            Line().cell(signed(difference), _AMOUNT, palette.strong, "right")
            .add("  = the difference", palette.faint)
        )  # fmt: skip
    else:
        lines.append(Line().add("  nothing changed", palette.faint))
    return lines[:height]


def signed(nusd: int) -> str:
    """`+$59.2`, `−$13.0`, `$0`."""
    sign = "+" if nusd > 0 else "−" if nusd < 0 else ""
    return f"{sign}{fmt.money(abs(nusd))}"


def places_of(review: Review, name: str) -> Sequence[Place]:
    """A list of places."""
    return {
        "projects": review.projects, "models": review.models, "branches": review.branches,
        "agents": review.agents,
    }[name]  # fmt: skip


def length_of(review: Review, name: str) -> int:
    """How long a list is."""
    return len(review.sessions) if name == "sessions" else len(places_of(review, name))


def stacked_lists(review: Review, names: Sequence[str], height: int) -> list[list[str]]:
    """The lists of each column; below short ones there is room for those that are in none yet."""
    columns = [[name] for name in names]
    if len(columns) == 1:
        return columns
    for name in (each for each in LISTS if each not in names):
        free = [height - sum(length_of(review, one) + 2 for one in column) for column in columns]
        most = max(range(len(columns)), key=lambda at: free[at])
        if free[most] >= _STACKED and length_of(review, name):
            columns[most].append(name)
    return columns


def list_rows(
    review: Review, name: str, width: int, height: int, palette: Palette, top: int
) -> list[Row]:
    """A title and the lines of a list from `top` on."""
    title = Line().add(f"TOP {name.upper()}", palette.dim)
    wide = width >= 44
    heads = Line()
    if wide:
        heads.cell("calls", 8, palette.faint, "right").cell("share", 9, palette.faint, "right")
    heads.cell("cost", _AMOUNT, palette.faint, "right")
    rows = [Row(both_ends(title, heads, width))]
    total = review.sums.priced_nusd
    count = length_of(review, name)
    if not count:
        rows.append(Row(Line().add("nothing", palette.faint)))
    for index in range(top, min(count, top + max(0, height - 1))):
        if name == "sessions":
            found = review.sessions[index]
            text, sums = fmt.project_name(found.row.project), found.sums
            number = found.row.id[:8]
            abouts = (f"{fmt.model_name(found.row.model)}  {number}", number)
        else:
            place = places_of(review, name)[index]
            text, sums = _named(name, place.name), place.sums
            abouts = (_about(review, name, place),)
        figures = Line()
        if wide:
            share = sums.priced_nusd / total if total and sums.told_nusd is not None else None
            figures.cell(fmt.tokens(sums.calls), 8, palette.faint, "right")
            figures.cell(fmt.percent(share), 9, palette.faint, "right")
        figures.cell(sum_money(sums), _AMOUNT, palette.text, "right")
        words = Line().add(text, palette.text)
        room = width - figures.width - words.width - 3
        if about := next((each for each in abouts if len(each) <= room), ""):
            words.add(f"  {about}", palette.faint)
        rows.append(Row(both_ends(words, figures, width), (name, index)))
    return rows


def _about(review: Review, name: str, place: Place) -> str:
    """What tells a place from another of the same name."""
    if name == "branches":
        return fmt.project_name(place.about)
    short = fmt.project_name(place.name)
    if name != "projects" or not place.name:
        return ""
    same = [each for each in review.projects if fmt.project_name(each.name) == short]
    if len(same) < 2:
        return ""
    folder = place.name.rstrip("/").rpartition("/")[0]
    return f"in {folder}" if folder else "without its folder"


def _named(name: str, text: str) -> str:
    if name == "projects":
        return fmt.project_name(text)
    return fmt.model_name(text) if name == "models" else text or fmt.UNKNOWN
