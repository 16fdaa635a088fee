"""One thing cut in several ways: sections of one list, of which one is seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from textual.binding import Binding

from toktui.tui import format as fmt
from toktui.tui.columns import Column
from toktui.tui.lines import Line, both_ends, by_words, link
from toktui.tui.sorted_view import SortedView
from toktui.tui.view import Data, Open
from toktui.tui.widgets.drawing import Drawing
from toktui.tui.widgets.over_time import OverTime, Series
from toktui.tui.widgets.paged_rows import PagedRows
from toktui.tui.widgets.sorted_rows import SortedRows, trend

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from zoneinfo import ZoneInfo

    from textual.app import ComposeResult

    from toktui.tui.theme import Palette


class Item(NamedTuple):
    """A row of a section: its name, what its columns are sorted by and show, and where it leads."""

    name: object
    values: Mapping[str, Any]
    texts: Mapping[str, str]
    trend: Sequence[int] = ()
    leads: Open | None = None
    strong: str = "name"
    """The column that stands out."""


class Section(NamedTuple):
    """Some rows with their columns."""

    key: str
    label: str
    columns: Sequence[Column]
    items: Sequence[Item]
    empty: str = "none"
    sorted_by: str = "cost"
    grow: Sequence[tuple[str, int]] = (("name", 60), ("trend", 60))
    note: str = ""
    """A line about all of them."""


class SectionRows(SortedRows):
    """The rows of the section that is seen."""

    NOT_SORTED = frozenset({"trend", "note"})
    TEXTS = frozenset({"name", "agent", "project", "kind", "since"})

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id, sorted_by="cost")
        self.section: Section | None = None

    def draw(self, width: int, height: int, palette: Palette) -> Sequence[Line]:
        """Nothing before there is a section."""
        return super().draw(width, height, palette) if self.section else []

    def columns(self) -> Sequence[Column]:
        """Those of the section."""
        return self.section.columns if self.section else ()

    def grows(self) -> Sequence[tuple[str, int]]:
        """Those of the section."""
        return self.section.grow if self.section else ()

    def name_of(self, row: Item) -> object:
        """The section's own name for it."""
        return row.name

    def value(self, row: Item, name: str) -> Any:
        """What a column is sorted by."""
        return row.values.get(name)

    def cells(self, line: Line, row: Item, column: Column, width: int, palette: Palette) -> None:
        """Appends the cell of a column."""
        if column.name == "trend":
            trend(line, row.trend, width, palette, self.color_of(row, palette))
            return
        text = row.texts.get(column.name, "")
        style = palette.strong if column.name == row.strong else palette.dim
        if column.name == "cost":
            style = palette.faint if text == fmt.UNKNOWN else palette.text
        if column.name == "note":
            style = palette.faint
        line.cell(text, width, style, "right" if column.right else "left")


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
            count = f" {len(section.items)}" if section.items else ""
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
    section: Section | None = None
    item: Item | None = None

    def draw(self, width: int, height: int, palette: Palette) -> Sequence[Line]:
        """The chosen row first."""
        item = self.item.texts.get("note", "") if self.item else ""
        whole = self.section.note if self.section else ""
        lines = [Line().add(text, palette.dim) for text in by_words(item, width, 1)]
        room = height - len(lines)
        return [*lines, *(Line().add(text, palette.faint) for text in by_words(whole, width, room))]


class SectionsView(SortedView[Data]):
    """A head, what was burned over time, and a list in sections."""

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
    SectionsView SectionRows { margin: 1 0 0 0; }
    """

    def __init__(self, head: Drawing, *, zone: ZoneInfo, about: Any = None) -> None:
        super().__init__(zone=zone, about=about)
        self._head = head
        self._chart = OverTime(zone=zone, id=f"{self.KEY}-chart")
        self._bar = SectionBar(id=f"{self.KEY}-bar")
        self._rows = SectionRows(id=f"{self.KEY}-rows")
        self._foot = SectionFoot(id=f"{self.KEY}-foot")
        self._seen = ""
        self._orders: dict[str, tuple[str, bool]] = {}

    def compose(self) -> ComposeResult:
        """From top to bottom."""
        yield from (self._head, self._chart, self._bar, self._rows, self._foot)

    def sections(self) -> Sequence[Section]:
        """What is listed of the data at hand."""
        raise NotImplementedError

    def series(self) -> Sequence[Series]:
        """What the chart stacks, the dearest first."""
        raise NotImplementedError

    def series_of(self) -> str:
        """The section whose rows the colours of the chart stand for."""
        return ""

    def head_lines(self, width: int) -> int:
        """How many lines the head needs."""
        raise NotImplementedError

    def show_sections(self) -> None:
        """Shows the section that was seen, or the first one."""
        sections = self.sections()
        self._bar.sections = sections
        if sections:
            self._turn_to(next((one for one in sections if one.key == self._seen), sections[0]))

    def _turn_to(self, section: Section) -> None:
        rows = self._rows
        if rows.section is None or section.key != rows.section.key:
            if rows.section is not None:
                self._orders[rows.section.key] = (rows.sorted_by, rows.descending)
            usual = (section.sorted_by, section.sorted_by not in rows.TEXTS)
            rows.sorted_by, rows.descending = self._orders.get(section.key, usual)
            rows.window = ()
            rows.start_over()
        self._seen = self._bar.seen = section.key
        rows.section, rows.empty = section, section.empty
        colored = section.key == self.series_of()
        rows.ranks = {item.name: n for n, item in enumerate(section.items)} if colored else {}
        self._bar.redraw()
        rows.show_rows(section.items, self.now_ms)
        self._foot.section = section
        self._foot.display = any((section.note, *(i.texts.get("note") for i in section.items)))

    def fit_parts(self, width: int, height: int) -> None:
        """The list keeps its room."""
        head = self.head_lines(width)
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
    def rows(self) -> SectionRows:
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

    def on_sorted_rows_moved(self) -> None:
        """Says what is to be known of another row."""
        self._foot.item = self._rows.chosen
        self._foot.redraw()

    def on_paged_rows_chosen(self, message: PagedRows.Chosen) -> None:
        """Goes where the row leads."""
        leads = message.row.leads
        if leads is not None:
            self.post_message(Open(leads.view, leads.about))
