"""The share card: one picture of a week, a month or a year that its owner would post.

No name of a project unless it was asked for; what is estimated or has no price is marked.
"""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Final

from toktui.export.card_svg import BOLD, INKS, Drawn
from toktui.export.figures import dollars, percent, short
from toktui.rounding import UNKNOWN, three_digits

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Literal

    from toktui.metrics.card import Card, Part
    from toktui.metrics.sums import Sums

    Theme = Literal["dark", "light"]

WIDTH, HEIGHT = 1200, 675
_LEFT: Final = 60
_RIGHT: Final = WIDTH - 60
_TITLES: Final = {"week": "A week", "month": "A month", "year": "A year"}
_MOST: Final = 4
"""Models, agents and projects that have a line of their own."""
_BUCKETS: Final = ("cache read", "cache write", "input", "output")
_MILLION: Final = 1_000_000


def draw_card(card: Card, theme: Theme) -> Drawn:
    """The whole picture."""
    drawn = Drawn(WIDTH, HEIGHT, INKS[theme])
    drawn.rect(0, 0, WIDTH, HEIGHT, drawn.ink.ground)
    drawn.rect(0, 0, WIDTH, 6, drawn.ink.accent)
    _head(drawn, card)
    _tiles(drawn, card)
    _parts(drawn, card)
    _calendar(drawn, card)
    _foot(drawn, card)
    return drawn


def title_of(card: Card) -> str:
    """`A week with coding agents, 16 – 22 Nov 2026`."""
    return f"{_TITLES[card.period]} with coding agents, {_dates(card)}"


def _dates(card: Card) -> str:
    first, last = card.span.first, card.span.last
    if card.period == "month":
        return f"{first:%B %Y}"
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day} – {last.day} {last:%b %Y}"
    start = f"{first.day} {first:%b}" + ("" if first.year == last.year else f" {first.year}")
    return f"{start} – {last.day} {last:%b %Y}"


def _head(drawn: Drawn, card: Card) -> None:
    ink = drawn.ink
    drawn.text(_LEFT, 80, f"{_TITLES[card.period]} with coding agents", 38, ink.text, weight=BOLD)
    sums = card.sums
    days = "day" if card.active_days == 1 else "days"
    facts = (
        _dates(card), _calls(sums.calls), f"{short(sums.tokens)} tokens",
        f"{card.active_days} active {days}",
    )  # fmt: skip
    drawn.text(_LEFT, 114, "  ·  ".join(facts), 19, ink.dim)
    drawn.text(_RIGHT, 80, "toktui", 28, ink.accent, weight=BOLD, right=True)


def _tiles(drawn: Drawn, card: Card) -> None:
    """Four figures, the efficient ones first, with what they were in the period before."""
    sums, before = card.sums, card.before
    tiles = (
        ("Cache hit", percent(sums.cache_hit_rate), _points(sums, before, card)),
        ("Saved by the cache", _saved(sums), "compared with no cache"),
        ("Per million tokens", _per_million(sums), _was(_per_million(before), before, card)),
        ("List cost", _cost(sums), _was(_cost(before), before, card)),
    )
    step = (_RIGHT - _LEFT + 24) / len(tiles)
    for index, (word, figure, more) in enumerate(tiles):
        x = _LEFT + index * step
        drawn.rect(x, 146, step - 24, 128, drawn.ink.heat[0], round_by=10)
        drawn.text(x + 20, 178, word, 16, drawn.ink.dim)
        size = 40 if len(figure) <= 9 else 32
        color = drawn.ink.good if index == 1 and sums.saved_nusd > 0 else drawn.ink.text
        drawn.text(x + 20, 226, figure, size, color, weight=BOLD)
        drawn.text(x + 20, 256, more, 14, drawn.ink.faint)


def _points(sums: Sums, before: Sums, card: Card) -> str:
    now, then = sums.cache_hit_rate, before.cache_hit_rate
    if now is None or then is None:
        return "of the prompt tokens"
    points = f"{(now - then) * 100:+.1f}".replace("-", "−")
    return f"{points} points on the {card.period} before"


def _was(figure: str, before: Sums, card: Card) -> str:
    return f"{figure} the {card.period} before" if before.calls else f"no {card.period} before"


def _money(nusd: int | None, *, lacks: bool = False, estimated: bool = False) -> str:
    if nusd is None:
        return UNKNOWN
    mark = "≥" if lacks else "~" if estimated else ""
    if abs(nusd) < 10_000 * 10**9:
        return f"{mark}{dollars(nusd)}"
    return f"{mark}{'−' if nusd < 0 else ''}${three_digits(abs(nusd) / 1e9)}"


def _cost(sums: Sums) -> str:
    return _money(sums.cost_nusd, lacks=sums.unpriced > 0, estimated=sums.estimated > 0)


def _saved(sums: Sums) -> str:
    if sums.calls == sums.unpriced:
        return UNKNOWN
    return _money(sums.saved_nusd, lacks=sums.unpriced > 0, estimated=sums.estimated > 0)


def _per_million(sums: Sums) -> str:
    """Of the priced calls, list cost over tokens of all buckets."""
    tokens = sums.tokens - sums.unpriced_tokens
    if sums.cost_nusd is None or tokens <= 0:
        return UNKNOWN
    mark = "~" if sums.estimated else ""
    return f"{mark}${three_digits(sums.cost_nusd / tokens * _MILLION / 1e9)}"


def _parts(drawn: Drawn, card: Card) -> None:
    """Models at the left; buckets and agents, or projects, at the right."""
    half = (_RIGHT - _LEFT - 60) / 2
    _bars(drawn, "Models", card.models, _LEFT, half, models=True)
    x = _LEFT + half + 60
    if card.projects:
        _bars(drawn, "Projects", card.projects, x, half, models=False)
        return
    _stack(drawn, card.sums, x, half)
    _bars(drawn, "Agents", card.agents[:2], x, half, models=False, top=384)


def _bars(
    drawn: Drawn, word: str, parts: Sequence[Part], x: float, width: float, *, models: bool,
    top: float = 308,
) -> None:  # fmt: skip
    ink = drawn.ink
    drawn.text(x, top, word, 16, ink.dim)
    whole = sum(part.sums.tokens for part in parts)
    for index, part in enumerate(parts[:_MOST]):
        y = top + 26 + index * 26
        share = part.sums.tokens / whole if whole else 0.0
        name = _model(part.name) if models else _last(part.name)
        drawn.text(x, y, name or "not said", 16, ink.text, most=22)
        room = width - 200 - 170
        drawn.rect(x + 200, y - 9, room, 7, ink.line, round_by=3.5)
        if share > 0:
            drawn.rect(x + 200, y - 9, max(7, room * share), 7, ink.accent, round_by=3.5)
        drawn.text(x + width - 90, y, percent(share), 15, ink.dim, right=True)
        drawn.text(x + width, y, _cost(part.sums), 15, ink.text, right=True)


def _model(name: str) -> str:
    return name.rpartition("/")[2].removeprefix("claude-")


def _last(folder: str) -> str:
    return folder.rstrip("/\\").replace("\\", "/").rpartition("/")[2] or folder


def _stack(drawn: Drawn, sums: Sums, x: float, width: float) -> None:
    """Where the tokens went."""
    ink = drawn.ink
    drawn.text(x, 308, "Tokens", 16, ink.dim)
    counts = (
        sums.cache_read, sums.cache_write_5m + sums.cache_write_1h, sums.input, sums.output,
    )  # fmt: skip
    whole, at = sum(counts), x
    drawn.rect(x, 320, width, 10, ink.line, round_by=5)
    place = x
    for word, count, color in zip(_BUCKETS, counts, ink.buckets, strict=True):
        share = count / whole if whole else 0.0
        if count:
            drawn.rect(at, 320, width * share, 10, color, round_by=min(5, width * share / 2))
        at += width * share
        drawn.rect(place, 343, 9, 9, color, round_by=2)
        drawn.text(place + 15, 352, f"{word} {percent(share if whole else None)}", 13, ink.dim)
        place += width * (0.28 if word.startswith("cache") else 0.23)


def _calendar(drawn: Drawn, card: Card) -> None:
    """The last year, a column for each week."""
    ink = drawn.ink
    weeks = -(-len(card.days) // 7)
    step = (_RIGHT - _LEFT + 4) / max(1, weeks)
    cell, top = step - 4, 470.0
    high = step * 0.95
    months: list[tuple[float, str]] = []
    tokens = sorted(one.sums.tokens for one in card.days if one.sums.tokens)
    levels = [tokens[len(tokens) * part // 4] for part in range(1, 4)] if tokens else []
    for index, one in enumerate(card.days):
        week, weekday = divmod(index, 7)
        x, y = _LEFT + week * step, top + weekday * high
        if weekday == 0 and (not months or months[-1][1] != f"{one.day:%b}"):
            months.append((x, f"{one.day:%b}"))
        count = one.sums.tokens
        level = 0 if not count else 1 + sum(count >= limit for limit in levels)
        inside = card.span.first <= one.day <= card.span.last and card.period != "year"
        drawn.rect(
            x, y, cell, high - 4, ink.heat[level], round_by=3, stroke=ink.text if inside else ""
        )


    for (x, name), following in zip(months, [*months[1:], (_RIGHT + 24.0, "")], strict=True):
        if following[0] - x > 48:
            drawn.text(x, top - 10, name, 13, ink.faint)


def _foot(drawn: Drawn, card: Card) -> None:
    ink = drawn.ink
    said = ["List cost is tokens × public API prices: what an API customer pays, not a bill."]
    if card.sums.unpriced:
        said.append(f"≥ lacks {_calls(card.sums.unpriced)} without a price.")
    if card.sums.estimated:
        said.append(f"~ holds {_calls(card.sums.estimated)} estimated.")
    if card.sums.placeholder:
        said.append(f"{_calls(card.sums.placeholder).capitalize()} lack their last output.")
    drawn.text(_LEFT, 648, "  ".join(said), 13, ink.faint)
    today = card.days[-1].day if card.days else datetime.date.min
    drawn.text(_RIGHT, 648, f"from local logs, {today.isoformat()}", 13, ink.faint, right=True)


def _calls(count: int) -> str:
    return f"{count:,} call" if count == 1 else f"{count:,} calls"
