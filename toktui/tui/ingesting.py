"""What the screens know of the ingest thread."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from textual.message import Message

if TYPE_CHECKING:
    from toktui.ingest.progress import Change, Progress


class Ingest(Protocol):
    """What the app needs of the ingest thread."""

    progress: Progress

    def start(self) -> None:
        """Starts reading."""
        ...

    def stop(self) -> None:
        """Ends after the transaction at hand."""
        ...


class Changed(Message):
    """The ingest committed something, or is somewhere else."""

    def __init__(self, change: Change) -> None:
        super().__init__()
        self.change = change

    def can_replace(self, message: Message) -> bool:
        """Only the latest state matters."""
        return isinstance(message, Changed)
