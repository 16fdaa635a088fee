"""The reasons of a change as sentences, for the screens and the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from toktui.rounding import percent, tokens

if TYPE_CHECKING:
    from toktui.metrics.change import Key
    from toktui.metrics.change_facts import Reason

METHOD_WORDS: Final = (
    "Shapley value per model and tier: what each cause adds, as the mean over all orders in which"
    " they could have come; whole nano-dollars that add up to the difference"
)
_MAKER: Final = "claude-"
_MOST_PERCENT: Final = 1000


def sentence(reason: Reason) -> str:
    """`more calls (+22 %)`, `opus-5.5 took work from sonnet-5.5`."""
    old, new = reason.before, reason.after
    match reason.cause:
        case "calls":
            return f"{_word(reason, 'more calls', 'fewer calls')}{_relative(old, new)}"
        case "mix":
            if reason.gained is None or reason.lost is None or reason.gained == reason.lost:
                return "another mix of models"
            unpriced = " (no price known)" if reason.unpriced else ""
            return f"{_name(reason.gained)}{unpriced} took work from {_name(reason.lost)}"
        case "prompt":
            return _length(reason, "prompts")
        case "output":
            return _length(reason, "answers")
        case "cache":
            return _cache_use(reason)
        case "prices":
            return _word(reason, "higher list prices", "lower list prices")
        case "bands":
            return _word(reason, "higher", "lower") + " rates by long prompts, places or hours"
        case "fees":
            return _word(reason, "more fees", "fewer fees")
        case "unpriced":
            return "another share of calls without a price"
        case _:
            return "what is too large to be added up"


def _word(reason: Reason, more: str, less: str) -> str:
    return more if reason.nusd > 0 else less


def _cache_use(reason: Reason) -> str:
    """With the hit rates, unless models of other prices moved against them."""
    better = reason.nusd < 0
    word = "better cache use" if better else "worse cache use"
    old, new = reason.before, reason.after
    if old is None or new is None:
        return word
    if (new > old) != better:
        return f"{word} of dearer models"
    return f"{word} (hit {percent(old)} → {percent(new)})"


def _length(reason: Reason, what: str) -> str:
    """With the mean, unless models of other prices moved against it."""
    longer = reason.nusd > 0
    word = f"{'longer' if longer else 'shorter'} {what}"
    old, new = reason.before, reason.after
    if old is None or new is None:
        return word
    if (new > old) != longer:
        return f"{word} of dearer models"
    return f"{word} (mean {tokens(old)} → {tokens(new)})"


def _relative(old: float | None, new: float | None) -> str:
    if not old or new is None:
        return ""
    change = (new / old - 1) * 100
    if abs(change) >= _MOST_PERCENT:
        return f" (×{new / old:.0f})"
    shown = f"{change:+.0f}" if abs(change) >= 1 else f"{change:+.1f}"
    return f" ({shown} %)".replace("-", "−")


def _name(key: Key) -> str:
    """A model without its maker, and its tier if it is no usual one."""
    model, tier = key
    name = model.rpartition("/")[2].removeprefix(_MAKER)
    return name if tier == "standard" else f"{name} {tier}"
