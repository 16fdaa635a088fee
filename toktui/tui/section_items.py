"""The rows of the sections of a model and of a project."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from toktui.metrics.parts import CONVERSATION
from toktui.tui import format as fmt
from toktui.tui.columns import Column
from toktui.tui.rates_lines import dollars
from toktui.tui.sections import Item, Section
from toktui.tui.view import Open
from toktui.tui.widgets.sorted_rows import last_call
from toktui.tui.widgets.today import saved_money, sum_money

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    from toktui.metrics.parts import Key, Kind, Part, SessionPart
    from toktui.metrics.rates_used import UsedRate
    from toktui.metrics.what_if import WhatIf

NOWHERE: Final = "no project"
_NO_BRANCH: Final = "no branch"
_MOST_SESSIONS: Final = 100

_PARTS: Final = (
    Column("name", "name", 18, False, 0),
    Column("last", "last call", 12, False, 80),
    Column("calls", "calls", 6, True, 44),
    Column("tokens", "tokens", 6, True, 54),
    Column("hit", "hit", 6, True, 38),
    Column("saved", "saved", 7, True, 66),
    Column("trend", "over time", 12, False, 96),
    Column("share", "share", 6, True, 74),
    Column("cost", "cost", 8, True, 0),
)
_KINDS: Final = tuple(c for c in _PARTS if c.name in ("name", "calls", "tokens", "share", "cost"))
_SESSIONS: Final = (
    Column("last", "last call", 12, False, 0),
    Column("name", "session", 8, False, 0),
    Column("agent", "agent", 12, False, 56),
    Column("project", "project", 14, False, 90),
    Column("calls", "calls", 6, True, 64),
    Column("tokens", "tokens", 6, True, 44),
    Column("cost", "cost", 8, True, 0),
)
_WHAT_IFS: Final = (
    Column("name", "instead", 20, False, 0),
    Column("kind", "", 10, False, 84),
    Column("cost", "cost", 15, True, 0),
    Column("change", "change", 8, True, 40),
    Column("tokens", "tokens", 7, True, 100),
    Column("scaled", "~ by tokens", 11, True, 66),
    Column("note", "", 12, False, 112),
)
_RATES: Final = (
    Column("since", "since", 10, False, 0),
    Column("until", "until", 10, False, 100),
    Column("above", "beyond", 6, True, 88),
    Column("input", "input", 8, True, 0),
    Column("read", "read", 8, True, 40),
    Column("write5m", "write 5m", 8, True, 60),
    Column("write1h", "write 1h", 8, True, 70),
    Column("output", "output", 8, True, 0),
    Column("name", "source", 12, False, 76),
)


def parts_section(
    key: Key, label: str, parts: Sequence[Part], zone: ZoneInfo, now_ms: int
) -> Section:
    """What has each value of a key."""
    items = [_part(part, zone, now_ms) for part in parts if part.key == key]
    return Section(key, label, _PARTS, items, "No call matches the filter.")


def _part(part: Part, zone: ZoneInfo, now_ms: int) -> Item:
    sums = part.sums
    name, leads = part.name, None
    match part.key:
        case "project":
            leads = Open("project", (part.name, (part.name,)))
            name = fmt.project_name(name) if name else NOWHERE
        case "model":
            name = fmt.model_name(name)
        case "branch":
            name = name or _NO_BRANCH
        case _:
            pass
    return Item(
        part.name,
        {
            "name": name.casefold(), "last": part.last_ms, "calls": sums.calls,
            "tokens": sums.tokens, "hit": sums.cache_hit_rate, "saved": sums.saved_nusd,
            "share": part.cost_share, "cost": sums.cost_nusd,
        },
        {
            "name": name,
            "last": last_call(part.last_ms, now_ms, zone),
            "calls": fmt.tokens(sums.calls),
            "tokens": ("~" if sums.estimated else "") + fmt.tokens(sums.tokens),
            "hit": fmt.percent(sums.cache_hit_rate),
            "saved": saved_money(sums),
            "share": fmt.percent(None if sums.cost_nusd is None else part.cost_share),
            "cost": sum_money(sums),
        },
        part.costs if any(part.costs) else part.tokens,
        leads,
    )  # fmt: skip


def kinds_section(kinds: Sequence[Kind] | None) -> Section:
    """Conversations and the agents inside of them, by type."""
    note = "the conversations themselves, and their sub-agents by type"
    if kinds is None:
        sorry = "Too many sub-agents to name each: narrow the time, as in  / since:7d"
        return Section("kind", "sub-agents", _KINDS, (), sorry, note=note)
    items = [
        Item(
            kind.name,
            {
                "name": kind.name, "calls": kind.calls, "tokens": kind.tokens,
                "share": kind.cost_share, "cost": _known(kind),
            },
            {
                "name": kind.name,
                "calls": fmt.tokens(kind.calls),
                "tokens": fmt.tokens(kind.tokens),
                "share": fmt.percent(None if _known(kind) is None else kind.cost_share),
                "cost": fmt.money(_known(kind), lacks=bool(kind.unpriced)),
            },
            strong="name" if kind.name != CONVERSATION else "cost",
        )
        for kind in kinds
    ]  # fmt: skip
    return Section("kind", "sub-agents", _KINDS, items, "No call matches the filter.", note=note)


def _known(kind: Kind) -> int | None:
    return None if kind.unpriced == kind.calls else kind.nusd


def sessions_section(
    sessions: Sequence[SessionPart], zone: ZoneInfo, now_ms: int, note: str
) -> Section:
    """The latest sessions; each leads to its calls, and these to why."""
    items = [
        Item(
            one.number,
            {
                "last": one.last_ms, "name": one.id, "agent": one.agent,
                "project": fmt.project_name(one.project).casefold(), "calls": one.calls,
                "tokens": one.tokens, "cost": one.nusd,
            },
            {
                "last": last_call(one.last_ms, now_ms, zone),
                "name": one.id,
                "agent": one.agent,
                "project": fmt.project_name(one.project) if one.project else NOWHERE,
                "calls": fmt.tokens(one.calls),
                "tokens": fmt.tokens(one.tokens),
                "cost": fmt.money(one.nusd, lacks=bool(one.unpriced)),
            },
            leads=Open("session", one.number),
        )
        for one in sessions
    ]  # fmt: skip
    if len(sessions) >= _MOST_SESSIONS:
        note = f"the latest {_MOST_SESSIONS}; {note}"
    return Section(
        "session", "sessions", _SESSIONS, items, "No session matches the filter.",
        sorted_by="last", grow=(("name", 36), ("project", 40)), note=note,
    )  # fmt: skip


def what_if_section(
    found: Sequence[WhatIf], actual: int | None, *, lacks: bool
) -> Section:
    """The same calls otherwise."""
    items = [_what_if(one, None if lacks else actual) for one in found]
    note = "the same tokens at today's rates; tokenizers differ: ~ is scaled by a measured ratio"
    return Section(
        "what if", "what if", _WHAT_IFS, items, "No call matches the filter.",
        sorted_by="order", grow=(("name", 30), ("note", 90)), note=note,
    )  # fmt: skip


_KIND_WORDS: Final = {"model": "", "tier": "same model"}


def _what_if(one: WhatIf, actual: int | None) -> Item:
    middle = one.middle_nusd
    change = None if middle is None or not actual else middle / actual
    cost = fmt.money(one.low_nusd)
    if not one.is_exact and one.low_nusd is not None:
        cost = f"{cost} – {fmt.money(one.high_nusd)}"
    note = one.note
    if not one.is_exact and middle is not None:
        note = "between: which prompts were long is looked up for up to 12,000 calls"
    name = fmt.model_name(one.name) if one.kind == "model" and "/" not in one.name else one.name
    kind = _KIND_WORDS.get(one.kind, "same model")
    if one.kind == "model":
        kind = "used here" if one.used else ""
    return Item(
        (one.kind, one.name),
        {
            "name": name.casefold(), "kind": kind, "cost": middle, "change": change,
            "tokens": one.ratio, "scaled": one.scaled_nusd,
        },
        {
            "name": name,
            "kind": kind,
            "cost": cost,
            "change": fmt.change(middle, actual),
            "tokens": "" if one.ratio is None else f"×{one.ratio:.2f}",
            "scaled": "" if one.scaled_nusd is None else f"~{fmt.money(one.scaled_nusd)}",
            "note": note,
        },
    )  # fmt: skip


def rates_section(rates: Sequence[UsedRate]) -> Section:
    """Every rate of the tier, with its bands."""
    items: list[Item] = []
    for order, used in enumerate(reversed(rates)):
        rate = used.rate
        since = "always" if rate.valid_from is None else rate.valid_from.isoformat()
        for band in rate.bands:
            shown = [
                dollars(units) if own else fmt.UNKNOWN
                for units, own in zip(band.rates, band.published, strict=True)
            ]
            names = ("input", "read", "write5m", "write1h", "output")
            units = dict(zip(names, band.rates, strict=True))
            items.append(
                Item(
                    (rate.rate_id, band.above),
                    {"since": since, "above": band.above, **units, "name": rate.source.id},
                    {
                        "since": since if not band.above else "",
                        "until": used.until.isoformat() if used.until and not band.above else "",
                        "above": fmt.window(band.above) if band.above else "",
                        **dict(zip(names, shown, strict=True)),
                        "name": f"{rate.source.id} of {rate.source.date.isoformat()}",
                    },
                    strong="since",
                )
            )
        del order
    return Section(
        "rates", "rates", _RATES, items, "Nobody documents a rate.", sorted_by="order",
        grow=(("name", 48),), note="dollars per million tokens",
    )  # fmt: skip
