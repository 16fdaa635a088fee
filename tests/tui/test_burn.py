"""The large signs of the burn rate."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from toktui.metrics.burn import WINDOWS, Burn
from toktui.tui.theme import DARK, Palette
from toktui.tui.widgets.burn import BurnMeter


@pytest.mark.parametrize("mills", [0, 50, 446, 464, 981, 1440, 10_440, 144_440])
def test_the_unit_of_the_burn_is_never_cut(mills: int):
    hourly = mills * 10**6
    windows = [Burn(minutes, calls=1, cost_nusd=hourly * minutes // 60) for minutes in WINDOWS]
    meter = BurnMeter()
    meter.live = cast(Any, SimpleNamespace(headline=windows[1], burn=tuple(windows)))
    palette = Palette(DARK.to_color_system().generate(), dark=True)
    lines = meter.draw(28, 6, palette)
    (unit,) = [line for line in lines if line.pieces[-1].text.endswith("/h")]
    assert all(line.width <= 28 for line in lines[: lines.index(unit) + 1])
