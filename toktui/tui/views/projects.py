"""Projects: what each costs, over time, and who and what worked on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from toktui.metrics.projects import ProjectRow, Projects, load_projects
from toktui.tui import format as fmt
from toktui.tui.columns import Column
from toktui.tui.cut_view import CutView
from toktui.tui.lines import Line
from toktui.tui.view import Open
from toktui.tui.widgets.cut_fields import cut_fields, last_field
from toktui.tui.widgets.paged_rows import PagedRows
from toktui.tui.widgets.table_rows import Field, TableRows

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    from toktui.tui.refresher import Reading
    from toktui.tui.theme import Palette

_NEEDS: Final = {
    "calls": 48, "tokens": 58, "hit": 40, "saved": 68, "trend": 112, "share": 76,
}  # fmt: skip
_GROW: Final = (("project", 26), ("trend", 31), ("models", 30), ("agents", 26), ("project", 60))


class ProjectsView(CutView[Projects]):
    """Cost over time by project, and a line for each."""

    KEY, LABEL, PLACE = "projects", "Projects", 5
    MEANINGS = (
        *CutView.KEYS,
        ("enter", "open it: branches, models, agents, sub-agents, sessions"),
        ("project", "a repository with its worktrees where it is known, else a folder"),
        ("last call", "to the quarter of an hour"),
        ("share", "of the cost of all that is shown"),
    )
    NOTHING = "No calls yet. A project appears with the first call of an agent in its folder."

    def __init__(self, *, zone: ZoneInfo, about: Any = None) -> None:
        rows = TableRows[ProjectRow](
            self._fields(zone), id="project-rows", grow=_GROW, sorted_by="cost",
            name_of=lambda row: row.project,
        )  # fmt: skip
        super().__init__(rows, zone=zone, about=about)

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
        """Counts the projects."""
        self._head.counted = fmt.plural(len(self.data.rows), "project") if self.data else ""
        super().fill()

    def named(self, row: ProjectRow) -> str:
        """The last part of the folder, or that there is none."""
        return fmt.project_name(row.project)

    def on_paged_rows_chosen(self, message: PagedRows.Chosen) -> None:
        """Opens a project."""
        self.post_message(Open("project", (message.row.project, message.row.folders)))

    def _fields(self, zone: ZoneInfo) -> list[Field[ProjectRow]]:
        sums = cut_fields(_NEEDS, self.color)
        return [
            Field(Column("project", "project", 16, False, 0), self.named,
                  lambda r: r.project or None, order=self.named,
                  style=lambda r, p: p.strong if r.project else p.dim),
            Field(Column("agents", "agents", 12, False, 124), lambda r: ", ".join(r.agents),
                  lambda r: ", ".join(r.agents) or None, drawn=_agents),
            Field(Column("models", "models", 14, False, 104), lambda r: ", ".join(r.models),
                  lambda r: ", ".join(r.models) or None, drawn=_models),
            Field(Column("branches", "branches", 8, True, 146), _branches,
                  lambda r: len(r.branches)),
            last_field(88, self.now, zone),
            *(sums[name] for name in (
                "calls", "tokens", "hit", "saved", "trend", "share", "cost",
            )),
        ]  # fmt: skip


def _agents(row: ProjectRow, width: int, palette: Palette) -> Line:
    return Line().cell(and_more(row.agents, width), width, palette.dim)


def _models(row: ProjectRow, width: int, palette: Palette) -> Line:
    names = [fmt.model_name(name) for name in row.models]
    return Line().cell(and_more(names, width), width, palette.dim)


def _branches(row: ProjectRow) -> str:
    return str(len(row.branches)) if row.branches else fmt.UNKNOWN


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


VIEW: Final = ProjectsView
