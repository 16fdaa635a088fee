"""The columns that lists of models, projects and their parts have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from toktui.tui import format as fmt
from toktui.tui.columns import Column
from toktui.tui.widgets.table_rows import Field
from toktui.tui.widgets.today import hit_text, saved_money, sum_money, sum_tokens
from toktui.tui.widgets.trend import trend

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from zoneinfo import ZoneInfo

    from rich.style import Style

    from toktui.metrics.sums import Sums
    from toktui.tui.lines import Line
    from toktui.tui.theme import Palette

LAST_CELLS: Final = 12
"""Width of a column with the last call."""


class Cut(Protocol):
    """A value of a key, and what was used there."""

    @property
    def sums(self) -> Sums: ...
    @property
    def cost_share(self) -> float | None: ...
    @property
    def costs(self) -> Sequence[int]: ...
    @property
    def tokens(self) -> Sequence[int]: ...
    @property
    def last_ms(self) -> int: ...


Row = TypeVar("Row", bound=Cut)
Color = "Callable[[Row, Palette], Style]"


def cut_fields(
    needs: Mapping[str, int], color: Callable[[Row, Palette], Style]
) -> dict[str, Field[Row]]:
    """By name, with the least width of the screen that shows each; `color` is that of a row."""

    def column(name: str, head: str, width: int, *, right: bool = True) -> Column:
        return Column(name, head, width, right, needs.get(name, 0))

    def drawn(row: Row, width: int, palette: Palette) -> Line:
        values = row.costs if any(row.costs) else row.tokens
        return trend(values, width, palette, color(row, palette))

    fields: tuple[Field[Row], ...] = (
        Field(column("calls", "calls", 6), lambda r: fmt.tokens(r.sums.calls),
              lambda r: r.sums.calls),
        Field(column("tokens", "tokens", 6), lambda r: sum_tokens(r.sums),
              lambda r: r.sums.told_tokens),
        Field(column("hit", "hit", 6), lambda r: hit_text(r.sums),
              lambda r: r.sums.cache_hit_rate, "cache_hit_rate"),
        Field(column("saved", "saved", 9), lambda r: saved_money(r.sums),
              lambda r: None if r.sums.told_nusd is None else r.sums.saved_nusd, "saved_nusd"),
        Field(column("trend", "over time", 12, right=False), lambda _: "", drawn=drawn),
        Field(column("share", "share", 6), lambda r: fmt.percent(_share(r)), _share, "cost_share"),
        Field(column("cost", "cost", 8), lambda r: sum_money(r.sums), lambda r: r.sums.told_nusd,
              "cost_nusd", lambda r, p: p.faint if r.sums.told_nusd is None else p.text),
    )  # fmt: skip
    return {field.column.name: field for field in fields}


def last_field(
    needs: int, now_ms: Callable[[], int], zone: ZoneInfo
) -> Field[Row]:
    """When the last call was, newest first: to a quarter of an hour, which is what sums know."""
    return Field(
        Column("last", "last call", LAST_CELLS, False, needs),
        lambda row: fmt.last_quarter(row.last_ms, now_ms(), zone),
        lambda row: row.last_ms, "last_ms", falls=True,
    )  # fmt: skip


def _share(row: Cut) -> float | None:
    return None if row.sums.told_nusd is None else row.cost_share
