"""What is seen as a table: for the clipboard and for files. CSV, JSON, Markdown."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from toktui.export.table import Column as TableColumn
from toktui.export.table import Table, as_csv, as_markdown

Raw = int | float | str | None
Format = Literal["csv", "json", "markdown"]
ENDINGS: Final[dict[Format, str]] = {"csv": "csv", "json": "json", "markdown": "md"}


class SeenColumn(msgspec.Struct, frozen=True):
    """A column: its name in files, the head over it, whether it holds numbers.

    A name says the unit of raw values: `cost_nusd`, `last_call_ms`, `cache_hit_rate`.
    """

    name: str
    head: str
    is_number: bool = True


class Cell(msgspec.Struct, frozen=True):
    """The value itself, None where unknown, and the text that is shown for it."""

    raw: Raw
    shown: str


class SeenTable(msgspec.Struct, frozen=True):
    """A table on a screen; every row has a cell for each column."""

    title: str
    columns: tuple[SeenColumn, ...]
    rows: tuple[tuple[Cell, ...], ...]


def words(raw: str | None, shown: str = "") -> Cell:
    """A cell of words; empty is unknown."""
    return Cell(raw or None, shown or raw or "")


def text_of(table: SeenTable, form: Format) -> str:
    """The table as a file holds it, without a newline at its end.

    CSV and JSON have raw values, Markdown what is shown.
    """
    if form == "csv":
        names = [column.name for column in table.columns]
        return as_csv(names, [[_word(cell.raw) for cell in row] for row in table.rows])
    if form == "markdown":
        return f"**{_plain(table.title)}**\n\n{as_markdown(_shown(table))}"
    rows = [
        {column.name: cell.raw for column, cell in zip(table.columns, row, strict=True)}
        for row in table.rows
    ]
    document = {"schema": "toktui.table/1", "title": table.title, "rows": rows}
    return msgspec.json.format(msgspec.json.encode(document), indent=1).decode()


def row_of(table: SeenTable, row: int) -> str:
    """A row as it is shown, with tabs between its cells, as spreadsheets take it."""
    return "\t".join(cell.shown.strip() for cell in table.rows[row])


def _shown(table: SeenTable) -> Table:
    columns = tuple(
        TableColumn(column.head or column.name, "number" if column.is_number else "text")
        for column in table.columns
    )
    return Table(columns, [[cell.shown.strip() for cell in row] for row in table.rows])


def _word(raw: Raw) -> str:
    return "" if raw is None else str(raw)


def _plain(title: str) -> str:
    return title.replace("*", "").replace("\n", " ")
