"""One module = one agent. Every module here with an `AGENT` is found by name, none is listed."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from types import ModuleType

    from toktui.agents.base import Agent

_PARTS = {
    "base",
    "commits",
    "content",
    "database",
    "documents",
    "fact_sheet",
    "folders",
    "json_lines",
    "lineage",
    "lines",
    "matching",
    "resolve",
}


@cache
def agent_names() -> tuple[str, ...]:
    """Names of all agents, sorted; nothing but the module list is read."""
    modules = (m.name for m in pkgutil.iter_modules(__path__))
    return tuple(
        sorted(m.replace("_", "-") for m in modules if m not in _PARTS and not m.startswith("_"))
    )


@cache
def agent(name: str) -> Agent:
    """The agent of that name; KeyError if there is none."""
    if name not in agent_names():
        raise KeyError(name)
    module: ModuleType = importlib.import_module(f"{__name__}.{name.replace('-', '_')}")
    return cast("Agent", module.AGENT)
