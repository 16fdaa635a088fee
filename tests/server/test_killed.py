"""`kill -9` of the server while devices submit: what it acknowledged is stored."""

from __future__ import annotations

import http.client
import json
import threading
from typing import Any

from tests.server.conftest import Board, restart
from tests.server.test_protocol import Device
from toktui.team.wire.document import encode

ROUNDS = 3


def test_every_acknowledged_revision_is_stored(board: Board):
    devices = [Device(board, f"member {n}") for n in range(3)]
    acknowledged: dict[str, int] = {}
    for round_ in range(ROUNDS):
        enough = threading.Event()
        threads = [
            threading.Thread(target=submit, args=(device, round_ * 1000, acknowledged, enough))
            for device in devices
        ]
        for thread in threads:
            thread.start()
        assert enough.wait(30)
        board.process.kill()
        board.process.wait()
        for thread in threads:
            thread.join(30)
        restart(board)
        for device in devices:
            days = json.loads(device.ask("GET", "/v1/days")[1])["days"]
            assert days[-1]["rev"] >= acknowledged.get(device.id, 0)
    assert all(acknowledged.values())


def submit(device: Any, first: int, acknowledged: dict[str, int], enough: threading.Event) -> None:
    """Submits one revision after the other until the server is gone."""
    for rev in range(first + 1, first + 40):
        try:
            status, _ = device.put(encode(device.document(rev=rev, calls=rev)))
        except (OSError, http.client.HTTPException):
            return
        assert status == 200
        acknowledged[device.id] = rev
        if rev >= first + 12:
            enough.set()
