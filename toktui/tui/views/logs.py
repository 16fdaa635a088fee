"""The logs of an agent: how far each is read, and the shapes that were not understood."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from toktui.metrics.agent_logs import AgentLogs, LogSeen, load_agent_logs
from toktui.tui import format as fmt
from toktui.tui.lines import Line, wrapped
from toktui.tui.view import View
from toktui.tui.widgets.pages import Pages

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from textual.app import ComposeResult

    from toktui.tui.refresher import Reading
    from toktui.tui.theme import Palette

_NUMBERS: Final = 13 + 10 + 9 + 9 + 12 + 2


class LogsView(View[AgentLogs]):
    """Versions, shapes, logs, in one text."""

    KEY, LABEL = "logs", "Logs"
    LED_TO_BY = ("health", "enter")
    FILTERED = "not here"
    MEANINGS = (
        ("↑ ↓ pgup pgdn", "scroll"),
        ("not understood", "shapes only: keys and types, never a value"),
        ("read", "how much of the log's bytes has been read"),
    )
    DEFAULT_CSS = "LogsView { layout: vertical; padding: 1 1 0 1; }"

    def __init__(self, *, zone: ZoneInfo, about: Any = None) -> None:
        super().__init__(zone=zone, about=str(about or ""))
        self._pages = Pages(self._lines, id="log-pages")

    def compose(self) -> ComposeResult:
        """One text."""
        yield self._pages

    @classmethod
    def load(cls, reading: Reading, about: str) -> AgentLogs:
        """What the store knows of the agent's logs."""
        return load_agent_logs(reading.db, about)

    def reopen(self, about: Any) -> None:
        """Another agent."""
        if str(about) != self.about:
            self.about, self.data = str(about), None
            self._pages.top = 0

    def fill(self) -> None:
        """Writes the text anew."""
        self._pages.redraw()

    def _lines(self, width: int, palette: Palette) -> list[Line]:
        data = self.data
        if data is None:
            return [Line().add("reading …", palette.faint)]
        head = Line().add("LOGS  ", palette.dim).add(data.name, palette.strong)
        head.add(f"   {fmt.plural(data.found, 'log')}", palette.text)
        lines = [head]
        for root in data.roots:
            lines += wrapped(fmt.place(root, self.home), width, palette.faint)
        if data.shapes:
            lines += [Line(), *self._shapes(data, width, palette)]
        lines += [Line(), *self._versions(data, palette)]
        lines += [Line(), *self._table(data, width, palette)]
        return lines

    def _versions(self, data: AgentLogs, palette: Palette) -> list[Line]:
        head = Line().cell("version", 16, palette.faint).cell("logs", 8, palette.faint, "right")
        head.cell("lines", 9, palette.faint, "right")
        lines = [head.cell("not understood", 17, palette.faint, "right")]
        for one in data.versions:
            share = one.misread / one.lines if one.lines else 0.0
            said = f"{fmt.tokens(one.misread)}  {fmt.percent(share)}" if one.misread else "·"
            lines.append(
                Line()
                .cell(one.version or "not said", 16, palette.text)
                .cell(fmt.tokens(one.logs), 8, palette.dim, "right")
                .cell(fmt.tokens(one.lines), 9, palette.dim, "right")
                .cell(said, 17, palette.warning if one.misread else palette.faint, "right")
            )
        return lines

    def _shapes(self, data: AgentLogs, width: int, palette: Palette) -> list[Line]:
        lines = [Line().add("NOT UNDERSTOOD", palette.warning)]
        for one in data.shapes:
            when = "" if one.last_ms is None else fmt.moment(one.last_ms, self.now_ms, self.zone)
            head = Line().cell(f"{fmt.tokens(one.count)}×", 7, palette.text, "right")
            lines.append(head.add(f"  {one.version or 'not said'}  {when.strip()}", palette.dim))
            lines += [
                Line().add("         ").extend(part.pieces)
                for part in wrapped(one.shape, max(10, width - 10), palette.faint)
            ]
        return lines

    def _table(self, data: AgentLogs, width: int, palette: Palette) -> list[Line]:
        name = max(16, width - _NUMBERS)
        head = Line().cell("log", name, palette.faint).cell("  written", 15, palette.faint)
        head.cell("size", 10, palette.faint, "right").cell("read", 9, palette.faint, "right")
        head.cell("lines", 9, palette.faint, "right")
        lines = [head.cell("not read", 10, palette.faint, "right")]
        lines += [self._log_cell(one, data, name, palette) for one in data.logs]
        if (more := data.found - len(data.logs)) > 0:
            lines.append(Line().add(f"and {fmt.plural(more, 'older log')}", palette.faint))
        return lines

    def _log_cell(self, one: LogSeen, data: AgentLogs, name: int, palette: Palette) -> Line:
        root = next((root for root in data.roots if one.path.startswith(f"{root}/")), "")
        shown = one.path[len(root) + 1 :] if root else one.path
        shown = shown if len(shown) <= name else f"…{shown[1 - name :]}"
        gone = one.gone_ms is not None
        line = Line().cell(shown, name, palette.faint if gone else palette.text)
        written = fmt.moment(one.written_ms, self.now_ms, self.zone) if one.written_ms else ""
        line.cell(f"  {written}", 15, palette.dim)
        line.cell(fmt.size(max(0, one.size)), 10, palette.dim, "right")
        read = "gone" if gone else fmt.percent(
            min(1.0, one.offset / one.size) if one.size > 0 else None
        )
        line.cell(read, 9, palette.faint if gone else palette.dim, "right")
        line.cell(fmt.tokens(one.lines), 9, palette.dim, "right")
        misread = fmt.tokens(one.misread) if one.misread else "·"
        line.cell(misread, 10, palette.warning if one.misread else palette.faint, "right")
        return line.add(f"  {one.problem}", palette.error) if one.problem else line


VIEW: Final = LogsView
