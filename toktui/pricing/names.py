"""The spellings of a model in logs, from the most literal to the most stripped.

A spelling only ever loses what is known to say nothing about the price: the relay, the region, the
day of a snapshot, the size of the window, the effort. What is left must be in the rate book letter
by letter; nothing is ever priced by the family it seems to belong to.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from typing import Final

LONGEST: Final = 200
"""Longer names are no model names."""

_VENDORS: Final = {
    "anthropic": "anthropic",
    "openai": "openai",
    "google": "google",
    "gemini": "google",
    "x-ai": "x-ai",
    "xai": "x-ai",
    "deepseek": "deepseek",
    "deepseek-ai": "deepseek",
    "moonshotai": "moonshotai",
    "moonshot-ai": "moonshotai",
    "moonshot": "moonshotai",
    "z-ai": "zai",
    "zai": "zai",
    "zai-org": "zai",
    "minimax": "minimax",
    "minimaxai": "minimax",
    "mistral": "mistral",
    "mistralai": "mistral",
    "cursor": "cursor",
}
"""Prefixes that name who made the model; the rest must be a model of theirs."""

_RELAYS: Final = frozenset({
    "azure", "bedrock", "bedrock_converse", "amazon-bedrock", "copilot", "github-copilot", "github",
    "litellm", "litellm_proxy", "models", "opencode", "publishers", "vercel", "vertex", "vertex_ai",
    "vertex-ai", "google-vertex", "google-vertex-anthropic",
})
"""Prefixes that name who passed the call on."""

_WINDOW: Final = re.compile(r"\[(\d{1,4})([km])\]$")
_REGION: Final = re.compile(r"(?:us|us-gov|eu|apac|au|jp|in|ca|sa|global)\.(?=[a-z])")
_BEDROCK: Final = re.compile(
    r"(anthropic|openai|deepseek|moonshotai|zai|minimax|mistral)\.(?=[a-z])"
)
_BEDROCK_VERSION: Final = re.compile(r"-v\d{1,2}(?::\d{1,2}(?::\d{1,4}k)?)?$")
_AT: Final = re.compile(r"@(?:\d{8}|default|latest|\d{3})$")
_ROUTE: Final = re.compile(r":(?:beta|thinking)$")
_DAY: Final = re.compile(r"-(20\d\d)(-?)([01]\d)\2([0-3]\d)$")
_EFFORT: Final = re.compile(r"-(?:thinking|none|minimal|low|medium|high|xhigh)$")
_CLAUDE_EFFORT: Final = re.compile(r"-(?:max|1m)$")
"""Cursor's; of OpenAI's names `-max` is a part."""
_HAS_EFFORT: Final = re.compile(r"(?:claude|gpt|gemini)-|o[1-9]\b")
_CLAUDE: Final = re.compile(
    r"claude-(\d{1,2}(?:[.-]\d{1,2})?)-(opus|sonnet|haiku|fable|mythos)(.*)"
)
_CLAUDE_DOT: Final = re.compile(r"(claude-[a-z]+-\d{1,2})\.(\d{1,2})")


def spellings(model: str) -> Iterator[str]:
    """Keys to look the model up by, best first; lower case; with the vendor if the log names him.

    Yields nothing for what cannot be a name.
    """
    name = model.strip().lower()
    if not name or len(name) > LONGEST or not name.isascii() or not name.isprintable():
        return
    yield name
    name = _WINDOW.sub("", name)
    yield name
    routed, vendor, rest = _without_relays(name)
    if routed:
        for spelling in _stripped(rest):
            yield f"openrouter/{vendor}/{spelling}"
    owner = _VENDORS.get(vendor, vendor)
    for spelling in _stripped(rest):
        yield f"{owner}/{spelling}" if owner else spelling
    if vendor:
        for spelling in _stripped(rest):
            yield f"openrouter/{vendor}/{spelling}"


def window_in(model: str) -> int | None:
    """The context window that a name states, as `[1m]` does."""
    found = _WINDOW.search(model.strip().lower())
    if found is None:
        return None
    return int(found[1]) * {"k": 1_000, "m": 1_000_000}[found[2]] or None


def _without_relays(name: str) -> tuple[bool, str, str]:
    """Whether OpenRouter served it, the vendor's prefix ('' if none), and the rest."""
    path = name.rsplit("/", 1) if name.startswith("arn:") else name.split("/")
    routed = "openrouter" in path
    if routed:
        path = path[path.index("openrouter") + 1 :]
    elif "models" in path and "publishers" in path:
        path = path[path.index("publishers") + 1 :]
    elif name.startswith("arn:"):
        path = path[-1:]
    path = [part for part in path[:-1] if part not in _RELAYS] + path[-1:]
    rest = path[-1] if path else ""
    vendor = path[0] if len(path) == 2 else ""
    if len(path) > 2:
        return False, "?", rest
    bedrock = _BEDROCK.match(rest := _REGION.sub("", rest, count=1) if not routed else rest)
    if bedrock and vendor in ("", bedrock[1]):
        return routed, bedrock[1], _BEDROCK_VERSION.sub("", rest[bedrock.end() :])
    return routed, vendor, rest


def _stripped(name: str) -> Iterator[str]:
    """The name, then without what follows the model's own name, one thing after the other."""
    yield from _respelled(name)
    for noise in (_ROUTE, _AT, _BEDROCK_VERSION):
        shorter = noise.sub("", name)
        if shorter != name:
            name = shorter
            yield from _respelled(name)
    if shorter := _without_day(name):
        name = shorter
        yield from _respelled(name)
    if name.endswith("-latest"):
        name = name.removesuffix("-latest")
        yield from _respelled(name)
    if _HAS_EFFORT.match(name):
        for _ in range(2):
            name = _EFFORT.sub("", name)
            if name.startswith("claude-"):
                name = _CLAUDE_EFFORT.sub("", name)
            yield from _respelled(name)


def _without_day(name: str) -> str | None:
    found = _DAY.search(name)
    if found is None:
        return None
    try:
        datetime.date(int(found[1]), int(found[3]), int(found[4]))
    except ValueError:
        return None
    return name[: found.start()]


def _respelled(name: str) -> Iterator[str]:
    """The name, and as Anthropic spells it: family before version, dashes for dots."""
    yield name
    if found := _CLAUDE.fullmatch(name):
        yield f"claude-{found[2]}-{found[1].replace('.', '-')}{found[3]}"
    elif _CLAUDE_DOT.match(name):
        yield _CLAUDE_DOT.sub(r"\1-\2", name, count=1)
