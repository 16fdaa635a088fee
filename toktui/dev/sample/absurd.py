"""What no agent did, and a log may say nevertheless."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from toktui.dev.sample.conversation import Conversation
from toktui.dev.sample.files import uuid

if TYPE_CHECKING:
    from pathlib import Path


def absurd_work(home: Path, now_ms: int) -> None:
    """Names that want to be markup, fill the line or reorder it; counts of trillions."""
    names = (
        "[bold red]x[/] [link=http://a.invalid]y",
        "漢字の名前のとても長いプロジェクト名前名前名前",
        "a" * 300,
        "\u202eevil\u202c",
        "\x1b[31mred\x1b[0m",
        "e\u0301\u0301\u0301\u0301\u0301\u0301",
        "]",
        "$",
    )
    for number, name in enumerate(names):
        log = Conversation(
            home,
            uuid(50 + number),
            f"/w/{name}",
            model=name or "x",
            branch=name,
            context=10 ** min(14, number * 2 + 1),
            rng=random.Random(number),
        )
        log.turn(now_ms - 40_000 - number * 1000, output=10**9)
        log.turn(now_ms - 2_000 - number * 1000, output=number)
        log.write(now_ms - 1000)
    huge = Conversation(home, uuid(70), "/w/huge", context=3 * 10**12)
    huge.turn(now_ms - 10_000, output=5 * 10**9)
    huge.write(now_ms - 500)
