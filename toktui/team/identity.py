"""The device's private key: in the system's keyring, else in a file that only the user can read.

Which of the two it is, is found out once and remembered: a key that is written here and looked for
there is lost. A keyring may wait for a window that nobody sees, so it is given some seconds.
"""

from __future__ import annotations

import base64
import binascii
import os
import stat
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar

from toktui.errors import ToktuiError
from toktui.paths import create_private
from toktui.text import clean

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Place = Literal["keyring", "file"]
SERVICE: Final = "toktui-team"
KEY_BYTES: Final = 32
PATIENCE_S: Final = 10.0
"""How long a keyring may take."""
T = TypeVar("T")


class KeyMissingError(ToktuiError):
    """The device's key is not where it was put, cannot be read, or is not safe there."""


class _NoAnswerError(Exception):
    """The keyring failed, or is still busy."""


def keep(private: bytes, name: str, folder: Path) -> Place:
    """Stores a key under `name`, in the keyring if that really works; says where.

    ToktuiError where neither takes it.
    """
    try:
        if _in_time(_keyring_works):
            text = base64.b64encode(private).decode()
            _in_time(lambda: _keyring().set_password(SERVICE, name, text))
            return "keyring"
    except _NoAnswerError:
        pass
    create_private(folder)
    path = _file(folder, name)
    try:
        _write(private, path)
    except OSError as error:
        raise ToktuiError(
            f"The key cannot be stored in {clean(str(path), 200)}: {error.strerror}",
            "Make room, or make the folder writable.",
        ) from error
    return "file"


def kept(name: str, folder: Path) -> tuple[bytes, Place] | None:
    """A key that was stored under `name` before, with its place; None if there is none that can be
    used."""
    places: tuple[Place, ...] = ("file", "keyring")
    for place in places:
        try:
            return fetch(place, name, folder), place
        except KeyMissingError:
            continue
    return None


def keep_again(private: bytes, place: Place, name: str, folder: Path) -> bool:
    """Stores a key under a further name of its own, beside that which it has; whether it did."""
    try:
        if place == "file":
            _write(private, _file(folder, name))
        else:
            text = base64.b64encode(private).decode()
            _in_time(lambda: _keyring().set_password(SERVICE, name, text))
    except FileExistsError:
        # The name is the key's own: it is there already.
        return True
    except (OSError, _NoAnswerError):
        return False
    return True


def _write(private: bytes, path: Path) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
        file.write(private)
        file.flush()
        os.fsync(file.fileno())


def fetch(place: Place, name: str, folder: Path) -> bytes:
    """The key. KeyMissingError if it is gone, damaged, or if others could have read it."""
    private = _from_keyring(name) if place == "keyring" else _from_file(_file(folder, name))
    if len(private) != KEY_BYTES:
        raise KeyMissingError("The key of this device is damaged.", _ANEW)
    return private


def _from_keyring(name: str) -> bytes:
    try:
        text = _in_time(lambda: _keyring().get_password(SERVICE, name))
    except _NoAnswerError as error:
        raise KeyMissingError(
            f"The keyring does not give the key of this device: {error}.",
            "Unlock it, and try again.",
        ) from error
    if text is None:
        raise KeyMissingError("The keyring does not know the key of this device any more.", _ANEW)
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""


def _from_file(path: Path) -> bytes:
    shown = clean(str(path), 200)
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError as error:
        raise KeyMissingError(f"The key of this device is gone: {shown}", _ANEW) from error
    except OSError as error:
        raise KeyMissingError(
            f"The key of this device cannot be read: {shown}: {error.strerror}"
        ) from error
    try:
        mode = os.fstat(handle).st_mode
        if not stat.S_ISREG(mode):
            raise KeyMissingError(f"{shown} is no file.", _ANEW)
        if stat.S_IMODE(mode) & 0o077:
            raise KeyMissingError(f"Others can read {shown}.", f"chmod 600 {shown}, or leave.")
        return os.read(handle, KEY_BYTES + 1)
    finally:
        os.close(handle)


def forget(place: Place, name: str, folder: Path) -> None:
    """Deletes the key as far as it can be."""
    if place == "keyring":
        try:
            _in_time(lambda: _keyring().delete_password(SERVICE, name))
        except _NoAnswerError:
            return
    else:
        try:
            _file(folder, name).unlink(missing_ok=True)
        except OSError:
            return


def forget_files(folder: Path) -> None:
    """Deletes all key files, also those of joins that were never finished."""
    for path in folder.glob("*.key"):
        with suppress(OSError):
            path.unlink()


_ANEW: Final = (
    "`toktui team leave --here` forgets the team on this device; then join again with a code of"
    " `toktui team link` from another device of yours, or with a new invite."
)


def _file(folder: Path, name: str) -> Path:
    return folder / f"{name}.key"


def _keyring() -> Any:
    import keyring  # noqa: PLC0415  slow

    return keyring


def _keyring_works() -> bool:
    """Whether what is written to the keyring can be read again, tried with a dummy."""
    keyring, probe = _keyring(), "probe"
    keyring.set_password(SERVICE, probe, probe)
    works = keyring.get_password(SERVICE, probe) == probe
    keyring.delete_password(SERVICE, probe)
    return works


def _in_time(work: Callable[[], T]) -> T:
    """What `work` gives; _NoAnswerError where it fails or takes too long: it is then left alone.

    Backends raise what their systems raise.
    """
    found: list[T] = []
    failed: list[str] = []

    def run() -> None:
        try:
            found.append(work())
        except Exception as error:
            failed.append(clean(str(error), 120) or type(error).__name__)

    thread = threading.Thread(target=run, name="keyring", daemon=True)
    thread.start()
    thread.join(PATIENCE_S)
    if found:
        return found[0]
    raise _NoAnswerError(failed[0] if failed else f"no answer in {PATIENCE_S:.0f} s")
