"""The evidence for a call or session, in lines for the terminal."""

from __future__ import annotations

import textwrap
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from toktui.clock import iso
from toktui.export.figures import UNKNOWN, count, count_of
from toktui.export.report_table import exact_dollars
from toktui.export.table import Column, Table, as_text
from toktui.metrics.why import total_nusd
from toktui.pricing.calibrate import ARGUMENT_TOKENS, TOOL_TOKENS
from toktui.text import clean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from toktui.ingest.quote import Quote
    from toktui.metrics.searches import SearchSeen
    from toktui.metrics.why import CallSeen, SightingSeen, Why
    from toktui.metrics.why_estimate import EstimateSeen
    from toktui.metrics.why_price import Priced
    from toktui.pricing.derive import Derivation

_NAMES: Final = {
    "input": "input",
    "cache_read": "cache read",
    "cache_write_5m": "cache write 5m",
    "cache_write_1h": "cache write 1h",
    "output": "output",
    "fees": "web searches",
}
_LONGEST_PATH: Final = 400
_INDENT: Final = "    "


def as_lines(why: Why, *, cells: int) -> str:
    """Every call with its lines and its multiplication; of a session also the sum."""
    blocks = [_call(call, cells) for call in why.calls]
    if why.target.kind == "session":
        blocks.insert(0, _session(why))
        blocks.append(_sum(why.calls))
    return "\n\n".join(blocks)


def _session(why: Why) -> str:
    name = clean(why.target.id, 200)
    head = f"Session {name} ({why.target.agent}): {count_of(len(why.calls), 'call')}"
    copies: dict[str, int] = {}
    for call in why.calls:
        for reason, n in call.copies.items():
            copies[reason] = copies.get(reason, 0) + n
    if not copies:
        return head
    listed = ", ".join(f"{count(n)} {reason}" for reason, n in copies.items())
    return f"{head}\nCopies, not counted: {listed}; --copies shows them."


def _sum(calls: Sequence[CallSeen]) -> str:
    tokens = sum(call.tokens.total for call in calls)
    lacking = sum(call.cost_nusd is None for call in calls)
    mark = "≥" if lacking and lacking < len(calls) else ""
    line = f"Total: {count(tokens)} tokens, {mark}{_dollars(total_nusd(calls))}"
    return f"{line}; {count_of(lacking, 'call')} have no price" if lacking else line


def _call(call: CallSeen, cells: int) -> str:
    lines = [f"Call {clean(call.id, 200)} ({call.agent})", *_facts(call)]
    lines += [line for seen in call.sightings for line in _sighting(seen, call, cells)]
    lines += [line for seen in call.searches for line in _search(seen, cells)]
    hidden = sum(call.copies.values()) - sum(not seen.counted for seen in call.sightings)
    if hidden:
        listed = ", ".join(f"{count(n)} {reason}" for reason, n in call.copies.items())
        lines.append(f"  copies, not counted: {listed}; --copies shows them")
    if call.derivation is not None:
        lines += _rates(call.derivation, call)
    if call.note:
        lines.append(f"  {call.note}")
    lines.append(textwrap.indent(_multiplication(call), "  "))
    if call.exactness == "placeholder":
        lines += _beyond(call.estimate, call, cells)
    if call.spread is not None:
        low, high = map(count, call.spread)
        lines += [
            f"  its agent counted nothing: ~{count(call.tokens.output)} output ({low} to {high})"
            " is estimated from its text",
            "  the input is only what the user wrote: at least that was sent",
        ]
    return "\n".join(lines)


def _beyond(found: EstimateSeen | None, call: CallSeen, cells: int) -> list[str]:
    """What the call probably used beyond its counts, and how that was estimated."""
    if found is None:
        return ["  its log never got the final output; there is no estimate of it"]
    costs = (found.cost_nusd, found.cost_low_nusd, found.cost_high_nusd)
    money = ""
    if None not in costs:
        likely, low, high = (_dollars(cost) for cost in costs)
        money = f", +{likely} ({low} to {high})"
    head = (
        f"  probably +{count(found.output)} output ({count(found.low)} to {count(found.high)})"
        f"{money}: the log never got the final count"
    )
    w, by = found.weight, found.by
    terms = [f"{count(w.tokens)} tokens (o200k_base) x {by.ratio:g}"]
    if w.tools:
        terms.append(f"{count_of(w.tools, 'tool')} x {TOOL_TOKENS}")
    if w.arguments:
        terms.append(f"{count_of(w.arguments, 'argument')} x {ARGUMENT_TOKENS}")
    if by.sealed * w.sealed > by.ratio * w.thinking:
        terms.append(f"{count(w.sealed)} characters of encrypted thinking x {by.sealed:g}")
    elif w.thinking:
        terms.append(f"{count(w.thinking)} tokens of thinking x {by.ratio:g}")
    learned = {
        "own": f"learned from {count_of(by.calls, 'call')} of yours",
        "shipped": f"measured on {count_of(by.calls, 'call')} when toktui was made",
        "unmeasured": "nobody measured this model: the range is as wide as all others together",
    }
    how = (
        f"{' + '.join(terms)} = {count(found.estimated)}, and {count(call.tokens.output)} is"
        f" logged; {clean(by.model)}: {learned[by.source]}"
    )
    return [head, *(_INDENT + part for part in textwrap.wrap(how, max(20, cells - len(_INDENT))))]


def _facts(call: CallSeen) -> list[str]:
    where = clean(call.project, 200) or UNKNOWN
    if call.branch:
        where += f" on {clean(call.branch)}"
    served = [clean(call.model) or UNKNOWN]
    if call.tier != "standard":
        served.append(f"tier {call.tier}")
    if call.geo:
        served.append(f"geo {clean(call.geo)}")
    exact = [call.exactness, *call.flags]
    lines = [
        f"  {iso(call.at_ms)}  {', '.join(served)}  ({', '.join(exact)})",
        f"  session {clean(call.session, 200)}  project {where}",
    ]
    if call.agent_id:
        lines.append(f"  sub-agent {clean(call.agent_id, 200)}")
    if call.reported_nusd is not None:
        lines.append(f"  the agent's own figure: {_dollars(call.reported_nusd)}")
    return lines


def _sighting(seen: SightingSeen, call: CallSeen, cells: int) -> list[str]:
    role = "counted" if seen.counted else f"copy ({seen.reason})"
    if seen.kind == "ledger":
        role = "the agent's ledger, of which this call is what the other calls do not explain"
    elif seen.gives_numbers and len(call.sightings) > 1:
        role += ", gives the numbers"
    log = clean(seen.log, _LONGEST_PATH)
    lines = [f"  {role}: {log} {_place(seen.quote)}, {count(seen.length)} bytes long"]
    if seen.quote.state == "read":
        return [*lines, *_excerpt(seen.quote, cells)]
    t = seen.stored
    counts = ", ".join(
        f"{name} {count(n)}"
        for name, n in (
            ("input", t.input), ("cache read", t.cache_read),
            ("cache write 5m", t.cache_write_5m), ("cache write 1h", t.cache_write_1h),
            ("output", t.output),
        )
    )  # fmt: skip
    return [*lines, f"{_INDENT}{seen.quote.why}; stored of it: {iso(seen.stored_ms)}, {counts}"]


def _search(seen: SearchSeen, cells: int) -> list[str]:
    place = f"{clean(seen.log, _LONGEST_PATH)} {_place(seen.quote)}"
    head = f"  searches: {count(seen.count)}: {place}, {count(seen.length)} bytes long"
    if seen.quote.state == "read":
        return [head, *_excerpt(seen.quote, cells)]
    return [head, f"{_INDENT}{seen.quote.why}"]


def _place(quote: Quote) -> str:
    """Where in its log a person finds it."""
    if quote.at is not None:
        return f"at byte {count(quote.at)}"
    return f"in {quote.row}" if quote.row else "in an entry of it"


def _excerpt(quote: Quote, cells: int) -> list[str]:
    wrapped = textwrap.wrap(
        quote.excerpt(), max(20, cells - len(_INDENT)), break_on_hyphens=False,
        drop_whitespace=False,
    )  # fmt: skip
    return [_INDENT + part for part in wrapped]


def _rates(found: Derivation, call: CallSeen) -> list[str]:
    since = "since the model exists"
    if found.valid_from is not None:
        since = f"valid from {found.valid_from.isoformat()}"
    line = (
        f"  rates of {clean(call.priced_as or '')} ({found.provider}), {found.tier}, {since};"
        f" source {clean(found.source_id)} of {found.source_date.isoformat()}"
    )
    lines = [line]
    if found.before_first_date:
        lines.append("  the call is older than the first known price, which is used")
    if found.above or found.up_to is not None:
        edge = f"at most {count(found.up_to or 0)}"
        if found.above:
            edge = f"more than {count(found.above)}"
        lines.append(f"  band for prompts of {edge} tokens; this one has {count(found.prompt)}")
    for m in found.multipliers:
        factor = Decimal(m.numerator) / Decimal(m.denominator)
        where = "already in the rates" if m.in_rates else "times the tokens' cost"
        lines.append(f"  {clean(m.name)}: x {factor.normalize():f}, {where}")
    return lines


def _multiplication(call: CallSeen) -> str:
    columns = (
        Column("", "text"), Column("Count"), Column("Rate", "text"), Column("List cost"),
    )  # fmt: skip
    factor = "".join(
        f" x {(Decimal(m.numerator) / Decimal(m.denominator)).normalize():f}"
        for m in (call.derivation.multipliers if call.derivation else ())
        if not m.in_rates
    )
    rows = [
        [_NAMES[part.part], count(part.count), _rate(part, factor), _dollars(part.nusd)]
        for part in call.parts
    ]
    if not rows:
        counts = {**{name: getattr(call.tokens, name) for name in _NAMES if name != "fees"},
                  "fees": call.web_search}  # fmt: skip
        rows = [[_NAMES[name], count(n), UNKNOWN, UNKNOWN] for name, n in counts.items() if n]
    rows.append(["total", count(call.tokens.total), "tokens", _dollars(call.cost_nusd)])
    return as_text(Table(columns, rows, (len(rows) - 1,)), cells=10_000)


def _rate(part: Priced, factor: str) -> str:
    if part.rate is None:
        return UNKNOWN
    if part.part == "fees":
        return f"x ${_plain(part.rate)} each"
    shown = f"x ${_plain(part.rate)}/M{factor}"
    return shown if part.rate_of == part.part else f"{shown} (as {_NAMES[part.rate_of]})"


def _plain(nusd: int) -> str:
    """Dollars with as many decimals as there are, at least two."""
    text = f"{Decimal(nusd) / 10**9:f}"
    whole, _, rest = text.partition(".")
    return f"{whole}.{rest.rstrip('0'):0<2}"


def _dollars(nusd: int | None) -> str:
    return UNKNOWN if nusd is None else f"${exact_dollars(nusd)}"
