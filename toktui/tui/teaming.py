"""What the screens know of the outbox of a team."""

from __future__ import annotations

from typing import Literal, Protocol

from textual.message import Message


class TeamOutbox(Protocol):
    """What the app needs of the outbox."""

    def start(self) -> None:
        """Starts its thread."""
        ...

    def stop(self) -> None:
        """Ends it."""
        ...

    def ready(self, *, yes: bool) -> None:
        """Whether the store holds what the logs do."""
        ...

    def send_now(self) -> None:
        """Tries at once."""
        ...

    def pause(self, *, on: bool) -> None:
        """Sends nothing from now on, or goes on."""
        ...


class TeamChanged(Message):
    """Something was sent, fetched or paused; or a round is under way."""

    def __init__(self, sending: bool) -> None:
        super().__init__()
        self.sending = sending


class TeamAsked(Message):
    """The user wants something of the outbox."""

    def __init__(self, what: Literal["send", "pause", "resume"]) -> None:
        super().__init__()
        self.what = what
