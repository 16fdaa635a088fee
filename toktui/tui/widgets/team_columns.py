"""The columns of the screen of a team: of its board, and of the days that were sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from toktui.tui import format as fmt
from toktui.tui.columns import Column
from toktui.tui.lines import Line
from toktui.tui.widgets.table_rows import Field

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.style import Style

    from toktui.team.board import Standing
    from toktui.team.look import DayLine
    from toktui.tui.theme import Palette

FAR: Final = 1000.0
"""A multiple beyond which there is nothing to tell."""
_WORDS: Final = {
    "open": "goes on", "to send": "to be sent", "stored": "taken", "unchanged": "taken",
    "held": "held", "not taken": "not taken",
}  # fmt: skip


def board_fields() -> list[Field[Standing]]:
    """What is told of a member; consumption is no column."""
    return [
        Field(Column("place", "#", 3, True, 0),
              lambda one: "" if one.place is None else str(one.place), lambda one: one.place),
        Field(Column("name", "member", 16, False, 0), _name, lambda one: one.name, "",
              lambda one, p: p.hot if one.is_you else p.text),
        Field(Column("index", "index", 8, True, 0),
              lambda one: fmt.UNKNOWN if one.index is None else ratio(one.index),
              lambda one: one.index, "", lambda one, p: p.strong),
        Field(Column("scale", "0    usual    2", 15, False, 96), lambda one: "",
              lambda one: one.index, drawn=_scale),
        Field(Column("trend", "own best", 8, True, 108),
              lambda one: fmt.UNKNOWN if one.trend is None else change(one.trend),
              lambda one: one.trend, "trend",
              lambda one, p: p.good if one.trend is not None and one.trend <= 1 else p.dim),
        Field(Column("landed", "landed", 6, True, 44), lambda one: fmt.tokens(one.landed),
              lambda one: one.landed),
        Field(Column("sizes", "by size", 22, False, 170), _sizes, style=lambda _, p: p.faint),
        Field(Column("unit", "per S", 8, True, 76), lambda one: fmt.money(one.cost_per_unit_nusd),
              lambda one: one.cost_per_unit_nusd, "cost_per_unit_nusd"),
        Field(Column("cost", "cost", 9, True, 60),
              lambda one: fmt.money(one.cost_nusd, estimated=one.holds_estimates,
                                    lacks=one.lacks_unpriced or one.unread_days > 0),
              lambda one: one.cost_nusd, "cost_nusd"),
        Field(Column("share", "linked", 7, True, 118), _linked,
              lambda one: one.linked_share, "linked_share"),
        Field(Column("hit", "cache", 7, True, 84), lambda one: _percent(one.cache_hit_rate),
              lambda one: one.cache_hit_rate, "cache_hit_rate"),
        Field(Column("days", "days", 5, True, 130), lambda one: fmt.tokens(one.active_days),
              lambda one: one.active_days, "active_days"),
        Field(Column("level", "", 4, False, 136),
              lambda one: "live" if one.level == "live" else "", lambda one: one.level, "level",
              lambda _, p: p.good),
        Field(Column("said", "", 14, False, 72), lambda one: _said(one, 40), drawn=_draw_said),
    ]  # fmt: skip


def _name(one: Standing) -> str:
    return f"{one.name} · you" if one.is_you and one.name != "you" else one.name


def change(ratio: float) -> str:
    """`−8 %`: how far a multiple is from one."""
    percent = round((min(ratio, FAR) - 1) * 100)
    if not percent:
        return "±0 %"
    return f"{'+' if percent > 0 else '−'}{min(999, abs(percent))} %"


def ratio(index: float) -> str:
    return f"{index:.2f}" if index < 1000 else ">1000"


def _percent(share: float | None) -> str:
    return fmt.UNKNOWN if share is None else f"{int(share * 100 + 0.5)} %"


def _linked(one: Standing) -> str:
    is_least = one.linked_share is not None and one.linked_unpriced > 0
    return f"{fmt.AT_LEAST if is_least else ''}{_percent(one.linked_share)}"


def _sizes(one: Standing) -> str:
    return " ".join(f"{n} {size}" for size, n in one.changes.items() if n) or fmt.UNKNOWN


def _said(one: Standing, width: int) -> str:
    """Badges, or why there is no index; in fewer words where there is no room for more."""
    if one.badges:
        whole = ", ".join(one.badges)
        return whole if len(whole) <= width else ", ".join(_short(badge) for badge in one.badges)
    if one.index is not None or not one.missing:
        return ""
    whole = f"not yet: {one.missing}"
    return whole if len(whole) <= width else one.missing


def _short(badge: str) -> str:
    return badge.rpartition(" ")[2]


def _draw_said(one: Standing, width: int, palette: Palette) -> Line:
    style = palette.good if one.badges else palette.faint
    return Line().cell(_said(one, width), width, style)


def _scale(one: Standing, width: int, palette: Palette) -> Line:
    """Where an index lies between nothing and twice the usual, which is in the middle."""
    middle = width // 2
    cells = ["·" if at == middle else "─" for at in range(width)]
    styles = [palette.ground] * width
    styles[middle] = palette.dim
    if one.index is not None:
        at = round(min(one.index, 2) / 2 * (width - 1))
        cells[at] = "▶" if one.index > 2 else "●"
        styles[at] = palette.hot if one.is_you else palette.good if one.index <= 1 else palette.text
    line = Line()
    for cell, style in zip(cells, styles, strict=True):
        line.add(cell, style)
    return line


def day_fields(when: Callable[[int], str]) -> list[Field[DayLine]]:
    """What is told of a day that was or will be sent."""
    return [
        Field(Column("day", "day", 10, False, 0), lambda one: one.day,
              style=lambda _, p: p.strong),
        Field(Column("word", "", 10, False, 0), lambda one: _WORDS[one.word], lambda one: one.word,
              "state", _day_style),
        Field(Column("calls", "calls", 6, True, 0), lambda one: fmt.tokens(one.calls),
              lambda one: one.calls),
        Field(Column("more", "since", 8, True, 86),
              lambda one: f"+{fmt.tokens(one.more_calls)}" if one.more_calls else "",
              lambda one: one.more_calls, "calls_since"),
        Field(Column("tokens", "tokens", 8, True, 58),
              lambda one: fmt.tokens(one.tokens, estimated=one.holds_estimates),
              lambda one: one.tokens),
        Field(Column("cost", "cost", 9, True, 48),
              lambda one: fmt.money(one.cost_nusd, estimated=one.holds_estimates,
                                    lacks=one.lacks_unpriced or one.partly_unread),
              lambda one: one.cost_nusd, "cost_nusd", lambda _, p: p.text),
        Field(Column("rev", "revision", 8, True, 96),
              lambda one: fmt.UNKNOWN if one.rev is None else str(one.rev), lambda one: one.rev),
        Field(Column("sent", "sent", 12, True, 36),
              lambda one: fmt.UNKNOWN if one.sent_ms is None else when(one.sent_ms),
              lambda one: one.sent_ms, "sent_ms"),
        Field(Column("hash", "hash of the bytes", 17, False, 115),
              lambda one: one.sha256 or fmt.UNKNOWN, style=lambda _, p: p.faint),
        Field(Column("flags", "", 9, False, 76), _marks,
              style=lambda _, p: p.warning),
    ]  # fmt: skip


def _marks(one: DayLine) -> str:
    return ", ".join((*one.flags, *(("unread",) if one.partly_unread else ())))


def _day_style(one: DayLine, palette: Palette) -> Style:
    if one.word in ("held", "not taken"):
        return palette.warning
    return palette.accent if one.word in ("open", "to send") else palette.good
