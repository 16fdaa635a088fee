"""Whatever a server answers, a command ends with a sentence, and nothing that a terminal obeys."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .conftest import BOARD, DEVICE, INFO, Device, Reply, Told, problem
from .test_commands import CODE, no_keyring

__all__ = ["no_keyring"]
EVIL = "\x1b]52;c;x\x07\u202e\x9b31m"
DEEP = b"[" * 100_000
NUMBERS = (-1, 10**30, None, "7")


def bodies() -> dict[str, bytes]:
    """Bodies that no board sends, by what is wrong with them."""
    found = {
        "nothing": b"", "null": b"null", "list": b"[]", "text": b'"x"', "deep": DEEP,
        "bytes": b"\xff\xfe\x00", "page": b"<html>" + EVIL.encode() + b"</html>",
        "huge number": b'{"value":' + b"9" * 5000 + b"}", "cut": json.dumps(BOARD).encode()[:40],
    }  # fmt: skip
    for number, value in enumerate(NUMBERS):
        broken = {
            **BOARD, **INFO, "value": value, "expires_ms": value, "members": value,
            "standings": [{"name": EVIL, "index": value, "cost_nusd": value, "changes": value}],
            "you": {"name": EVIL, "index": value, "place": value, "missing": EVIL},
            "devices": [{"id": DEVICE, "made_ms": value, "revoked_ms": value}],
            "days": [{"day": value, "rev": value, "sha256": EVIL}],
            "items": [{"status": value, "receipt": value}], "day": value, "rev": value,
            "sha256": EVIL, "result": "stored", "flags": [EVIL] * 1000, "retention_days": value,
            "backfill_days": value, "name": EVIL, "zone": EVIL if number % 2 else "UTC",
        }  # fmt: skip
        found[f"value {number}"] = json.dumps(broken).encode()
    found["evil words"] = json.dumps(
        {**BOARD, **INFO, "team": EVIL, "name": EVIL, "value": EVIL, "schema": EVIL}
    ).encode()
    return found


BODIES = bodies()
STATUSES = (200, 401, 503)
COMMANDS = (
    ("preview",), ("submit", "--now"), ("status",), ("status", "--json"), ("link",), ("devices",),
    ("devices", "--revoke", "d_" + "f" * 16), ("appear", "hidden"), ("invite",),
    ("open", "--print"), ("board",), ("export",), ("leave", "--yes"),
)  # fmt: skip


def run(device: Device, told: Told, command: tuple[str, ...], reply: Reply) -> None:
    from click.testing import CliRunner

    from toktui.cli import main

    told.says.clear()
    told.says.extend([reply] * 8)
    done = CliRunner().invoke(main, ["team", *command])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    assert done.exit_code in (0, 1, 2), done.output
    for char in done.output:
        assert char.isprintable() or char in "\n\t", (command, reply[:2], char)
    if done.exit_code:
        assert done.stderr.strip()


@pytest.mark.parametrize("body", BODIES, ids=list(BODIES))
@pytest.mark.parametrize("status", STATUSES)
def test_no_answer_breaks_a_command(device: Device, told: Told, status: int, body: str):
    headers = {"Retry-After": "9" * 40, "Date": EVIL.encode("unicode_escape").decode()}
    device.call()
    for command in COMMANDS:
        device.join()
        run(device, told, command, (status, BODIES[body] if status != 204 else b"", headers))
        if command[0] == "submit":
            run(device, told, ("status",), problem("not_ready"))


@pytest.mark.parametrize("body", BODIES, ids=list(BODIES))
def test_no_answer_breaks_joining(device: Device, told: Told, body: str):
    good = (200, json.dumps(INFO).encode(), {})
    for replies in ([(200, BODIES[body], {})], [good, (200, BODIES[body], {})],
                    [(403, BODIES[body], {})], [good, (409, BODIES[body], {})]):  # fmt: skip
        told.says.clear()
        told.says.extend(replies)
        done = device.run("team", "join", device.url, CODE, "--allow-http", "--yes", exit_code=1)
        assert done.stderr.strip()
        assert all(char.isprintable() or char == "\n" for char in done.output)
        device.run("team", "status", exit_code=2)


def test_a_refusal_with_evil_words_is_told_without_them(device: Device, told: Told):
    for code in ("not_signed", "too_many", "full", EVIL, "clock", "wrong_value"):
        for command in COMMANDS:
            device.join()
            evil: Any = problem(code, detail=EVIL, title=EVIL * 100)
            run(device, told, command, evil)
