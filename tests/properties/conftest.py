"""Logs grow in thousands of steps here: nobody waits for a writer between two of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from toktui.agents import database


@pytest.fixture(autouse=True, scope="session")
def no_waits_for_a_writer() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "_PAUSES_S", (0.0,))
        yield
