"""The pieces of a stretch as bars, stacked by agent or model: rows where they fit, else columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from toktui.tui import format as fmt
from toktui.tui.glyphs import columns as stacked
from toktui.tui.lines import Line, both_ends
from toktui.tui.widgets.bars import stacked_bar
from toktui.tui.widgets.today import hit_text, sum_money

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.style import Style

    from toktui.metrics.history import Bar, Review
    from toktui.metrics.range_sums import Place
    from toktui.metrics.sums import Sums
    from toktui.tui.theme import Palette

Stack = Literal["agent", "model"]
Target = tuple[str, int]
"""What can be chosen: the name of a list, and the index in it."""
_FIGURES: Final = 9
_CALLS: Final = 13
"""Cells of `1.11k calls`, and two before it."""
TALL: Final = 28
"""Lines of a board with room for more of everything."""


class Row(NamedTuple):
    """A line, and what is chosen there."""

    line: Line
    target: Target | None = None


def series_of(review: Review, stack: Stack) -> Sequence[Place]:
    """Those that the bars are stacked of, dearest first."""
    return review.agents if stack == "agent" else review.models


def style_of(index: int, palette: Palette) -> Style:
    """The colour of one; those beyond the colours share the last."""
    return palette.series[index] if index < len(palette.series) else palette.dim


def legend(review: Review, stack: Stack, width: int, palette: Palette) -> Line:
    """Which colour is what, as many as fit."""
    line = Line()
    places = series_of(review, stack)
    for index, place in enumerate(places):
        name = place.name if stack == "agent" else fmt.model_name(place.name)
        piece = Line().add("   " if index else "").add("■ ", style_of(index, palette))
        piece.add(name, palette.dim).add(f" {sum_money(place.sums)}", palette.faint)
        if line.width + piece.width + (2 if index < len(places) - 1 else 0) > width:
            line.add(" …" if index else "", palette.faint)
            break
        line.extend(piece.pieces)
    return line


def bar_rows(
    review: Review, stack: Stack, width: int, height: int, palette: Palette, chosen: Target | None
) -> list[Row]:
    """Rows where all fit, else columns."""
    if len(review.bars) <= height:
        return _rows(review, stack, width, palette)
    return _columns(review, stack, width, height, palette, chosen)


def _parts(bar: Bar, stack: Stack) -> Mapping[str, Sums]:
    return bar.agents if stack == "agent" else bar.models


def _rows(review: Review, stack: Stack, width: int, palette: Palette) -> list[Row]:
    top = max((bar.sums.priced_nusd for bar in review.bars), default=0)
    labels = [piece_label(review, index) for index in range(len(review.bars))]
    wide = max(map(len, labels))
    with_calls = width >= 46
    with_hit = width >= 64
    room = width - wide - 2 - _FIGURES - 1 - (_CALLS if with_calls else 0) - (9 if with_hit else 0)
    names = [place.name for place in series_of(review, stack)]
    rows: list[Row] = []
    for index, (bar, label) in enumerate(zip(review.bars, labels, strict=True)):
        ahead = bar.piece.within.start_ms > review.now_ms
        line = Line().cell(label, wide, palette.faint if ahead else palette.dim).add("  ")
        line.extend(_stacked(bar, stack, names, top, max(0, room), palette).pieces)
        line.fill(wide + 2 + max(0, room)).add(" ")
        if ahead:
            line.cell(fmt.UNKNOWN, _FIGURES, palette.faint, "right")
        elif not bar.sums.calls:
            line.cell("·", _FIGURES, palette.faint, "right")
        else:
            line.cell(sum_money(bar.sums), _FIGURES, palette.text, "right")
        if with_calls:
            calls = fmt.tokens(bar.sums.calls) + " calls" if bar.sums.calls else ""
            if bar.sums.calls == 1:
                calls = "1 call "
            line.cell(calls, _CALLS, palette.faint, "right")
        if with_hit:
            hit = hit_text(bar.sums) if bar.sums.calls else ""
            line.cell(hit, 9, palette.faint, "right")
        rows.append(Row(line, ("pieces", index)))
    return rows


def _stacked(
    bar: Bar, stack: Stack, names: Sequence[str], top: int, room: int, palette: Palette
) -> Line:
    parts = _parts(bar, stack)
    return stacked_bar(
        [
            (parts[name].priced_nusd, style_of(index, palette))
            for index, name in enumerate(names)
            if name in parts
        ],
        top,
        room,
    )


def _columns(
    review: Review, stack: Stack, width: int, height: int, palette: Palette, chosen: Target | None
) -> list[Row]:
    """One column for each piece, and below it what the chosen one is."""
    count = len(review.bars)
    names = [place.name for place in series_of(review, stack)]
    shown = min(len(names), len(palette.series))
    series = [
        [_of(bar, stack, name) for bar in review.bars] for name in names[:shown]
    ]
    rest = [
        sum(_of(bar, stack, name) for name in names[shown:]) for bar in review.bars
    ]
    series.append(rest)
    styles = [style_of(index, palette) for index in range(shown)] + [palette.dim]
    gap = 1 if width >= count * 3 else 0
    wide = max(1, min(6, width // count - gap))
    top = max((bar.sums.priced_nusd for bar in review.bars), default=0)
    lines = stacked(series, styles, height=max(1, height - 2), top=top, wide=wide, gap=gap)
    if not top:
        lines[-1] = Line().add("▁" * min(width, count * (wide + gap)), palette.faint)
    at = chosen[1] if chosen is not None and chosen[0] == "pieces" else None
    mark = Line()
    if at is not None:
        mark.add(" " * (at * (wide + gap))).add("▔" * wide, palette.accent)
    across = min(width, count * (wide + gap))
    ends = both_ends(
        Line().add(piece_label(review, 0), palette.faint),
        Line().add(piece_label(review, count - 1), palette.faint), across,
    )  # fmt: skip
    if at is not None and at < count:
        sums = review.bars[at].sums
        ends = (
            Line().add(f"{piece_label(review, at)}  ", palette.strong)
            .add(sum_money(sums) if sums.calls else "nothing", palette.text)
            .add(f"  {fmt.plural(sums.calls, 'call')}", palette.faint)
        )  # fmt: skip
    return [*(Row(line) for line in lines), Row(mark), Row(ends)]


def _of(bar: Bar, stack: Stack, name: str) -> int:
    found = _parts(bar, stack).get(name)
    return 0 if found is None else found.priced_nusd


def piece_label(review: Review, index: int) -> str:
    """`Mon 16`, `14:00`, `W47 16 Nov`, `Nov 2026`."""
    piece, day = review.bars[index].piece, review.bars[index].piece.first
    match review.span.grain:
        case "hour":
            return piece.label
        case "week":
            return f"{piece.label[5:]} {day.day:2} {day:%b}"
        case "month":
            return f"{day:%b} {day.year}"
        case _:
            named = review.span.kind == "week"
            return f"{day:%a} {day.day:2}" if named else f"{day:%a} {day.day:2} {day:%b}"


def bars_at_most(pieces: int, *, wide: bool, height: int) -> int:
    """How many lines the bars get: one for each piece where that leaves room for the rest."""
    if pieces <= 7:
        return max(3, min(7, height - 1))
    if wide and height >= TALL:
        return min(14, height - 1)
    return max(3, min(8, height - 8))
