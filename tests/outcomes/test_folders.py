"""Projects that a log names by a slug or a hash are found where they are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import md5, sha256
from pathlib import Path

import pytest

from tests.properties.lab import Lab, write
from toktui.dev.sample import Conversation
from toktui.outcomes.folders import folders

AT = "2026-11-20T10:00:00.000Z"
SHOP = "/home/dev/shop-api"


@pytest.fixture
def lab(home: Path) -> Iterator[Lab]:
    lab = Lab(home)
    yield lab
    lab.close()


def gemini(home: Path, word: str, *, root: str | None = None) -> None:
    """A session of Gemini CLI in a project that it calls by a word."""
    message = {
        "id": f"m-{word}", "timestamp": AT, "type": "gemini", "content": "",
        "model": "gemini-3.1-pro-preview", "tokens": {"input": 9, "output": 3, "total": 12},
    }  # fmt: skip
    rows = [{"sessionId": f"s-{word}", "startTime": AT, "kind": "main"}, message]
    log = home / f".gemini/tmp/{word}/chats/session-2026-11-20T10-00-{word[:8]}.jsonl"
    write(log, b"".join(json.dumps(row).encode() + b"\n" for row in rows))
    if root is not None:
        write(home / f".gemini/tmp/{word}/.project_root", root.encode())


def found(lab: Lab) -> dict[str, str]:
    """Folders by the words of the logs."""
    lab.sync()
    words = dict(lab.db.execute("select id, text from name").fetchall())
    return {words[number]: folder for number, folder in folders(lab.db)}


def test_a_slug_is_the_folder_that_the_file_beside_the_chats_names(home: Path, lab: Lab) -> None:
    gemini(home, "shop-api", root=f"{SHOP}\n")
    gemini(home, "notes")
    assert found(lab) == {"shop-api": SHOP, "notes": "notes"}


def test_a_hash_is_the_folder_of_another_agent_with_that_hash(home: Path, lab: Lab) -> None:
    log = Conversation(home, "9e3779b1-0000-4000-8000-000000000001", SHOP)
    log.turn(1_795_168_800_000)
    log.write(1_795_168_800_000)
    hashes = [made(SHOP.encode()).hexdigest() for made in (sha256, md5)]
    strange = sha256(b"/elsewhere").hexdigest()
    for word in (*hashes, strange):
        gemini(home, word)
    assert found(lab) == {
        SHOP: SHOP, hashes[0][:12]: SHOP, hashes[1]: SHOP, strange[:12]: strange[:12],
    }  # fmt: skip


@pytest.mark.parametrize("said", ["", "relative/folder", "\0", "x" * 10_000])
def test_what_names_no_folder_is_left_as_it_was_logged(home: Path, lab: Lab, said: str) -> None:
    gemini(home, "shop-api", root=said)
    assert found(lab) == {"shop-api": "shop-api"}
