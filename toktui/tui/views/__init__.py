"""One module = one screen. Every module here with a `VIEW` is found by name, none is listed.

A screen is imported when it is first shown: its tab is read from the text of its module, from the
line `KEY, LABEL, PLACE = "history", "History", 3`.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from functools import cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

if TYPE_CHECKING:
    from toktui.tui.view import View

_TAB: Final = re.compile(r'^    KEY, LABEL, PLACE = "(\w+)", "([^"]+)", (\d+)$', re.MULTILINE)


class Tab(NamedTuple):
    """What is known of a screen that has a tab, before it is imported."""

    KEY: str
    LABEL: str
    PLACE: int


@cache
def tabs() -> tuple[Tab, ...]:
    """The screens that have a tab, in their order."""
    found = (_tab(module) for module in _modules())
    return tuple(sorted((tab for tab in found if tab), key=lambda tab: (tab.PLACE, tab.KEY)))


def is_view(key: str) -> bool:
    """Whether there is a screen of this name."""
    return any(key == module.name for module in _modules())


@cache
def view_type(key: str) -> type[View[Any]]:
    """The screen of a name, which is that of its module."""
    return cast("type[View[Any]]", importlib.import_module(f"{__name__}.{key}").VIEW)


def view_types() -> tuple[type[View[Any]], ...]:
    """All screens: those with a tab in its order, then the others by name."""
    found = [view_type(module.name) for module in _modules()]
    return tuple(sorted(found, key=lambda view: (view.PLACE is None, view.PLACE or 0, view.KEY)))


def way_to(view: type[View[Any]]) -> tuple[str, ...]:
    """The keys that lead to a screen from anywhere."""
    if view.PLACE is not None:
        return (str([tab.KEY for tab in tabs()].index(view.KEY) + 1),)
    before, key = view.LED_TO_BY
    return (*way_to(view_type(before)), key)


def _modules() -> list[pkgutil.ModuleInfo]:
    return [module for module in pkgutil.iter_modules(__path__) if module.name[0] != "_"]


def _tab(module: pkgutil.ModuleInfo) -> Tab | None:
    found = _TAB.search(_source(module))
    if found is not None:
        return Tab(found[1], found[2], int(found[3]))
    return None


def _source(module: pkgutil.ModuleInfo) -> str:
    spec = module.module_finder.find_spec(f"{__name__}.{module.name}", None)
    loader: Any = spec.loader if spec else None
    return loader.get_source(spec.name) if spec and loader else ""
