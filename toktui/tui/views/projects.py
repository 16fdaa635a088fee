"""Projects: what each costs, over time, and who and what worked on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from toktui.metrics.projects import ProjectRow, Projects, load_projects
from toktui.tui import format as fmt
from toktui.tui.columns import Column
from toktui.tui.lines import Line, both_ends
from toktui.tui.sorted_view import SortedView
from toktui.tui.view import Open
from toktui.tui.widgets.drawing import Drawing
from toktui.tui.widgets.over_time import OverTime, Series
from toktui.tui.widgets.paged_rows import PagedRows
from toktui.tui.widgets.sorted_rows import SortedRows, last_call, range_words, trend
from toktui.tui.widgets.today import saved_money, sum_money

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    from textual.app import ComposeResult

    from toktui.tui.refresher import Reading
    from toktui.tui.theme import Palette

NOWHERE: Final = "no project"
"""Calls whose log names no folder."""


class ProjectRows(SortedRows):
    """A line for each project."""

    COLUMNS = (
        Column("project", "project", 16, False, 0),
        Column("agents", "agents", 12, False, 124),
        Column("models", "models", 14, False, 104),
        Column("branches", "branches", 8, True, 146),
        Column("last", "last call", 12, False, 88),
        Column("calls", "calls", 6, True, 48),
        Column("tokens", "tokens", 6, True, 58),
        Column("hit", "hit", 6, True, 40),
        Column("saved", "saved", 7, True, 68),
        Column("trend", "over time", 12, False, 112),
        Column("share", "share", 6, True, 76),
        Column("cost", "cost", 8, True, 0),
    )
    GROW = (("project", 26), ("trend", 31), ("models", 30), ("agents", 26), ("project", 60))
    TEXTS = frozenset({"project", "agents", "models"})

    def __init__(self, *, zone: ZoneInfo, id: str) -> None:
        super().__init__(id=id, sorted_by="cost")
        self._zone = zone

    def name_of(self, row: ProjectRow) -> object:
        """The folder."""
        return row.project

    def value(self, row: ProjectRow, name: str) -> Any:
        """What a column is sorted by."""
        sums = row.sums
        match name:
            case "project":
                return project_name(row.project).casefold()
            case "agents":
                return row.agents
            case "models":
                return row.models
            case "branches":
                return len(row.branches)
            case "last":
                return row.last_ms
            case "calls":
                return sums.calls
            case "tokens":
                return sums.tokens
            case "hit":
                return sums.cache_hit_rate
            case "saved":
                return sums.saved_nusd
            case "share":
                return row.cost_share
            case _:
                return sums.cost_nusd

    def cells(
        self, line: Line, row: ProjectRow, column: Column, width: int, palette: Palette
    ) -> None:
        """Appends the cell of a column."""
        sums, text, style = row.sums, "", palette.dim
        match column.name:
            case "project":
                text = project_name(row.project)
                style = palette.strong if row.project else palette.dim
            case "agents":
                text = and_more(row.agents, width)
            case "models":
                text = and_more([fmt.model_name(name) for name in row.models], width)
            case "branches":
                text = str(len(row.branches)) if row.branches else fmt.UNKNOWN
            case "last":
                text = last_call(row.last_ms, self.now_ms, self._zone)
            case "calls":
                text = fmt.tokens(sums.calls)
            case "tokens":
                text = ("~" if sums.estimated else "") + fmt.tokens(sums.tokens)
            case "hit":
                text = fmt.percent(sums.cache_hit_rate)
            case "saved":
                text = saved_money(sums)
            case "trend":
                values = row.costs if any(row.costs) else row.tokens
                trend(line, values, width, palette, self.color_of(row, palette))
                return
            case "share":
                text = fmt.percent(None if sums.cost_nusd is None else row.cost_share)
            case _:
                text = sum_money(sums)
                style = palette.faint if sums.cost_nusd is None else palette.text
        line.cell(text, width, style, "right" if column.right else "left")


def project_name(project: str) -> str:
    """The last part of the folder, or that there is none."""
    return fmt.project_name(project) if project else NOWHERE


def and_more(names: Sequence[str], width: int) -> str:
    """As many names as fit, and how many more there are."""
    if not names:
        return fmt.UNKNOWN
    for count in range(len(names), 1, -1):
        rest = f" +{len(names) - count}" if count < len(names) else ""
        text = ", ".join(names[:count]) + rest
        if len(text) <= width:
            return text
    return names[0] + (f" +{len(names) - 1}" if len(names) > 1 else "")


class ProjectsHead(Drawing):
    """How many projects, and what they amount to."""

    DEFAULT_CSS = "ProjectsHead { height: 1; }"
    projects: Projects | None = None

    def __init__(self, *, zone: ZoneInfo, id: str) -> None:
        super().__init__(id=id)
        self._zone = zone

    def draw(self, width: int, height: int, palette: Palette) -> Sequence[Line]:
        """One line."""
        del height
        left = Line().add("PROJECTS", palette.dim)
        found = self.projects
        if found is None:
            return [left]
        count = sum(bool(row.project) for row in found.rows)
        left.add(f"  {fmt.plural(count, 'project')}", palette.text)
        left.add("   ").add(sum_money(found.sums), palette.hot)
        left.add(f"   {fmt.plural(found.sums.calls, 'call')}", palette.dim)
        left.add(f"   {fmt.percent(found.sums.cache_hit_rate)} hit", palette.dim)
        right = Line().add(range_words(found.slices, self._zone), palette.faint)
        return [both_ends(left, right, width, keep_left=True)]


class ProjectsView(SortedView[Projects]):
    """Cost over time by project, and a line for each."""

    KEY, LABEL, PLACE = "projects", "Projects", 5
    MEANINGS = (
        *SortedView.KEYS,
        ("enter", "open it: branches, models, agents, sub-agents, sessions"),
        ("project", "a repository with its worktrees where `outcomes` found it, else a folder"),
        ("last call", "to the quarter of an hour"),
        ("share", "of the cost of all that is shown"),
    )
    DEFAULT_CSS = """
    ProjectsView { layout: vertical; padding: 1 1 0 1; }
    ProjectsView OverTime { height: 9; margin: 1 0 0 0; }
    ProjectsView ProjectRows { margin: 1 0 0 0; }
    """

    def __init__(self, *, zone: ZoneInfo, about: Any = None) -> None:
        super().__init__(zone=zone, about=about)
        self._head = ProjectsHead(zone=zone, id="projects-head")
        self._chart = OverTime(zone=zone, id="projects-chart")
        self._rows = ProjectRows(zone=zone, id="project-rows")

    def compose(self) -> ComposeResult:
        """Head, chart, list."""
        yield from (self._head, self._chart, self._rows)

    @classmethod
    def load(cls, reading: Reading, about: Any) -> Projects:
        """Sums of the rollup."""
        del about
        return load_projects(
            reading.db,
            filters=reading.scope.filters,
            within=reading.scope.within,
            now_ms=reading.now_ms,
            zone=reading.zone,
        )

    def fill(self) -> None:
        """Gives every part its share."""
        found = self.data
        self._head.projects = found
        self._head.redraw()
        self._rows.empty = (
            "No call matches the filter; escape clears it."
            if self.scope.is_limited
            else "No calls yet. A project appears with the first call of an agent in its folder."
        )
        if found is None:
            return
        series = [Series(project_name(row.project), row.costs, row.tokens) for row in found.rows]
        self._chart.take(series, found.slices)
        self._rows.ranks = {row.project: rank for rank, row in enumerate(found.rows)}
        self._rows.show_rows(found.rows, found.now_ms)

    def fit_parts(self, width: int, height: int) -> None:
        """The list keeps its room."""
        rows = len(self.data.rows) if self.data else 0
        self._chart.display = rows > 0 and height >= 22
        self._chart.styles.height = max(7, min(16, height - rows - 6))
        small = height < 12
        self._rows.styles.margin = (0 if small else 1, 0, 0, 0)
        self.styles.padding = (0 if small else 1, 1, 0, 1)
        del width

    @property
    def rows(self) -> SortedRows:
        """The list."""
        return self._rows

    def on_paged_rows_chosen(self, message: PagedRows.Chosen) -> None:
        """Opens a project."""
        self.post_message(Open("project", (message.row.project, message.row.folders)))


VIEW: Final = ProjectsView
