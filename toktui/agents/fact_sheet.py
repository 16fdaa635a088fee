"""What an agent's module says of it at its top, for people: the same words in docs and `doctor`."""

from __future__ import annotations

import inspect
import sys
from typing import Final

import msgspec

from toktui.agents import agent

KEYS: Final = (
    "Logs", "Record", "Tokens", "Identity", "Exactness", "Live", "Seen", "Unknown",
)  # fmt: skip
"""What every agent's docstring answers, in this order."""


class FactSheet(msgspec.Struct, frozen=True):
    """An agent's docstring, taken apart; every text is one line."""

    name: str
    title: str
    facts: dict[str, str]


def fact_sheet(name: str) -> FactSheet:
    """The sheet of an agent; ValueError if a key is missing, unknown or out of order."""
    doc = inspect.cleandoc(sys.modules[type(agent(name)).__module__].__doc__ or "")
    title, *rest = doc.split("\n")
    facts: dict[str, str] = {}
    key = ""
    for line in rest:
        head, colon, text = line.partition(":")
        if colon and head in KEYS:
            key, facts[head] = head, text.strip()
        elif line.strip() and key:
            facts[key] = f"{facts[key]} {line.strip()}"
    if tuple(facts) != KEYS or not all(facts.values()):
        raise ValueError(f"{name}: the docstring has {', '.join(facts)}; wanted {', '.join(KEYS)}")
    return FactSheet(name, title.rstrip("."), facts)
