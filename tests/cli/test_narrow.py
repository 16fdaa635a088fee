"""Tables on narrow terminals: names give way, days and figures stay whole."""

from __future__ import annotations

import re
from typing import Any

import pytest


@pytest.mark.parametrize("cells", [40, 50, 60])
@pytest.mark.parametrize(
    ("command", "day"),
    [
        (("sessions",), r"2026-11-2\d  "), (("report", "--by", "agent,model"), r"2026-11-2\d  "),
        (("report", "month", "--by", "project"), "2026-11  "),
        (("week", "2026-W47"), "Sat 21 Nov  "),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value),
)  # fmt: skip
def test_a_day_is_never_cut(
    command: tuple[str, ...], day: str, cells: int, logs: Any, toktui: Any,
    monkeypatch: pytest.MonkeyPatch,
):  # fmt: skip
    monkeypatch.setenv("COLUMNS", str(cells))
    logs.call(model="claude-opus-4-8-with-a-very-long-name-of-its-own", branch="a" * 40)
    logs.call(at="2026-11-22T12:00:00.000Z", project="/home/dev/a/very/deep/folder/of/somebody")
    shown = toktui(*command, "--tz", "UTC").stdout
    assert re.search(f"^{day}", shown, re.MULTILINE), shown
