"""The pictures of one session: its sums, its cost over time, its models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from toktui.tui import format as fmt
from toktui.tui.glyphs import columns as stacked
from toktui.tui.glyphs import gauge
from toktui.tui.lines import Line, both_ends
from toktui.tui.widgets.drawing import Drawing
from toktui.tui.widgets.probable import probable_money
from toktui.tui.widgets.today import hit_text, saved_money, sum_money, sum_tokens

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    from toktui.metrics.session_detail import SessionDetail, Step
    from toktui.metrics.sums import Sums
    from toktui.tui.theme import Palette

_WIDEST: Final = 6
"""Cells of a column of the chart."""


class SessionHead(Drawing):
    """Whose session, from when to when, and its sums, in three lines."""

    DEFAULT_CSS = "SessionHead { height: 3; margin: 1 0 0 0; }"
    detail: SessionDetail | None = None

    def __init__(self, *, zone: ZoneInfo, id: str) -> None:
        super().__init__(id=id)
        self._zone = zone

    def draw(self, width: int, height: int, palette: Palette) -> Sequence[Line]:
        """Three lines."""
        del height
        detail = self.detail
        if detail is None:
            return [Line().add("…", palette.faint)]
        row, sums = detail.row, detail.row.sums
        name = Line().add(fmt.project_name(row.project), palette.strong)
        if detail.branches:
            first, *others = detail.branches
            more = f" +{len(others)}" if others else ""
            name.add(f"  {first}{more}", palette.accent)
        name.add(f"  {row.agent}", palette.dim)
        cost = Line().add(sum_money(sums), palette.hot).add(" list cost", palette.faint)
        if more := probable_money(row.probable):
            cost.add(f"  probably {more}", palette.faint)
        times = (
            f"{fmt.moment(row.first_ms, detail.now_ms, self._zone).strip()} to"
            f" {fmt.moment(row.last_ms, detail.now_ms, self._zone).strip()}"
            f" · {fmt.span(row.last_ms - row.first_ms)}"
        )
        counts = Line()
        for word, value in (
            ("calls", _calls(detail)),
            ("copies", fmt.tokens(detail.copies)),
            ("tokens", sum_tokens(sums)),
            ("hit", hit_text(sums)),
            ("saved", saved_money(sums)),
        ):
            gap = "   " if counts.pieces else ""
            if counts.width + len(f"{gap}{word} {value}") + len(times) + 3 > width:
                break
            counts.add(gap).add(f"{word} ", palette.faint).add(value, palette.text)
        place = Line().add(row.project or fmt.UNKNOWN, palette.faint)
        return [
            both_ends(name, cost, width),
            both_ends(counts, Line().add(times, palette.dim), width),
            both_ends(place, Line().add(row.id, palette.faint), width),
        ]


def _calls(detail: SessionDetail) -> str:
    """How many calls; within a filter also of how many."""
    calls = fmt.tokens(detail.row.sums.calls)
    if detail.row.sums.calls == detail.of_all:
        return calls
    return f"{calls} of {fmt.tokens(detail.of_all)}"


class CostChart(Drawing):
    """Cost of the calls in their order, stacked by bucket, and the context as a line below.

    Where none of them has a price, their tokens.
    """

    detail: SessionDetail | None = None

    def __init__(self, *, zone: ZoneInfo, id: str) -> None:
        super().__init__(id=id)
        self._zone = zone

    def cells(self, width: int) -> int:
        """How many of so many cells the columns take."""
        if self.detail is None or not self.detail.steps:
            return width
        count = len(_merged(self.detail.steps, width))
        return max(1, min(_WIDEST, width // count)) * count

    def draw(self, width: int, height: int, palette: Palette) -> Sequence[Line]:
        """Caption, columns, context, times."""
        detail = self.detail
        if detail is None or not detail.steps or height < 6:
            return [Line().add("COST", palette.dim)]
        steps = _merged(detail.steps, width)
        wide = max(1, min(_WIDEST, width // len(steps)))
        across = wide * len(steps)
        sums = detail.row.sums
        priced = sums.told_nusd is not None
        stacks = [_stack(step.parts if priced else step.tokens) for step in steps]
        series = list(map(list, zip(*stacks, strict=True)))
        styles = (palette.read, palette.write, palette.fresh, palette.output)
        top = max(map(sum, zip(*series, strict=True)))
        per = max(step.calls for step in steps)
        unit = "per call" if per == 1 else f"per {per} calls"
        peak = fmt.tokens(top)
        if priced:
            peak = fmt.money(top, lacks=bool(sums.unpriced), estimated=bool(sums.estimated))
        caption = Line().add("COST" if priced else "TOKENS", palette.dim)
        caption.add(f"  {unit}, peak {peak}", palette.faint)
        legend = Line()
        for style, word in zip(styles, ("read", "write", "input", "output"), strict=True):
            legend.add("  " if legend.pieces else "").add("■ ", style).add(word, palette.dim)
        if caption.width + legend.width + 2 <= width:
            caption = both_ends(caption, legend, max(across, caption.width + legend.width + 2))
        lines = [caption, *stacked(series, styles, height=height - 5, top=top, wide=wide)]
        if not top:
            lines[-1] = Line().add("▁" * across, palette.faint)
        lines.append(Line())
        lines.extend(self._context_lines(detail, steps, wide, palette))
        first = fmt.moment(steps[0].start_ms, detail.now_ms, self._zone).strip()
        last = fmt.moment(detail.row.last_ms, detail.now_ms, self._zone).strip()
        ends = (Line().add(first, palette.faint), Line().add(last, palette.faint))
        lines.append(both_ends(*ends, max(across, len(first) + len(last) + 1)))
        return lines

    @staticmethod
    def _context_lines(
        detail: SessionDetail, steps: Sequence[Step], wide: int, palette: Palette
    ) -> list[Line]:
        largest = max(step.context for step in steps)
        top = max(largest, 1)
        line = stacked(
            [[step.context for step in steps]], [palette.accent], height=1, top=top, wide=wide
        )
        window = f" of {fmt.window(detail.window)}" if detail.window else ""
        text = f"context of the conversation, up to {fmt.tokens(largest)}{window}"
        return [*line, Line().add(text, palette.faint)]


def _stack(parts: Sequence[int]) -> tuple[int, int, int, int]:
    """Read, written, input, and output with its fees, of what follows `model.PARTS`."""
    return (parts[1], parts[2] + parts[3], parts[0], sum(parts[4:]))


def _merged(steps: Sequence[Step], most: int) -> list[Step]:
    """At most `most` steps, neighbours together."""
    each = -(-len(steps) // max(1, most))
    merged: list[Step] = []
    for start in range(0, len(steps), each):
        group = steps[start : start + each]
        parts = tuple(map(sum, zip(*(step.parts for step in group), strict=True)))
        tokens = tuple(map(sum, zip(*(step.tokens for step in group), strict=True)))
        merged.append(
            msgspec.structs.replace(
                group[0],
                calls=sum(step.calls for step in group),
                parts=parts,
                tokens=tokens,
                context=max(step.context for step in group),
            )
        )
    return merged


def _part_money(nusd: int, sums: Sums) -> str:
    """What a part of the cost of many calls is, with the marks of the whole."""
    known = None if sums.told_nusd is None else nusd
    return fmt.money(known, lacks=bool(sums.unpriced), estimated=bool(sums.estimated))


class ModelTable(Drawing):
    """What each model cost, and of what."""

    detail: SessionDetail | None = None

    def draw(self, width: int, height: int, palette: Palette) -> Sequence[Line]:
        """A line for each model and tier."""
        lines = [
            Line().cell("MODELS", width - 24, palette.dim).cell("calls", 7, palette.faint, "right")
            .cell("share", 8, palette.faint, "right").cell("cost", 9, palette.faint, "right")
        ]  # fmt: skip
        detail = self.detail
        if detail is None:
            return lines
        total = detail.row.sums.priced_nusd
        for model in detail.models:
            share = model.sums.priced_nusd / total if total else None
            name = fmt.model_name(model.model, model.priced_as)
            tier = f" {model.tier}" if model.tier != "standard" else ""
            lines.append(
                Line()
                .cell(f"{name}{tier}", width - 24, palette.text)
                .cell(fmt.tokens(model.sums.calls), 7, palette.dim, "right")
                .cell(fmt.percent(share), 8, palette.dim, "right")
                .cell(sum_money(model.sums), 9, palette.text, "right")
            )
        lines.append(Line())
        sums = detail.row.sums
        parts = (
            ("cache read", sums.cost_cache_read, palette.read),
            ("cache write", sums.cost_cache_write_5m + sums.cost_cache_write_1h, palette.write),
            ("input", sums.cost_input, palette.fresh),
            ("output", sums.cost_output, palette.output),
            ("fees", sums.cost_fees, palette.dim),
        )
        for word, nusd, style in parts:
            if word == "fees" and not nusd:
                continue
            bar = gauge(nusd / total if total else None, max(0, width - 24), style, palette.faint)
            lines.append(
                Line().cell(word, 13, palette.dim).extend(bar.pieces).add("  ")
                .cell(_part_money(nusd, sums), 9, palette.text, "right")
            )  # fmt: skip
        return lines[:height]
