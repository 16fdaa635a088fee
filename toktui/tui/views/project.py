"""One project: its branches, models, agents, sub-agents, tiers and sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from toktui.metrics.cut import One
from toktui.metrics.parts import Key, Whole, load_whole
from toktui.tui import format as fmt
from toktui.tui.lines import Line, both_ends
from toktui.tui.section_items import NOWHERE, kinds_section, parts_section, sessions_section
from toktui.tui.sections import SectionsView
from toktui.tui.widgets.drawing import Drawing
from toktui.tui.widgets.over_time import Series
from toktui.tui.widgets.sorted_rows import range_words
from toktui.tui.widgets.today import saved_money, sum_money

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    from toktui.tui.refresher import Reading
    from toktui.tui.sections import Section
    from toktui.tui.theme import Palette


_KEYS: Final[tuple[Key, ...]] = ("branch", "model", "agent", "tier")


class ProjectDetail(msgspec.Struct, frozen=True):
    """The calls of a project, cut by each key."""

    project: str
    folders: tuple[str, ...]
    whole: Whole
    now_ms: int


class ProjectHead(Drawing):
    """The folder and the totals."""

    detail: ProjectDetail | None = None

    def __init__(self, *, zone: ZoneInfo, id: str) -> None:
        super().__init__(id=id)
        self._zone = zone

    def draw(self, width: int, height: int, palette: Palette) -> Sequence[Line]:
        """Two lines."""
        del height
        found = self.detail
        if found is None:
            return [Line().add("PROJECT", palette.dim)]
        sums = found.whole.sums
        name = fmt.project_name(found.project) if found.project else NOWHERE
        title = Line().add("PROJECT  ", palette.dim).add(name, palette.strong)
        title.add("   ").add(sum_money(sums), palette.hot)
        dates = Line().add(range_words(found.whole.slices, self._zone), palette.faint)
        counts = (
            Line()
            .add(fmt.plural(sums.calls, "call"), palette.text)
            .add(f"  {fmt.tokens(sums.tokens)} tokens", palette.dim)
            .add(f"  {fmt.percent(sums.cache_hit_rate)} hit", palette.dim)
            .add(f"  saved {saved_money(sums)}", palette.dim)
        )
        more = f" and {len(found.folders) - 1} more" if len(found.folders) > 1 else ""
        folder = Line().add(f"{found.project}{more}", palette.faint)
        return [
            both_ends(title, dates, width, keep_left=True),
            both_ends(counts, folder, width, keep_left=True),
        ]


class ProjectView(SectionsView[ProjectDetail]):
    """Every list adds up to the project."""

    KEY, LABEL = "project", "Project"
    LED_TO_BY = ("projects", "enter")
    MEANINGS = (
        *SectionsView.KEYS,
        ("enter", "open a session: its calls, and why each costs what it costs"),
        ("sub-agents", "what sessions asked for themselves, and their agents by type"),
    )

    def __init__(self, *, zone: ZoneInfo, about: Any = None) -> None:
        self._summary = ProjectHead(zone=zone, id="project-head")
        super().__init__(self._summary, zone=zone, about=about or ("", ("",)))

    @classmethod
    def load(cls, reading: Reading, about: Any) -> ProjectDetail:
        """Sums of the rollup, and what few calls say."""
        project, folders = about
        keys: tuple[Key, ...] = (*_KEYS, "project") if len(folders) > 1 else _KEYS
        db, scope = reading.db, reading.scope
        db.execute("begin")
        try:
            whole = load_whole(
                db, keys, filters=scope.filters, within=scope.within, zone=reading.zone,
                one=One(folders=folders),
            )  # fmt: skip
        finally:
            db.execute("rollback")
        return ProjectDetail(project, folders, whole, reading.now_ms)

    @property
    def title(self) -> str:
        """The project."""
        project, _ = self.about
        return fmt.project_name(project) if project else NOWHERE

    def fill(self) -> None:
        """Gives every part its share."""
        self._summary.detail = self.data
        self._summary.redraw()
        if self.data is not None:
            self._chart.take(self.series(), self.data.whole.slices)
            self.show_sections()

    def head_lines(self, width: int) -> int:
        """Title, counts."""
        del width
        return 2

    def series(self) -> Sequence[Series]:
        """By branch."""
        parts = self.data.whole.parts if self.data else ()
        return [
            Series(part.name or "no branch", part.costs, part.tokens)
            for part in parts
            if part.key == "branch"
        ]

    def series_of(self) -> str:
        """The branches."""
        return "branch"

    def sections(self) -> Sequence[Section]:
        """Each adds up to the project."""
        found = self.data
        if found is None:
            return ()
        whole, zone, now_ms = found.whole, self.zone, found.now_ms
        folders = (
            (parts_section("project", "folders", whole.parts, zone, now_ms),)
            if len(found.folders) > 1
            else ()
        )
        return (
            parts_section("branch", "branches", whole.parts, zone, now_ms),
            parts_section("model", "models", whole.parts, zone, now_ms),
            parts_section("agent", "agents", whole.parts, zone, now_ms),
            kinds_section(whole.kinds),
            parts_section("tier", "tiers", whole.parts, zone, now_ms),
            *folders,
            sessions_section(
                whole.sessions, zone, now_ms, "what each did in this project, in its whole life"
            ),
        )


VIEW: Final = ProjectView
