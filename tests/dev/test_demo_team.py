"""The demo's team: made up, in its own folder, and sent to nobody."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from toktui.dev.demo import demo_context
from toktui.dev.demo.team import ImaginedOutbox
from toktui.ingest import access
from toktui.team.state import TeamState, load_state, waits_of


def test_the_demo_has_a_lively_team_without_a_key_or_a_server():
    with demo_context(weeks=1) as context:
        data = context.paths.data
        outbox = ImaginedOutbox(data, lambda sending: None, context.now_ms)
        outbox.start()
        access.sync(context)
        time.sleep(0.3)
        assert state_of(data, lambda state: True).sent == (), "not before all logs are read"
        outbox.ready(yes=True)
        state = state_of(data, lambda state: len(state.sent) >= 3)
        assert state.you is not None
        assert state.you.place == 3
        assert waits_of(state) == ()
        assert not (data / "team").exists(), "there is no key"
        outbox.pause(on=True)
        state = state_of(data, lambda state: state.membership.paused)
        assert "Paused" in waits_of(state)[0].what
        outbox.stop()
    assert not data.exists()


def state_of(data: Path, true: Callable[[TeamState], bool]) -> TeamState:
    """The team, once it is so."""
    end = time.monotonic() + 20
    while True:
        state = load_state(data)
        if state is not None and true(state):
            return state
        assert time.monotonic() < end, "it does not come"
        time.sleep(0.05)
