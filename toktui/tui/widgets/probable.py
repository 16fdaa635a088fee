"""What calls probably cost beyond their logs, as the screens say it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from toktui.tui import format as fmt

if TYPE_CHECKING:
    from toktui.metrics.probable import Probable

PROBABLY: Final = ("probably +$", "output that logs never got, estimated; in no other figure")
"""For the help of the screens that show it."""


def probable_money(more: Probable | None) -> str:
    """`+$0.0123`; tokens where no call of it has a price; empty where there is nothing to say."""
    if more is None or not more.output:
        return ""
    if more.cost_nusd is None:
        return f"+{fmt.tokens(more.output)}"
    return f"+{fmt.money(more.cost_nusd, lacks=more.unpriced_calls > 0)}"
