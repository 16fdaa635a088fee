"""One thing cut in several ways: sections of one list, of which one is seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from textual.binding import Binding

from toktui.tui.lines import Line, both_ends, by_words, link
from toktui.tui.sorted_view import SortedView
from toktui.tui.view import Data, Open
from toktui.tui.widgets.detail_head import DetailHead
from toktui.tui.widgets.drawing import Drawing
from toktui.tui.widgets.over_time import OverTime, Series
from toktui.tui.widgets.paged_rows import PagedRows
from toktui.tui.widgets.table_rows import Field, TableRows

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from zoneinfo import ZoneInfo

    from rich.style import Style
    from textual.app import ComposeResult

    from toktui.metrics.parts import Key, Part, Whole
    from toktui.tui.theme import Palette


@dataclass(frozen=True)
class Section:
    """Some rows with their columns."""

    key: str
    label: str
    fields: Sequence[Field[Any]]
    rows: Sequence[Any]
    empty: str
    """What stands where no row is."""
    sorted_by: str = "cost"
    """Empty: in the order of the rows."""
    grow: Sequence[tuple[str, int]] = ()
    name_of: Callable[[Any], object] = lambda row: row
    note: str = ""
    """A line about all of them."""
    about: Callable[[Any], str] | None = None
    """A line about the chosen one."""
    leads: Callable[[Any], Open] | None = None
    """Where a row leads; None: nowhere."""


class SectionBar(Drawing):
    """The sections; a click shows one."""

    DEFAULT_CSS = "SectionBar { height: 1; margin: 1 0 0 0; }"
    sections: Sequence[Section] = ()
    seen = ""

    def draw(self, width: int, height: int, palette: Palette) -> Sequence[Line]:
        """One line."""
        del height
        line = Line()
        for section in self.sections:
            here = section.key == self.seen
            style = palette.hot if here else palette.dim
            text = section.label.upper() if here else section.label
            count = f" {len(section.rows)}" if section.rows else ""
            if line.pieces:
                line.add("   ")
            line.pieces.append(link(text, style, f"app.in_view('section', '{section.key}')"))
            line.pieces.append(
                link(count, palette.faint, f"app.in_view('section', '{section.key}')")
            )
        keys = Line().add("← →", palette.faint)
        return [both_ends(line, keys, width, keep_left=True)]


class SectionFoot(Drawing):
    """What is to be known of the list, and of the chosen row."""

    DEFAULT_CSS = "SectionFoot { height: 2; margin: 1 0 0 0; }"
    about = ""
    note = ""

    def draw(self, width: int, height: int, palette: Palette) -> Sequence[Line]:
        """The chosen row first."""
        lines = [Line().add(text, palette.dim) for text in by_words(self.about, width, 1)]
        room = height - len(lines)
        notes = by_words(self.note, width, room)
        return [*lines, *(Line().add(text, palette.faint) for text in notes)]


class SectionsView(SortedView[Data]):
    """A head, what was burned over time, and a list in sections."""

    CHARTED: ClassVar[Key]
    """The section whose rows the chart stacks."""

    BINDINGS: ClassVar[list[Any]] = [
        Binding("right,l", "section_by(1)", "next list", show=False),
        Binding("left,h", "section_by(-1)", "list before", show=False),
        Binding("s", "sort", "sort"),
    ]
    KEYS = (
        ("← →", "the list before, the next list; or click its name"),
        *SortedView.KEYS,
    )
    DEFAULT_CSS = """
    SectionsView { layout: vertical; padding: 1 1 0 1; }
    SectionsView OverTime { height: 9; margin: 1 0 0 0; }
    SectionsView TableRows { margin: 1 0 0 0; }
    """

    def __init__(self, head: DetailHead, *, zone: ZoneInfo, about: Any = None) -> None:
        super().__init__(zone=zone, about=about)
        self._head = head
        self._chart = OverTime(zone=zone, id=f"{self.KEY}-chart")
        self._bar = SectionBar(id=f"{self.KEY}-bar")
        self._rows = TableRows[Any](id=f"{self.KEY}-rows")
        self._rows.empty = "…"
        self._foot = SectionFoot(id=f"{self.KEY}-foot")
        self._seen = ""
        self._orders: dict[str, tuple[str, bool]] = {}

    def compose(self) -> ComposeResult:
        """From top to bottom."""
        yield from (self._head, self._chart, self._bar, self._rows, self._foot)

    @property
    def section(self) -> Section | None:
        """The section that is seen."""
        return next((one for one in self._bar.sections if one.key == self._seen), None)

    def whole(self, data: Data) -> Whole:
        """The calls that all of it is about."""
        raise NotImplementedError

    def sections(self, data: Data) -> Sequence[Section]:
        """What is listed."""
        raise NotImplementedError

    def named(self, part: Part) -> str:
        """What the chart calls a part."""
        raise NotImplementedError

    def color(self, part: Part, palette: Palette) -> Style:
        """The part's colour in the chart, which is of one of the lists."""
        return self._rows.color_of(part, palette)

    def fill(self) -> None:
        """Gives every part its share, and shows the section that was seen, or the first one."""
        data = self.data
        self._head.take(None if data is None else self.whole(data), data)
        if data is None:
            return
        whole = self.whole(data)
        series = [
            Series(self.named(part), part.costs, part.tokens)
            for part in whole.parts
            if part.key == self.CHARTED
        ]
        self._chart.take(series, whole.slices)
        sections = self._bar.sections = self.sections(data)
        self._turn_to(next((one for one in sections if one.key == self._seen), sections[0]))

    def _turn_to(self, section: Section) -> None:
        rows = self._rows
        if section.key != self._seen:
            self._orders[self._seen] = (rows.sorted_by, rows.descending)
            usual = next((f for f in section.fields if f.column.name == section.sorted_by), None)
            falls = usual is None or usual.begins_with_the_largest
            order = self._orders.get(section.key, (section.sorted_by, falls))
            rows.sorted_by, rows.descending = order
            rows.start_over()
        self._seen = self._bar.seen = section.key
        rows.name_of, rows.empty = section.name_of, section.empty
        rows.set_fields(section.fields, section.grow)
        charted = section.key == self.CHARTED
        ranks = {section.name_of(row): rank for rank, row in enumerate(section.rows)}
        rows.ranks = ranks if charted else {}
        self._bar.redraw()
        rows.set_rows(section.rows, self.now_ms)
        self._foot.note = section.note
        self._foot.display = bool(section.note or section.about)

    def fit_parts(self, width: int, height: int) -> None:
        """The list keeps its room."""
        del width
        head = self._head.LINES
        self._head.styles.height = min(head, max(1, height - 8))
        rest = height - head - 3
        self._chart.display = self.data is not None and rest >= 18
        self._chart.styles.height = max(7, min(14, rest // 2 - 2))
        small = height < 12
        self._foot.styles.height = 0 if small else 2
        self.styles.padding = (0 if small else 1, 1, 0, 1)
        for part in (self._bar, self._rows, self._foot):
            part.styles.margin = (0 if small else 1, 0, 0, 0)

    @property
    def rows(self) -> TableRows[Any]:
        """The list that is seen."""
        return self._rows

    def action_section_by(self, steps: int) -> None:
        """Another list."""
        keys = [section.key for section in self._bar.sections]
        if keys:
            self.action_section(keys[(keys.index(self._seen) + steps) % len(keys)])

    def action_section(self, key: str) -> None:
        """A list by its name."""
        found = next((one for one in self._bar.sections if one.key == key), None)
        if found is not None:
            self._turn_to(found)

    def on_table_rows_moved(self) -> None:
        """Says what is to be known of another row."""
        section, row = self.section, self._rows.chosen
        told = section is not None and section.about is not None and row is not None
        self._foot.about = section.about(row) if told else ""  # pyright: ignore[reportOptionalMemberAccess, reportOptionalCall]
        self._foot.redraw()

    def on_paged_rows_chosen(self, message: PagedRows.Chosen) -> None:
        """Goes where the row leads."""
        if self.section is not None and self.section.leads is not None:
            self.post_message(self.section.leads(message.row))
