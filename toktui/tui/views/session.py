"""One session: its cost over time by bucket and model, its context, its calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
from textual.binding import Binding
from textual.containers import Horizontal

from toktui.metrics.burn import ESTIMATED
from toktui.metrics.session_detail import (
    DetailQuestion,
    SessionCall,
    SessionDetail,
    load_detail,
)
from toktui.tui import format as fmt
from toktui.tui.columns import Column
from toktui.tui.glyphs import columns as stacked
from toktui.tui.glyphs import gauge
from toktui.tui.lines import Line, both_ends
from toktui.tui.view import Ask, Open, View
from toktui.tui.widgets.drawing import Drawing
from toktui.tui.widgets.feed_rows import cold_mark
from toktui.tui.widgets.paged_rows import PagedRows
from toktui.tui.widgets.today import saved_money, sum_money

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    from textual import events
    from textual.app import ComposeResult

    from toktui.metrics.session_detail import Step
    from toktui.tui.refresher import Reading
    from toktui.tui.theme import Palette


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
            more = f" +{len(detail.branches) - 1}" if len(detail.branches) > 1 else ""
            name.add(f"  {detail.branches[0]}{more}", palette.accent)
        name.add(f"  {row.agent}", palette.dim)
        cost = Line().add(sum_money(sums), palette.hot).add(" list cost", palette.faint)
        times = (
            f"{fmt.moment(row.first_ms, detail.now_ms, self._zone).strip()} to"
            f" {fmt.moment(row.last_ms, detail.now_ms, self._zone).strip()}"
            f" · {fmt.span(row.last_ms - row.first_ms)}"
        )
        counts = Line()
        for word, value in (
            ("calls", fmt.tokens(sums.calls)),
            ("copies", fmt.tokens(detail.copies)),
            ("tokens", fmt.tokens(sums.tokens)),
            ("hit", fmt.percent(sums.cache_hit_rate)),
            ("saved", saved_money(sums)),
        ):
            counts.add("   " if counts.pieces else "")
            counts.add(f"{word} ", palette.faint).add(value, palette.text)
        place = Line().add(row.project or fmt.UNKNOWN, palette.faint)
        return [
            both_ends(name, cost, width),
            both_ends(counts, Line().add(times, palette.dim), width),
            both_ends(place, Line().add(row.id, palette.faint), width),
        ]


class CostChart(Drawing):
    """Cost of the calls in their order, stacked by bucket, and the context as a line below."""

    detail: SessionDetail | None = None

    def __init__(self, *, zone: ZoneInfo, id: str) -> None:
        super().__init__(id=id)
        self._zone = zone

    def draw(self, width: int, height: int, palette: Palette) -> Sequence[Line]:
        """Caption, columns, context, times."""
        detail = self.detail
        if detail is None or not detail.steps or height < 6:
            return [Line().add("COST", palette.dim)]
        steps = _merged(detail.steps, width)
        wide = max(1, min(6, width // len(steps)))
        across = wide * len(steps)
        written = [step.parts[2] + step.parts[3] for step in steps]
        series = [
            [step.parts[1] for step in steps], written, [step.parts[0] for step in steps],
            [step.parts[4] + step.parts[5] for step in steps],
        ]  # fmt: skip
        styles = (palette.read, palette.write, palette.fresh, palette.output)
        top = max(map(sum, zip(*series, strict=True)))
        per = max(step.calls for step in steps)
        unit = "per call" if per == 1 else f"per {per} calls"
        caption = Line().add("COST", palette.dim).add(f"  {unit}, peak {fmt.money(top)}", palette.faint)
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
        line = stacked([[step.context for step in steps]], [palette.accent], height=1, top=top, wide=wide)
        window = f" of {fmt.tokens(detail.window)}" if detail.window else ""
        text = f"context of the conversation, up to {fmt.tokens(largest)}{window}"
        return [*line, Line().add(text, palette.faint)]


def _merged(steps: Sequence[Step], most: int) -> list[Step]:
    """At most `most` steps, neighbours together."""
    each = -(-len(steps) // max(1, most))
    merged: list[Step] = []
    for start in range(0, len(steps), each):
        group = steps[start : start + each]
        parts = tuple(map(sum, zip(*(step.parts for step in group), strict=True)))
        merged.append(
            msgspec.structs.replace(
                group[0], calls=sum(step.calls for step in group), parts=parts,
                context=max(step.context for step in group),
            )
        )
    return merged


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
                .cell(fmt.money(nusd), 9, palette.text, "right")
            )  # fmt: skip
        return lines[:height]


class CallRows(PagedRows):
    """The calls of the session, newest first."""

    COLUMNS = (
        Column("at", "time", 13, False, 0),
        Column("who", "by", 12, False, 96),
        Column("model", "model", 15, False, 62),
        Column("read", "read", 7, True, 0),
        Column("write", "write", 7, True, 40),
        Column("input", "input", 7, True, 72),
        Column("output", "output", 7, True, 50),
        Column("cost", "cost", 8, True, 30),
        Column("copies", "copies", 6, True, 84),
        Column("cold", "", 12, False, 76),
    )
    GROW = (("cold", 40), ("model", 24), ("who", 24))

    def __init__(self, *, zone: ZoneInfo, id: str) -> None:
        super().__init__(id=id)
        self._zone = zone

    def cells(
        self, line: Line, row: SessionCall, column: Column, width: int, palette: Palette
    ) -> None:
        """Appends the cell of a column."""
        call, text, style = row.call, "", palette.dim
        match column.name:
            case "at":
                text = fmt.moment(call.at_ms, self.now_ms, self._zone)
                if len(text) == len("14:32"):
                    text = fmt.clock(call.at_ms, self._zone, seconds=True)
            case "who":
                text, style = row.agent_kind or "conversation", palette.faint
            case "model":
                text = fmt.model_name(call.model, call.priced_as or None)
            case "read":
                text = fmt.tokens(call.cache_read)
            case "write":
                text = fmt.tokens(call.cache_write_5m + call.cache_write_1h)
                style = palette.warning if row.cold else palette.dim
            case "input":
                text = fmt.tokens(call.input)
            case "output":
                text = fmt.tokens(call.output)
            case "cost":
                text = fmt.money(call.cost_nusd, estimated=call.exactness == ESTIMATED)
                style = palette.faint if call.cost_nusd is None else palette.text
            case "copies":
                text = str(row.copies) if row.copies else ""
            case _:
                mark = cold_mark(row.cold, width, palette) if row.cold else Line()
                line.extend(mark.strip(width))
                return
        line.cell(text, width, style, "right" if column.right else "left")


class SessionView(View["SessionDetail | None"]):
    """What is behind one line of the other screens."""

    KEY, LABEL = "session", "Session"
    BINDINGS = [Binding("w", "why", "why")]
    HELP = (
        ("↑ ↓ pgup pgdn", "choose a call"),
        ("enter, w", "why it costs what it costs: bytes, rates, multiplication"),
        ("copies", "lines that report the call again; never counted"),
        ("▲ cold", "a turn that wrote to the cache again what could have been read from it"),
    )
    DEFAULT_CSS = """
    SessionView { layout: vertical; padding: 0 1; }
    SessionView #middle { height: 12; margin: 1 0 0 0; }
    SessionView CostChart { width: 1fr; }
    SessionView ModelTable { width: 46; margin: 0 0 0 3; }
    SessionView CallRows { margin: 1 0 0 0; }
    """

    def __init__(self, *, zone: ZoneInfo, about: Any = None) -> None:
        super().__init__(zone=zone, about=DetailQuestion(int(about or 0)))
        self._head = SessionHead(zone=zone, id="session-head")
        self._chart = CostChart(zone=zone, id="cost-chart")
        self._models = ModelTable(id="models")
        self._middle = Horizontal(self._chart, self._models, id="middle")
        self._calls = CallRows(zone=zone, id="call-rows")

    def compose(self) -> ComposeResult:
        """Head, pictures, calls."""
        yield from (self._head, self._middle, self._calls)

    @classmethod
    def load(cls, reading: Reading, about: DetailQuestion) -> SessionDetail | None:
        """The session with a window of its calls."""
        return load_detail(reading.db, reading.book, about, reading.now_ms)

    def reopen(self, about: Any) -> None:
        """Another session."""
        if int(about) != self.about.session:
            self.about = DetailQuestion(int(about))
            self.data = None
            self._calls.start_over()
            self._calls.take((), first=0, found=0, now_ms=self.now_ms)

    def redraw(self) -> None:
        """Gives every part its share."""
        for part in (self._head, self._chart, self._models):
            part.detail = self.data
            part.redraw()
        self._calls.empty = "The session is gone." if self.data is None else "No calls."
        if self.data is not None:
            self._calls.take(
                self.data.calls, first=self.data.first, found=self.data.found,
                now_ms=self.data.now_ms,
            )

    def on_resize(self, event: events.Resize) -> None:
        """Leaves out the pictures where there is no room."""
        width, height = event.size
        self._middle.display = height >= 18
        self._middle.styles.height = 13 if height >= 34 else 10
        self._models.display = width >= 90
        self._head.styles.margin = (1 if height >= 12 else 0, 0, 0, 0)

    def action_open(self) -> None:
        """The evidence for the call under the cursor."""
        self._calls.action_choose()

    def action_why(self) -> None:
        """The evidence for the call under the cursor."""
        self._calls.action_choose()

    def on_paged_rows_wanted(self, message: PagedRows.Wanted) -> None:
        """Reads on."""
        self.about = msgspec.structs.replace(self.about, first=message.first)
        self.post_message(Ask())

    def on_paged_rows_chosen(self, message: PagedRows.Chosen) -> None:
        """Shows the evidence."""
        self.post_message(Open("why", message.row.call.number))


VIEW: Final = SessionView
