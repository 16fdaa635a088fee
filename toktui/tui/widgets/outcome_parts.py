"""The parts of the screen of outcomes: what it bought in a line, by size, by week."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from toktui.tui import format as fmt
from toktui.tui.lines import Line, both_ends
from toktui.tui.widgets.bars import bar
from toktui.tui.widgets.drawing import Drawing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from toktui.metrics.outcome_changes import ChangeRow
    from toktui.metrics.outcome_spent import Spent
    from toktui.metrics.outcomes import Outcomes
    from toktui.tui.theme import Palette

TAKEN_BACK: Final = "↶"


def spent_money(spent: Spent) -> str:
    """`$1.23`, with `≥` where calls without a price are missing."""
    return fmt.money(spent.nusd, lacks=spent.lacks)


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
        left.add("  ").add(spent_money(found.spent), palette.strong)
        right = Line().add("what landed" if self.landed else "what landed nothing", palette.faint)
        if not found.known:
            left.add(" spent, what it bought is not known", palette.text)
            why = Line().add("no repository could be read", palette.warning)
            return [both_ends(left, right, width, keep_left=True), why]
        changes = fmt.plural(found.linked_changes, "landed change")
        left.add(f" bought {changes}", palette.text)
        if found.linked_changes:
            each = fmt.money(found.per_change_nusd, lacks=found.spent.lacks)
            left.add("   ").add(each, palette.hot).add(" each", palette.dim)
        return [both_ends(left, right, width, keep_left=True), self._second(found, palette)]

    def _second(self, found: Outcomes, palette: Palette) -> Line:
        if not found.sessions:
            return Line()
        share = fmt.percent(found.unattributed)
        line = Line().add(f"{share} unattributed", palette.warning)
        line.add(f" ({spent_money(found.unlinked)})", palette.dim)
        if found.places.unread:
            line.add(f"   {fmt.plural(found.places.unread, 'folder')} not read", palette.warning)
        by_hand = found.changes - found.linked_changes
        if by_hand:
            line.add(f"   {by_hand} by hand", palette.dim)
        if found.reverted:
            cost = spent_money(found.reverted_spent)
            line.add(f"   {TAKEN_BACK} {found.reverted} taken back ({cost})", palette.dim)
        return line


class SizeBars(Drawing):
    """What a change of each size usually costs."""

    found: Outcomes | None = None

    def draw(self, width: int, height: int, palette: Palette) -> Sequence[Line]:
        """A line for each size."""
        lines = [Line().add("USUAL COST BY SIZE", palette.dim).add("  median", palette.faint)]
        rows = self.found.sizes if self.found else ()
        top = max((row.usual_nusd or 0 for row in rows), default=0)
        room = max(4, width - 22)
        for row in rows[: height - 1]:
            line = Line().cell(row.size or fmt.UNKNOWN, 3, palette.strong)
            line.cell(f"{row.changes}×" if row.changes else "", 6, palette.faint, "right").add(" ")
            drawn = bar(row.usual_nusd, top, room, palette.series[0])
            line.extend(drawn.strip(room))
            line.cell(fmt.money(row.usual_nusd), 9, palette.text, "right")
            lines.append(line)
        return lines


class WeekBars(Drawing):
    """What a landed change cost, week by week, all spend included."""

    found: Outcomes | None = None

    def draw(self, width: int, height: int, palette: Palette) -> Sequence[Line]:
        """A line for each of the last weeks."""
        title = Line().add("COST OF A LANDED CHANGE", palette.dim)
        lines = [title.add("  all spend", palette.faint)]
        rows = self.found.weeks[-(height - 1) :] if self.found and height > 1 else ()
        top = max((row.per_change_nusd or 0 for row in rows), default=0)
        room = max(4, width - 26)
        for row in rows:
            line = Line().cell(row.week[5:], 4, palette.strong)
            line.cell(f"{row.linked or 0}×", 5, palette.faint, "right").add(" ")
            value = row.per_change_nusd
            drawn = bar(value, top, room, palette.series[1])
            line.extend(drawn.strip(room))
            if value is None:
                cost = spent_money(row.spent)
                line.cell(f"{cost} for none" if row.spent.nusd else fmt.UNKNOWN, 15,
                          palette.faint, "right")  # fmt: skip
            else:
                line.cell(fmt.money(value, lacks=row.spent.lacks), 15, palette.text, "right")
            lines.append(line)
        return lines
