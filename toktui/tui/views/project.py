"""One project: its branches, models, agents, sub-agents, tiers and sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from toktui.metrics.cut import One
from toktui.metrics.one_state import one_state
from toktui.metrics.parts import Key, Part, Whole, load_whole
from toktui.tui import format as fmt
from toktui.tui.lines import Line
from toktui.tui.section_fields import (
    NO_BRANCH,
    kinds_section,
    parts_section,
    sessions_section,
)
from toktui.tui.sections import SectionsView
from toktui.tui.widgets.detail_head import DetailHead

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    from toktui.metrics.sums import Sums
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


class ProjectHead(DetailHead):
    """Also the folder."""

    def called(self, palette: Palette) -> Line:
        """The last part of the folder."""
        found: ProjectDetail = self.data
        name = fmt.project_name(found.project)
        return Line().add(name, palette.strong)

    def more(self, sums: Sums, palette: Palette) -> Line:
        """The folder, and how many others belong to it."""
        del sums
        found: ProjectDetail = self.data
        more = f" and {len(found.folders) - 1} more" if len(found.folders) > 1 else ""
        return Line().add(f"{found.project}{more}", palette.faint)


class ProjectView(SectionsView[ProjectDetail]):
    """Every list adds up to the project."""

    KEY, LABEL = "project", "Project"
    LED_TO_BY = ("projects", "enter")
    CHARTED = "branch"
    MEANINGS = (
        *SectionsView.KEYS,
        ("enter", "open a session: its calls, and why each costs what it costs"),
        ("sub-agents", "what sessions asked for themselves, and their agents by type"),
    )

    def __init__(self, *, zone: ZoneInfo, about: Any = None) -> None:
        head = ProjectHead("PROJECT", zone=zone, id="project-head")
        super().__init__(head, zone=zone, about=about or ("", ("",)))

    @classmethod
    def load(cls, reading: Reading, about: Any) -> ProjectDetail:
        """Sums of the rollups, and what few calls say."""
        project, folders = about
        keys: tuple[Key, ...] = (*_KEYS, "project") if len(folders) > 1 else _KEYS
        db, scope = reading.db, reading.scope
        with one_state(db):
            whole = load_whole(
                db, keys, filters=scope.filters, within=scope.within, zone=reading.zone,
                one=One(folders=folders),
            )  # fmt: skip
        return ProjectDetail(project, folders, whole, reading.now_ms)

    @property
    def title(self) -> str:
        """The project."""
        project, _ = self.about
        return fmt.project_name(project)

    def whole(self, data: ProjectDetail) -> Whole:
        """All calls of the project."""
        return data.whole

    def named(self, part: Part) -> str:
        """A branch."""
        return part.name or NO_BRANCH

    def sections(self, data: ProjectDetail) -> Sequence[Section]:
        """Each adds up to the project."""
        whole, zone, now_ms = data.whole, self.zone, data.now_ms

        def parts(key: Key, label: str) -> Section:
            return parts_section(key, label, whole.parts, zone, now_ms, self.color)

        folders = (parts("project", "folders"),) if len(data.folders) > 1 else ()
        return (
            parts("branch", "branches"),
            parts("model", "models"),
            parts("agent", "agents"),
            kinds_section(whole.kinds),
            parts("tier", "tiers"),
            *folders,
            sessions_section(
                whole.sessions, zone, now_ms, "what each did in this project, in its whole life"
            ),
        )


VIEW: Final = ProjectView
