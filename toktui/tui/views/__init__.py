"""One module = one screen. Every module here with a `VIEW` is found by name, none is listed."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from toktui.tui.view import View


@cache
def view_types() -> tuple[type[View[Any]], ...]:
    """All screens: those with a tab in its order, then the others by name."""
    found = [
        cast("type[View[Any]]", importlib.import_module(f"{__name__}.{module.name}").VIEW)
        for module in pkgutil.iter_modules(__path__)
        if not module.name.startswith("_")
    ]
    return tuple(sorted(found, key=lambda view: (view.PLACE is None, view.PLACE or 0, view.KEY)))


def tabs() -> tuple[type[View[Any]], ...]:
    """The screens that have a tab."""
    return tuple(view for view in view_types() if view.PLACE is not None)


def way_to(view: type[View[Any]]) -> tuple[str, ...]:
    """The keys that lead to a screen from anywhere."""
    if view in tabs():
        return (str(tabs().index(view) + 1),)
    before, key = view.LED_TO_BY
    (kind,) = (other for other in view_types() if before == other.KEY)
    return (*way_to(kind), key)
