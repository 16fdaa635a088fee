"""Tables of text: as wide as the terminal, numbers to the right, and as CSV and Markdown."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from typing import Final, Literal

import msgspec

from toktui.text import ELLIPSIS, clean, width

_GAP: Final = 2
_NARROWEST: Final = 8
_WHOLE: Final = ("word", "number")
_BOLD: Final = "\x1b[1m"
_DIM: Final = "\x1b[2m"
_PLAIN: Final = "\x1b[0m"
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
_MARKUP: Final = re.compile(r"([\\`*_\[\]<>|&#~])")


class Column(msgspec.Struct, frozen=True):
    """A column of a table."""

    title: str
    kind: Literal["text", "path", "word", "number"] = "number"
    """A text is cut at its end, a path at its start; a word, such as a day, and a number never."""
    spare: int = 0
    """Columns with a larger number are left out first where the table is too wide; 0: never."""


class Table(msgspec.Struct, frozen=True):
    """Cells by row. A rule stands before the rows whose indices are in `rules`."""

    columns: tuple[Column, ...]
    rows: Sequence[Sequence[str]]
    rules: tuple[int, ...] = ()


def as_text(table: Table, *, cells: int, colored: bool = False) -> str:
    """Aligned lines of at most `cells` cells where that is possible."""
    shown, widths = _fit(table, cells)
    titles = _line([table.columns[i].title for i in shown], table, shown, widths)
    lines = [_styled(titles, _BOLD, colored)]
    rule = _styled("─" * (sum(widths) + _GAP * (len(widths) - 1)), _DIM, colored)
    lines.append(rule)
    for number, row in enumerate(table.rows):
        if number in table.rules:
            lines.append(rule)
        lines.append(_line([row[i] for i in shown], table, shown, widths))
    return "\n".join(lines)


def _styled(line: str, style: str, colored: bool) -> str:
    return f"{style}{line}{_PLAIN}" if colored else line


def _fit(table: Table, cells: int) -> tuple[list[int], list[int]]:
    """Which columns are shown, and how wide."""
    natural = [
        max([width(column.title), *(width(row[i]) for row in table.rows)])
        for i, column in enumerate(table.columns)
    ]
    shown = list(range(len(table.columns)))

    def least() -> int:
        cut = sum(
            natural[i] if table.columns[i].kind in _WHOLE else min(natural[i], _NARROWEST * 2)
            for i in shown
        )
        return cut + _GAP * (len(shown) - 1)

    while least() > cells:
        spare = max(shown, key=lambda i: table.columns[i].spare)
        if not table.columns[spare].spare:
            break
        shown.remove(spare)
    widths = [natural[i] for i in shown]
    over = sum(widths) + _GAP * (len(shown) - 1) - cells
    texts = [at for at, i in enumerate(shown) if table.columns[i].kind not in _WHOLE]
    while over > 0 and texts:
        widest = max(texts, key=lambda at: widths[at])
        if widths[widest] <= _NARROWEST:
            break
        widths[widest] -= 1
        over -= 1
    return shown, widths


def _line(cells: Sequence[str], table: Table, shown: Sequence[int], widths: Sequence[int]) -> str:
    placed: list[str] = []
    for cell, column, wide in zip(cells, shown, widths, strict=True):
        kind = table.columns[column].kind
        text = cell if width(cell) <= wide else _cut(cell, wide, at_start=kind == "path")
        space = " " * (wide - width(text))
        placed.append(space + text if kind == "number" else text + space)
    return (" " * _GAP).join(placed).rstrip()


def _cut(text: str, cells: int, *, at_start: bool) -> str:
    if not at_start:
        return clean(text, cells)
    while width(text) > cells - 1:
        text = text[1:]
    return ELLIPSIS + text


def as_csv(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """CSV with a line of names. No cell is taken for a formula by a spreadsheet."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(titles)
    writer.writerows([_harmless(cell) for cell in row] for row in rows)
    return out.getvalue().rstrip("\n")


def _harmless(cell: str) -> str:
    if cell.startswith(_FORMULA) and not re.fullmatch(r"-?\d+(\.\d+)?", cell):
        return "'" + cell
    return cell


def as_markdown(table: Table) -> str:
    """A table of GitHub's Markdown; no cell is taken for markup."""
    def line(cells: Sequence[str]) -> str:
        return f"| {' | '.join(cells)} |"

    marks = ["---:" if column.kind == "number" else "---" for column in table.columns]
    rows = [line([_MARKUP.sub(r"\\\1", cell) for cell in row]) for row in table.rows]
    return "\n".join([line([column.title for column in table.columns]), line(marks), *rows])
