"""Placeholder until Codex."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from toktui.ingest.settle import Seen, Settler


def replayed(
    settler: Settler, agent: int, heard: dict[str, dict[int, Seen]], logs: set[int]
) -> None:
    del settler, agent, heard, logs
