"""What stands in the columns of the active sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from toktui.tui import format as fmt
from toktui.tui.columns import Column
from toktui.tui.glyphs import gauge, spark
from toktui.tui.lines import Line, fit
from toktui.tui.widgets.burn import burn_money
from toktui.tui.widgets.today import hit_text, sum_money

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.style import Style

    from toktui.metrics.active import ActiveSession, SubAgent
    from toktui.tui.theme import Palette

SOON_MS: Final = 60_000
"""A cache that lives shorter than this is shown in the colour of warning."""
_CROWDED: Final = 0.85


class Fold(NamedTuple):
    """One line: a session, or sub-agents of it."""

    session: ActiveSession
    sub: SubAgent | None
    branch: str
    """What is drawn before a line that hangs on another."""


def folds_of(sessions: Sequence[ActiveSession]) -> list[Fold]:
    """Sessions in their order, each with its sub-agents and the sessions that it spawned below."""
    ids = {(session.agent, session.id) for session in sessions}
    children: dict[tuple[str, str], list[ActiveSession]] = {}
    roots: list[ActiveSession] = []
    for session in sessions:
        parent = (session.agent, session.parent or "")
        if parent in ids and session.parent != session.id:
            children.setdefault(parent, []).append(session)
        else:
            roots.append(session)
    folds: list[Fold] = []
    seen: set[tuple[str, str]] = set()
    for root in roots or list(sessions):
        _unfold(root, children, folds, seen, "")
    return folds


def _unfold(
    session: ActiveSession,
    children: dict[tuple[str, str], list[ActiveSession]],
    folds: list[Fold],
    seen: set[tuple[str, str]],
    branch: str,
) -> None:
    key = (session.agent, session.id)
    if key in seen:
        return
    seen.add(key)
    folds.append(Fold(session, None, branch))
    below = children.get(key, [])
    for index, sub in enumerate(session.sub_agents):
        last = index == len(session.sub_agents) - 1 and not below
        folds.append(Fold(session, sub, "└ " if last else "├ "))
    for index, child in enumerate(below):
        _unfold(child, children, folds, seen, "└ " if index == len(below) - 1 else "├ ")


class RowCells:
    """The cells of a session."""

    def __init__(self, fold: Fold, now_ms: int, palette: Palette) -> None:
        self.fold, self.palette, self.now_ms = fold, palette, now_ms
        session = fold.session
        self.idle = session.state == "idle"
        self.mark = {"working": "●", "warm": "◐", "idle": "○"}[session.state]
        self.mark_style = {
            "working": palette.good, "warm": palette.accent, "idle": palette.faint,
        }[session.state]  # fmt: skip
        self.text = palette.faint if self.idle else palette.text
        self.dim = palette.faint if self.idle else palette.dim

    def cell(self, line: Line, column: Column, width: int) -> None:
        """Appends the cell of a column."""
        session = self.fold.session
        text, style = "", self.text
        match column.name:
            case "agent":
                text, style = session.agent, self.dim
            case "project":
                text = self.fold.branch + fmt.project_name(session.project)
                style = self.text if self.idle else self.palette.strong
            case "model":
                text, style = fmt.model_name(session.model, session.priced_as), self.dim
            case "gauge":
                line.extend(self._gauge(width).pieces)
                return
            case "context":
                text, style = (
                    _context(session.context_tokens, session.context_window, width),
                    self.dim,
                )
            case "spark":
                line.extend(self._spark(width).pieces)
                return
            case "burn":
                burn = session.burn[1]
                text = burn_money(burn) if burn.calls else fmt.UNKNOWN
                style = self.palette.hot if burn.cost_nusd else self.palette.faint
            case "cost":
                text = sum_money(session.sums)
            case "hit":
                text, style = hit_text(session.sums), self.dim
            case "cache":
                text, style = self._cache()
            case _:
                text, style = self._next(column.name)
        line.cell(text, width, style, "right" if column.right else "left")

    def _gauge(self, width: int) -> Line:
        session, palette = self.fold.session, self.palette
        share = _share(session.context_tokens, session.context_window)
        full = palette.warning if share is not None and share > _CROWDED else palette.read
        return gauge(share, width, palette.faint if self.idle else full, palette.faint)

    def _spark(self, width: int) -> Line:
        values = self.fold.session.spark[-width:]
        return spark(values, self.palette.read, self.palette.faint).fill(width)

    def _cache(self) -> tuple[str, Style]:
        session, palette = self.fold.session, self.palette
        if session.cache_expires_ms is None:
            return fmt.UNKNOWN, palette.faint
        left = session.cache_expires_ms - self.now_ms
        if left <= 0:
            return "cold", palette.faint
        return fmt.countdown(left), palette.warning if left < SOON_MS else self.palette.good

    def _next(self, which: str) -> tuple[str, Style]:
        """What the next turn costs: in colour what it costs now, pale what it would otherwise."""
        session, palette = self.fold.session, self.palette
        if session.next_turn is None:
            return fmt.UNKNOWN, palette.faint
        warm = session.is_warm(self.now_ms) or session.cache_expires_ms is None
        nusd = session.next_turn.warm_nusd if which == "warm" else session.next_turn.cold_nusd
        holds = warm is (which == "warm")
        return fmt.money(nusd), self.text if holds else palette.faint


class SubRowCells(RowCells):
    """The cells of sub-agents that are folded into one line."""

    def cell(self, line: Line, column: Column, width: int) -> None:
        """Appends the cell of a column."""
        sub, palette = self.fold.sub, self.palette
        assert sub is not None
        text, style = "", palette.dim
        match column.name:
            case "project":
                count = f" ×{sub.count}" if sub.count > 1 else ""
                name = fit(sub.kind or "sub-agent", max(1, width - 2 - len(count))).rstrip()
                text = f"{self.fold.branch}{name}{count}"
            case "model":
                text = fmt.model_name(sub.model)
            case "gauge":
                share = _share(sub.context_tokens, sub.context_window)
                line.extend(gauge(share, width, palette.faint, palette.faint).pieces)
                return
            case "context":
                text = _context(sub.context_tokens, sub.context_window, width)
            case "burn":
                text = burn_money(sub.burn) if sub.burn.calls else fmt.UNKNOWN
                style = palette.accent if sub.burn.cost_nusd else palette.faint
            case "cost":
                text = sum_money(sub.sums)
            case "hit":
                text = hit_text(sub.sums)
            case _:
                pass
        line.cell(text, width, style, "right" if column.right else "left")


def _share(context: int | None, window: int | None) -> float | None:
    return context / window if context is not None and window else None


def _context(context: int | None, window: int | None, width: int) -> str:
    full = f"{fmt.tokens(context)}/{fmt.window(window)}" if window else fmt.tokens(context)
    return full if len(full) <= width else fmt.tokens(context)
