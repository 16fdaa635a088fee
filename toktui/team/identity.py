"""The device's private key: in the system's keyring, else in a file that only the user can read.

Which of the two it is, is found out once and remembered: a key that is written here and looked for
there is lost.
"""

from __future__ import annotations

import base64
import os
import stat
from pathlib import Path
from typing import Final, Literal

from toktui.errors import ToktuiError
from toktui.paths import create_private

Place = Literal["keyring", "file"]
SERVICE: Final = "toktui-team"


class KeyMissingError(ToktuiError):
    """The device's key is not where it was put, or not safe there."""


def keep(private: bytes, name: str, folder: Path) -> Place:
    """Stores a key under `name`, in the keyring if that really works; says where."""
    if _keyring_works():
        import keyring  # noqa: PLC0415  slow

        keyring.set_password(SERVICE, name, base64.b64encode(private).decode())
        return "keyring"
    create_private(folder)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    with os.fdopen(os.open(_file(folder, name), flags, 0o600), "wb") as file:
        file.write(private)
        file.flush()
        os.fsync(file.fileno())
    return "file"


def fetch(place: Place, name: str, folder: Path) -> bytes:
    """The key. KeyMissingError if it is gone, or if others could have read it."""
    if place == "keyring":
        import keyring  # noqa: PLC0415  slow
        from keyring.errors import KeyringError  # noqa: PLC0415

        try:
            text = keyring.get_password(SERVICE, name)
        except KeyringError:
            text = None
        if text is None:
            raise KeyMissingError("The keyring does not give the key of this device.", _ANEW)
        return base64.b64decode(text)
    path = _file(folder, name)
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError as error:
        raise KeyMissingError(f"The key of this device is gone: {path}", _ANEW) from error
    with os.fdopen(handle, "rb") as file:
        if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
            raise KeyMissingError(f"Others can read {path}.", f"chmod 600 {path}, or leave.")
        return file.read(64)


def forget(place: Place, name: str, folder: Path) -> None:
    """Deletes the key."""
    if place == "keyring":
        import keyring  # noqa: PLC0415  slow
        from keyring.errors import KeyringError  # noqa: PLC0415

        try:
            keyring.delete_password(SERVICE, name)
        except KeyringError:
            return
    else:
        _file(folder, name).unlink(missing_ok=True)


_ANEW: Final = "Another device of yours can revoke this one; `toktui team link` there, join here."


def _file(folder: Path, name: str) -> Path:
    return folder / f"{name}.key"


def _keyring_works() -> bool:
    """Whether what is written to the keyring can be read again, tried with a dummy."""
    import keyring  # noqa: PLC0415  slow

    probe = "probe"
    try:
        keyring.set_password(SERVICE, probe, probe)
        works = keyring.get_password(SERVICE, probe) == probe
        keyring.delete_password(SERVICE, probe)
    except Exception:
        # Backends raise what their systems raise.
        return False
    return works
