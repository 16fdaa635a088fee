"""Columns of a table that give way, one after the other, as the screen gets narrow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from toktui.tui.lines import Line, link

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.style import Style

    from toktui.tui.theme import Palette

GAP: Final = 2


class Column(NamedTuple):
    """A column: its head, its width, whether it is right-aligned, the least width that has it."""

    name: str
    head: str
    width: int
    right: bool
    needs: int


def layout(
    columns: Sequence[Column], width: int, grow: Sequence[tuple[str, int]]
) -> tuple[list[Column], list[int]]:
    """The columns for `width` cells and how wide each is.

    What is left goes to the columns in `grow`, in their order, up to the widths beside them; what
    is missing is taken from the first of these.
    """
    width = max(0, width)
    shown = [column for column in columns if width >= column.needs]
    if not shown:
        return [], []
    widths = [column.width for column in shown]
    at = {column.name: index for index, column in enumerate(shown)}
    left = width - sum(widths) - GAP * (len(shown) - 1)
    for name, most in grow:
        if left > 0 and name in at:
            more = max(0, min(left, most - widths[at[name]]))
            widths[at[name]] += more
            left -= more
    first = next((at[name] for name, _ in grow if name in at), 0)
    widths[first] = max(3, widths[first] + min(0, left))
    return shown, widths


def head(
    columns: Sequence[Column],
    widths: Sequence[int],
    palette: Palette,
    *,
    before: int = 0,
    sorted_by: str = "",
    descending: bool = True,
    action: str = "",
) -> Line:
    """The heads; with an `action` a click on one sorts by it."""
    line = Line().add(" " * before)
    for index, (column, width) in enumerate(zip(columns, widths, strict=True)):
        if index:
            line.add(" " * GAP)
        is_sorted = column.name == sorted_by
        arrow = ("↓" if descending else "↑") if is_sorted else ""
        text = f"{arrow}{column.head}" if column.right else f"{column.head}{arrow}"
        style: Style = palette.text if is_sorted else palette.faint
        cell = Line().cell(text, width, style, "right" if column.right else "left")
        if action and column.head:
            for piece in cell.pieces:
                line.pieces.append(
                    link(piece.text, style, f"app.in_view('{action}', '{column.name}')")
                )
        else:
            line.extend(cell.pieces)
    return line
