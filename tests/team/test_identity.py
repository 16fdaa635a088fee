"""The device's key: kept where it can be found again, and never where others can read it."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keyring
import pytest
from keyring.backend import KeyringBackend

from toktui.errors import ToktuiError
from toktui.team import identity
from toktui.team.identity import KeyMissingError, fetch, forget, keep

KEY = bytes(range(32))


class Ring(KeyringBackend):
    """A keyring in memory; `does` is done before each access."""

    priority = 1  # pyright: ignore[reportAssignmentType]

    def __init__(self, does: Callable[[], object] = lambda: None) -> None:
        super().__init__()
        self.does, self.held = does, dict[tuple[str, str], str]()

    def set_password(self, service: str, username: str, password: str) -> None:
        self.does()
        self.held[service, username] = password

    def get_password(self, service: str, username: str) -> str | None:
        self.does()
        return self.held.get((service, username))

    def delete_password(self, service: str, username: str) -> None:
        self.does()
        del self.held[service, username]


@pytest.fixture
def ring(monkeypatch: pytest.MonkeyPatch) -> Callable[[KeyringBackend], KeyringBackend]:
    def use(backend: KeyringBackend) -> KeyringBackend:
        keyring.set_keyring(backend)
        return backend

    before = keyring.get_keyring()
    monkeypatch.setattr(identity, "PATIENCE_S", 0.2)
    yield use
    keyring.set_keyring(before)


def refuse() -> None:
    raise RuntimeError("no session bus\x1b[31m")


def test_a_keyring_that_works_holds_the_key(ring: Any, tmp_path: Path):
    backend = ring(Ring())
    assert keep(KEY, "k", tmp_path / "keys") == "keyring"
    assert fetch("keyring", "k", tmp_path / "keys") == KEY
    assert not (tmp_path / "keys").exists()
    forget("keyring", "k", tmp_path / "keys")
    assert backend.held == {}
    with pytest.raises(KeyMissingError, match="any more"):
        fetch("keyring", "k", tmp_path / "keys")


def test_without_a_keyring_a_file_holds_it_for_the_user_alone(ring: Any, tmp_path: Path):
    ring(Ring(refuse))
    folder = tmp_path / "keys"
    assert keep(KEY, "k", folder) == "file"
    assert fetch("file", "k", folder) == KEY
    assert (folder / "k.key").stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700
    forget("file", "k", folder)
    forget("file", "k", folder)
    with pytest.raises(KeyMissingError, match="gone"):
        fetch("file", "k", folder)


def test_a_keyring_that_hangs_is_given_up(ring: Any, tmp_path: Path):
    waits = threading.Event()
    ring(Ring(waits.wait))
    assert keep(KEY, "k", tmp_path / "keys") == "file"
    with pytest.raises(KeyMissingError, match="no answer"):
        fetch("keyring", "k", tmp_path)
    forget("keyring", "k", tmp_path)
    waits.set()


def test_what_a_broken_keyring_says_reaches_no_terminal_raw(ring: Any, tmp_path: Path):
    ring(Ring(refuse))
    with pytest.raises(KeyMissingError) as failed:
        fetch("keyring", "k", tmp_path)
    assert "\x1b" not in str(failed.value)


@pytest.mark.parametrize("text", ["", "not base64!", "AAAA", "A" * 400])
def test_a_damaged_key_in_a_keyring_is_told(ring: Any, tmp_path: Path, text: str):
    backend = ring(Ring())
    backend.held[identity.SERVICE, "k"] = text
    with pytest.raises(KeyMissingError, match="damaged"):
        fetch("keyring", "k", tmp_path)


@pytest.mark.parametrize("content", [b"", b"short", bytes(33), bytes(100_000)])
def test_a_damaged_key_file_is_told(tmp_path: Path, content: bytes):
    (tmp_path / "k.key").touch(0o600)
    (tmp_path / "k.key").write_bytes(content)
    with pytest.raises(KeyMissingError, match="damaged"):
        fetch("file", "k", tmp_path)


def test_a_key_that_others_can_read_is_not_used(tmp_path: Path):
    (tmp_path / "k.key").write_bytes(KEY)
    (tmp_path / "k.key").chmod(0o640)
    with pytest.raises(KeyMissingError, match="Others can read"):
        fetch("file", "k", tmp_path)


def test_links_pipes_and_folders_are_no_key(tmp_path: Path):
    (tmp_path / "real").write_bytes(KEY)
    (tmp_path / "link.key").symlink_to(tmp_path / "real")
    os.mkfifo(tmp_path / "pipe.key", 0o600)
    (tmp_path / "folder.key").mkdir()
    for name in ("link", "pipe", "folder"):
        with pytest.raises(KeyMissingError):
            fetch("file", name, tmp_path)


def test_a_key_is_never_written_over_another(ring: Any, tmp_path: Path):
    ring(Ring(refuse))
    keep(KEY, "k", tmp_path)
    with pytest.raises(ToktuiError, match="cannot be stored"):
        keep(bytes(32), "k", tmp_path)
    assert fetch("file", "k", tmp_path) == KEY
