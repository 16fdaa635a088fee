"""The sessions that used a window, the largest first; their parts add up to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from toktui.tui import format as fmt
from toktui.tui.columns import Column
from toktui.tui.glyphs import gauge
from toktui.tui.widgets.paged_rows import PagedRows

if TYPE_CHECKING:
    from collections.abc import Mapping
    from zoneinfo import ZoneInfo

    from toktui.export.seen import Raw
    from toktui.metrics.eaters import Eater
    from toktui.metrics.limits_look import LimitsLook
    from toktui.tui.lines import Line
    from toktui.tui.theme import Palette


class EaterRows(PagedRows):
    """A line for each session with what it started."""

    COLUMNS = (
        Column("project", "session", 14, False, 0),
        Column("model", "model", 15, False, 74),
        Column("bar", "share of the window", 20, False, 92),
        Column("share", "share", 7, True, 0),
        Column("points", "of limit", 8, True, 60),
        Column("cost", "cost", 8, True, 28),
        Column("tokens", "tokens", 7, True, 66),
        Column("calls", "calls", 6, True, 50),
        Column("last", "last call", 13, False, 104),
        Column("id", "id", 8, False, 130),
    )
    RAW_NAMES: ClassVar[Mapping[str, str]] = {
        "cost": "cost_nusd", "last": "last_ms", "points": "limit_percent",
        "bar": "share_of_window",
    }  # fmt: skip
    GROW = (("project", 28), ("bar", 36), ("model", 22), ("project", 40), ("bar", 60))

    def __init__(self, *, zone: ZoneInfo, id: str) -> None:
        super().__init__(id=id)
        self._zone = zone
        self.look: LimitsLook | None = None

    def raw(self, row: Eater, column: Column) -> Raw:
        """Exact values; money in nano-dollars, times in milliseconds, shares from 0 to 1."""
        eaten = self.look.eaten if self.look else None
        share = eaten.share_of(row) if eaten else None
        used = self.look.window.used_percent if self.look and self.look.window else None
        match column.name:
            case "project":
                return row.project or None
            case "model":
                return row.model
            case "bar" | "share":
                return share
            case "points":
                return None if used is None or share is None else share * used
            case "cost":
                return row.cost_nusd
            case "tokens":
                return row.tokens
            case "calls":
                return row.calls
            case "last":
                return row.last_ms
            case _:
                return row.id

    def cells(
        self, line: Line, row: Eater, column: Column, width: int, palette: Palette
    ) -> None:
        """Appends the cell of a column."""
        look = self.look
        if look is None or look.eaten is None:
            return
        share = look.eaten.share_of(row)
        text, style = "", palette.dim
        match column.name:
            case "project":
                more = f" +{row.others}" if row.others else ""
                text, style = f"{fmt.project_name(row.project)}{more}", palette.strong
            case "model":
                text = fmt.model_name(row.model)
            case "bar":
                line.extend(gauge(share, width, palette.accent, palette.ground).pieces)
                return
            case "share":
                text, style = fmt.percent(share), palette.text
            case "points":
                used = look.window.used_percent if look.window else None
                points = None if used is None or share is None else share * used
                text = fmt.UNKNOWN if points is None else f"{points:.1f} pt"
            case "cost":
                text = fmt.money(row.cost_nusd, lacks=row.unpriced > 0, estimated=row.estimated > 0)
                style = palette.faint if row.cost_nusd is None else palette.text
            case "tokens":
                text = fmt.tokens(row.tokens, estimated=row.estimated > 0)
            case "calls":
                text = fmt.tokens(row.calls)
            case "last":
                text = fmt.moment(row.last_ms, self.now_ms, self._zone)
            case _:
                text, style = fmt.beginning(row.id, width), palette.faint
        line.cell(text, width, style, "right" if column.right else "left")
