"""Where toktui keeps its own things. The only module that knows these folders.

Nothing here creates or reads anything until asked, and nothing is ever looked for in a project.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

from toktui.errors import StoreError, UsageError
from toktui.text import clean

_APP: Final = "toktui"
_MOUNTS: Final = Path("/proc/self/mountinfo")

_REMOTE: Final = frozenset({
    "9p", "afs", "beegfs", "ceph", "cifs", "coda", "davfs", "drvfs", "fuse", "fuseblk", "gfs2",
    "glusterfs", "lustre", "ncpfs", "nfs", "nfs4", "ocfs2", "orangefs", "pvfs2", "smb3", "smbfs",
    "vboxsf", "virtiofs", "vmhgfs",
})  # fmt: skip


class Paths(NamedTuple):
    """The folders of one user; neither needs to exist."""

    data: Path
    config: Path

    @property
    def store(self) -> Path:
        """The SQLite file that holds everything."""
        return self.data / "toktui.db"

    @property
    def lock(self) -> Path:
        """Locked by the one process that writes the store."""
        return self.data / "toktui.lock"

    @property
    def backups(self) -> Path:
        """Folder of the store's backups."""
        return self.data / "backups"

    @property
    def spool(self) -> Path:
        """Folder of what agents hand to hooks and status lines: `ingest.spool`."""
        return self.data / "spool"

    @property
    def statusline(self) -> Path:
        """Folder of what the status line remembers between two calls."""
        return self.data / "statusline"

    @property
    def looked_at(self) -> Path:
        """Folder of contexts on their way into the store: `ingest.looked_at`."""
        return self.data / "looked-at"

    @property
    def log(self) -> Path:
        """toktui's own log."""
        return self.data / "toktui.log"

    @property
    def choices(self) -> Path:
        """What was chosen on the screens: `tui.choices`."""
        return self.data / "ui.json"

    @property
    def config_file(self) -> Path:
        """`config.toml`, written by the user only."""
        return self.config / "config.toml"


def user_paths(env: Mapping[str, str]) -> Paths:
    """`TOKTUI_DATA_DIR` and `TOKTUI_CONFIG_DIR`, else what is usual on this system.

    The usual folders come from platformdirs, which looks at the process's own environment.
    """
    data, config = env.get("TOKTUI_DATA_DIR"), env.get("TOKTUI_CONFIG_DIR")
    if not data or not config:
        import platformdirs  # noqa: PLC0415  not needed where both are given

        data = data or platformdirs.user_data_dir(_APP, appauthor=False)
        config = config or platformdirs.user_config_dir(_APP, appauthor=False)
    return Paths(data=_absolute(data), config=_absolute(config))


def user_home(env: Mapping[str, str]) -> Path:
    """`HOME`, else what the system knows of the user. Raises UsageError where it knows nothing."""
    return Path(env["HOME"]) if env.get("HOME") else _absolute("~")


def create_private(folder: Path) -> None:
    """Makes `folder` and what is missing above it, for the user alone (0700).

    A folder that exists keeps its mode. Raises `StoreError` where it cannot be made.
    """
    try:
        missing = [place for place in (folder, *folder.parents) if not place.exists()]
        for place in reversed(missing):
            place.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"cannot create {clean(str(folder))}: {error.strerror}",
            "Set TOKTUI_DATA_DIR to a folder that you can write.",
        ) from error
    if not folder.is_dir():
        raise StoreError(
            f"{clean(str(folder))} is not a folder",
            "Move it away, or set TOKTUI_DATA_DIR to another folder.",
        )


def prepare_data(paths: Paths, *, mounts: str | None = None) -> None:
    """Makes the data folder ready for a store.

    Raises `StoreError` where it cannot be made, or where a store would not be safe: on network,
    9p and FUSE mounts two processes do not see each other's locks and shared memory. `mounts` is
    the text of `/proc/self/mountinfo`, read if None.
    """
    kind = mount_type(paths.data, mounts=mounts)
    if kind is not None and is_remote(kind):
        raise StoreError(
            f"{clean(str(paths.data))} is on a {clean(kind)} mount, where SQLite can lose data",
            "Set TOKTUI_DATA_DIR to a folder on a local disk; logs may stay where they are.",
        )
    create_private(paths.data)


def is_remote(kind: str) -> bool:
    """Whether a mount of this type is on another machine or behind another program.

    File events do not arrive from there, and locks may not hold.
    """
    return kind in _REMOTE or kind.startswith("fuse.")


def mount_type(path: Path, *, mounts: str | None = None) -> str | None:
    """Type of the file system that holds `path` (`ext4`, `nfs4`, `fuse.sshfs`); None if unknown.

    Known on Linux only. `path` need not exist. `mounts` is the text of `/proc/self/mountinfo`.
    """
    if mounts is None:
        try:
            mounts = _MOUNTS.read_text(encoding="utf-8", errors="surrogateescape")
        except OSError:
            return None
    target = os.path.realpath(path)
    best, kind = "", None
    for line in mounts.splitlines():
        before, _, after = line.partition(" - ")
        fields = before.split(" ")
        if len(fields) < 5 or not after:
            continue
        point = _unescaped(fields[4])
        # Of two mounts on one point the later covers the earlier.
        if len(point) >= len(best) and _holds(point, target):
            best, kind = point, after.split(" ", 1)[0]
    return kind


def _holds(point: str, target: str) -> bool:
    return target == point or target.startswith(point.rstrip("/") + "/")


def _unescaped(point: str) -> str:
    """A mount point as it is; the kernel writes four characters in octal."""
    for code, char in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        point = point.replace(code, char)
    return point


def _absolute(folder: str) -> Path:
    try:
        found = Path(folder).expanduser().absolute()
        os.fspath(found).encode()
    except RuntimeError:
        raise UsageError(
            f"{clean(folder)}: nobody knows where that home is",
            "Set HOME, or name the folder in full.",
        ) from None
    except UnicodeEncodeError:
        raise UsageError(
            f"{clean(folder)}: the path is not UTF-8",
            "Set TOKTUI_DATA_DIR and TOKTUI_CONFIG_DIR to folders whose paths are.",
        ) from None
    return found
