"""What is known of the store, its backups, what will be deleted, and who else runs."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from toktui.clock import local_date
from toktui.text import clean
from toktui.tui import format as fmt
from toktui.tui.glyphs import gauge
from toktui.tui.lines import Line, by_words
from toktui.tui.widgets.drawing import Drawing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    from toktui.ingest.progress import Progress
    from toktui.metrics.cleanup import Cleanup
    from toktui.metrics.health import Health
    from toktui.tui.theme import Palette

WIDE: Final = 100
"""From here on there are two columns."""
_WORD: Final = 13
_GAP: Final = 4
_COLUMNS: Final = "▁▂▃▄▅▆▇█"


class HealthFacts(Drawing):
    """Blocks of facts, two side by side where there is room."""

    def __init__(self, *, zone: ZoneInfo, id: str) -> None:
        super().__init__(id=id)
        self._zone = zone
        self.health: Health | None = None
        self.progress: Progress | None = None
        self.store_name = ""

    def draw(self, width: int, height: int, palette: Palette) -> Sequence[Line]:
        """The store and its check at the left, the logs and the past at the right."""
        del height
        health = self.health
        if health is None:
            return []
        writer = _Writer(health, self.progress, self._zone, palette, self.store_name)
        if width < WIDE:
            return [*writer.store(), Line(), *writer.cleanup(width), Line(),
                    *writer.coverage(width), Line(), *writer.running(), Line(),
                    *writer.past(width)]  # fmt: skip
        column = (width - _GAP) // 2
        left = [*writer.store(), Line(), *writer.running()]
        right = [*writer.cleanup(column), Line(), *writer.coverage(column)]
        right += [Line(), *writer.past(column)]
        lines: list[Line] = []
        for index in range(max(len(left), len(right))):
            one = left[index] if index < len(left) else Line()
            other = right[index] if index < len(right) else Line()
            line = Line(*one.strip(column)).add(" " * _GAP)
            lines.append(line.extend(other.pieces))
        return lines


def _of_logs(share: float) -> str:
    """`62.1 % of`, or `×23.4` where a small store takes more than its logs."""
    return f"{fmt.percent(share)} of" if share < 3 else f"×{fmt.three_digits(share)}"


class _Writer:
    """Writes the blocks in one palette."""

    def __init__(
        self, health: Health, progress: Progress | None, zone: ZoneInfo, palette: Palette,
        name: str,
    ) -> None:  # fmt: skip
        self._health = health
        self._progress = progress
        self._zone = zone
        self._palette = palette
        self._name = name

    def _fact(self, word: str, value: str, more: str = "", *, bad: bool = False) -> Line:
        palette = self._palette
        line = Line().cell(word, _WORD, palette.faint)
        line.add(value, palette.warning if bad else palette.text)
        return line.add(f"  {more}" if more else "", palette.dim)

    def store(self) -> list[Line]:
        """The file, its backups, its check."""
        health, store = self._health, self._health.store
        share = "" if store.share is None else f"{_of_logs(store.share)} the logs' size"
        growth = store.growth
        lines = [
            Line().add("STORE", self._palette.dim),
            self._fact("file", self._name or store.path),
            self._fact("size", fmt.size(store.size + store.wal), share),
            self._fact(
                "grows", fmt.UNKNOWN if growth is None else f"{fmt.size(growth)} a month",
                f"{fmt.plural(store.lately, 'call')} in 30 days",
            ),
            self._fact(
                "schema", str(store.schema), f"this toktui knows {store.schema_known}",
                bad=store.schema != store.schema_known,
            ),
            self._fact("commit", self._moment(store.committed_ms)),
            self._backups(),
        ]  # fmt: skip
        checked = health.checked
        if checked is None:
            lines.append(self._fact("check", "i", "reads the whole file"))
            return lines
        fine = checked.integrity == "ok" and checked.sums_match
        said = "every page is whole, sums match" if fine else checked.integrity
        said = said if fine or checked.integrity != "ok" else "sums do not match the calls"
        lines.append(self._fact("check", said, self._moment(checked.at_ms), bad=not fine))
        return lines

    def _backups(self) -> Line:
        kept = self._health.backups
        if not kept:
            return self._fact("backups", "none yet", "made once a week", bad=False)
        newest = kept[0]
        age = fmt.span(self._health.at_ms - newest.made_ms)
        return self._fact(
            "backups", str(len(kept)), f"the newest {age} old, {fmt.size(newest.size)}"
        )

    def running(self) -> list[Line]:
        """Who reads and writes now, and how logs are watched."""
        progress = self._progress
        lines = [Line().add("RUNNING", self._palette.dim)]
        phase = progress.phase if progress else "starting"
        words = {
            "live": "this toktui", "indexing": "this toktui, reading a backlog",
            "stopped": "nobody", "failed": "nobody", "starting": "nobody yet",
        }  # fmt: skip
        writer = words.get(phase, "")
        if progress is not None and phase == "following":
            writer = f"{progress.holder}; this one reads along"
        lines.append(self._fact("writes", writer, bad=phase == "failed"))
        swept = sum(agent.swept for agent in self._health.agents)
        how = "events as hints, a sweep as the truth"
        lines.append(
            self._fact("watches", how, f"{swept} by sweep only" if swept else "")
        )
        return lines

    def cleanup(self, width: int) -> list[Line]:
        """What agents delete by themselves."""
        palette = self._palette
        lines = [Line().add("SOON DELETED BY ITS AGENT", palette.dim)]
        if not self._health.cleanup:
            return [*lines, Line().add("No agent here is known to delete its logs.", palette.faint)]
        for one in self._health.cleanup:
            whose = "its settings say" if one.named else "its default"
            lines.append(
                self._fact(one.agent, f"after {fmt.plural(one.days, 'day')}", f"({whose})")
            )
            lines += self._days(one)
            if one.gone:
                lines.append(self._fact("gone", fmt.plural(one.gone, "log"), "already"))
        safe = "The calls of all of them are in the store and stay there."
        return [*lines, *(Line().add(t, palette.good) for t in by_words(safe, width, 2))]

    def _days(self, one: Cleanup) -> list[Line]:
        palette, total = self._palette, sum(one.logs)
        if not total:
            return [self._fact("next", f"none within {len(one.logs)} days")]
        first = local_date(self._health.at_ms, self._zone)
        last = first + timedelta(days=len(one.logs) - 1)
        top = max(one.logs)
        line = Line().cell("by day", _WORD, palette.faint)
        for count in one.logs:
            sign = _COLUMNS[-(-count * 8 // top) - 1] if count else "·"
            line.add(f"{sign} ", palette.warning if count else palette.faint)
        line.add(f" {first.day} {first:%b} – {last.day} {last:%b}", palette.faint)
        when = "" if one.next_ms is None else f"the first {self._moment(one.next_ms)}"
        return [
            self._fact("next", f"{fmt.plural(total, 'log')}, {fmt.size(one.size)}", when), line,
        ]  # fmt: skip

    def coverage(self, width: int) -> list[Line]:
        """How much of all calls is exact, estimated, known from sums, priced."""
        palette, agents = self._palette, self._health.agents
        whole = sum(agent.calls for agent in agents)
        parts = (
            ("exact", sum(agent.exact for agent in agents), palette.good),
            ("estimated", sum(agent.estimated for agent in agents), palette.warning),
            ("from ledgers", sum(agent.residual for agent in agents), palette.read),
            ("no price", sum(agent.unpriced for agent in agents), palette.error),
        )
        lines = [Line().add("COVERAGE", palette.dim)]
        cells = max(6, min(28, width - _WORD - 18))
        for word, count, style in parts:
            share = count / whole if whole else None
            line = Line().cell(word, _WORD, palette.faint)
            line.extend(gauge(share, cells, style, palette.ground).pieces)
            line.cell(fmt.percent(share), 8, palette.text if count else palette.faint, "right")
            lines.append(line.cell(fmt.tokens(count), 8, palette.dim, "right"))
        return lines

    def past(self, width: int) -> list[Line]:
        """What toktui noted of itself."""
        palette = self._palette
        lines = [Line().add("NOTED", palette.dim)]
        if not self._health.past:
            return [*lines, Line().add("Nothing went wrong that was worth a note.", palette.faint)]
        for one in self._health.past:
            grave = one.level in ("ERROR", "CRITICAL")
            text = clean(one.text, max(20, width - 18))
            lines.append(
                Line().add(f"{one.when[5:16]}  ", palette.faint).add(
                    text, palette.error if grave else palette.text
                )
            )
        return lines

    def _moment(self, at_ms: int | None) -> str:
        if at_ms is None:
            return fmt.UNKNOWN
        return fmt.moment(at_ms, self._health.at_ms, self._zone).strip()
