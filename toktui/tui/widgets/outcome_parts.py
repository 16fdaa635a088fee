"""The parts of the screen of outcomes: what it bought in a line, by size, by week, and how much of
it went where."""

from __future__ import annotations

from statistics import median_low
from typing import TYPE_CHECKING, Final

from toktui.outcomes.whys import NOT_YET
from toktui.tui import format as fmt
from toktui.tui.lines import Line, both_ends
from toktui.tui.widgets.bars import bar
from toktui.tui.widgets.drawing import Drawing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.style import Style

    from toktui.metrics.outcome_changes import ChangeRow
    from toktui.metrics.outcome_spent import Spent
    from toktui.metrics.outcomes import Outcomes, WeekRow
    from toktui.tui.theme import Palette

TAKEN_BACK: Final = "↶"
_LONGEST_BAR: Final = 48
_USUAL_WEEKS: Final = 12
"""Before the last one."""


def spent_money(spent: Spent) -> str:
    """`$1.23`, with `≥` where calls without a price are missing, `~` where some are estimated."""
    return marked(spent.nusd, spent)


def marked(nusd: int | None, spent: Spent) -> str:
    """An amount that was made of what was spent, with the marks of that."""
    return fmt.money(nusd, lacks=spent.lacks, estimated=spent.estimated)


def link_word(change: ChangeRow) -> str:
    """How sure it is who made a change."""
    if change.reverted_ms is not None:
        return f"{TAKEN_BACK} taken back"
    if not change.sessions:
        return "by hand"
    return "exact" if change.exact else "inferred"


class OutcomeHead(Drawing):
    """What was spent, what it bought, and how much of it no change explains."""

    DEFAULT_CSS = "OutcomeHead { height: 2; }"
    found: Outcomes | None = None
    landed = True

    def draw(self, width: int, height: int, palette: Palette) -> Sequence[Line]:
        """Two lines."""
        del height
        left, found = Line().add("OUTCOMES", palette.dim), self.found
        if found is None:
            return [left]
        if not found.sessions:
            return [left.add("  no session yet", palette.faint)]
        others = "what landed nothing" if found.known else "the sessions"
        right = Line().add("what landed" if self.landed else others, palette.faint)
        first, second = self._known(found, palette) if found.known else _unknown(found, palette)
        left.add("  ").extend(first.pieces)
        return [both_ends(left, right, width, keep_left=True), second]

    def _known(self, found: Outcomes, palette: Palette) -> tuple[Line, Line]:
        line = _all_spent(found, palette)
        bought = fmt.plural(found.linked_changes, "landed change")
        line.add(f" bought {bought}", palette.text)
        if found.per_change_nusd is not None:
            each = marked(found.per_change_nusd, found.spent)
            line.add("   ").add(each, palette.hot).add(" each", palette.dim)
        share = fmt.percent(found.unattributed)
        second = Line().add(f"{share} unattributed", palette.warning)
        second.add(f" ({spent_money(found.unlinked)})", palette.dim)
        if found.places.unread:
            unread = fmt.plural(found.places.unread, "folder")
            second.add(f"   {unread} not read", palette.warning)
        by_hand = found.changes - found.linked_changes
        if by_hand:
            second.add(f"   {by_hand} by hand", palette.dim)
        if found.reverted:
            cost = spent_money(found.reverted_spent)
            second.add(f"   {TAKEN_BACK} {found.reverted} taken back ({cost})", palette.dim)
        if found.places.other_addresses:
            second.add("   more under other addresses", palette.faint)
        return line, second


def _unknown(found: Outcomes, palette: Palette) -> tuple[Line, Line]:
    line = _all_spent(found, palette)
    words = ": what they" if found.spent.nusd is None else " spent, what it"
    line.add(f"{words} bought is not known", palette.text)
    waiting = all(group.why == NOT_YET for group in found.places.elsewhere)
    why = "no repository was looked at yet" if waiting else "no repository could be read"
    return line, Line().add(why, palette.warning)


def _all_spent(found: Outcomes, palette: Palette) -> Line:
    if found.spent.nusd is None:
        sessions = fmt.plural(found.sessions, "session")
        return Line().add(f"{sessions} without a price", palette.strong)
    return Line().add(spent_money(found.spent), palette.strong)


class SizeBars(Drawing):
    """What a change of each size usually costs."""

    found: Outcomes | None = None

    def draw(self, width: int, height: int, palette: Palette) -> Sequence[Line]:
        """A line for each size."""
        lines = [Line().add("USUAL COST BY SIZE", palette.dim).add("  median", palette.faint)]
        rows = self.found.sizes if self.found else ()
        top = max((row.usual_nusd or 0 for row in rows), default=0)
        room = max(4, min(_LONGEST_BAR, width - 21))
        for row in rows[: height - 1]:
            line = Line().cell(row.size or fmt.UNKNOWN, 3, palette.strong)
            line.cell(f"{row.changes}×" if row.changes else "", 6, palette.faint, "right").add(" ")
            line.extend(bar(row.usual_nusd, top, room, palette.series[0]).strip(room))
            usual = fmt.money(row.usual_nusd, estimated=row.spent.estimated)
            line.cell(usual, 9, palette.text, "right")
            lines.append(line)
        return lines


class WeekBars(Drawing):
    """What a landed change cost, week by week, all spend included."""

    found: Outcomes | None = None

    def draw(self, width: int, height: int, palette: Palette) -> Sequence[Line]:
        """A line for each of the last weeks."""
        title = Line().add("COST OF A LANDED CHANGE", palette.dim)
        weeks = self.found.weeks if self.found else ()
        usual = usual_of(weeks)
        for words in ("  all spend", f", usual {fmt.money(usual)}" if usual is not None else ""):
            if title.width + len(words) <= width:
                title.add(words, palette.faint)
        rows = weeks[-(height - 1) :] if height > 1 else ()
        top = max((row.per_change_nusd or 0 for row in rows), default=0)
        room = max(4, min(_LONGEST_BAR, width - 26))
        return [title, *(_week(row, top, room, palette) for row in rows)]


def usual_of(weeks: Sequence[WeekRow]) -> int | None:
    """The median of the weeks before the last one in which something landed; None: too few."""
    known = [week.per_change_nusd for week in weeks[-_USUAL_WEEKS - 1 : -1]]
    costs = [nusd for nusd in known if nusd is not None]
    return median_low(costs) if len(costs) > 2 else None


def _week(row: WeekRow, top: int, room: int, palette: Palette) -> Line:
    value = row.per_change_nusd
    line = Line().cell(row.week[5:], 4, palette.strong)
    line.cell(f"{row.linked or 0}×", 5, palette.faint, "right").add(" ")
    if value is None:
        words = f"{spent_money(row.spent)} for none" if row.spent.nusd else fmt.UNKNOWN
        return line.cell(words, room + 10, palette.faint, "right")
    line.extend(bar(value, top, room, palette.series[1]).strip(room))
    return line.cell(marked(value, row.spent), 10, palette.text, "right")


class MoneyBars(Drawing):
    """How much of what was spent is linked to changes, and how much is not."""

    found: Outcomes | None = None

    def draw(self, width: int, height: int, palette: Palette) -> Sequence[Line]:
        """A line for each part."""
        lines = [Line().add("WHERE IT WENT", palette.dim)]
        found = self.found
        whole = found.spent.nusd if found else None
        if found is None or not whole:
            return lines
        room = max(4, min(_LONGEST_BAR, width - 34))
        parts: list[tuple[str, Spent, Style]] = [
            ("landed", found.linked, palette.series[2]),
            ("taken back", found.reverted_spent, palette.warning),
            ("not landed", found.unlinked, palette.dim),
            ("not read", found.not_looked_at, palette.faint),
        ]
        for name, spent, style in parts:
            within = name in ("taken back", "not read")
            if within and not spent.nusd:
                continue
            line = Line().cell(f"  {name}" if within else name, 13, palette.text)
            line.extend(bar(spent.nusd, whole, room, style).strip(room))
            line.cell(spent_money(spent) if spent.nusd else fmt.UNKNOWN, 10, palette.text, "right")
            share = fmt.percent((spent.nusd or 0) / whole) if spent.nusd else ""
            lines.append(line.cell(share, 9, palette.faint, "right"))
        return lines[:height]
