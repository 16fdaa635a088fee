"""Hints that something under a folder changed. Never the truth: the sweep is."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Final

from toktui.paths import is_remote, mount_type

if TYPE_CHECKING:
    from collections.abc import Sequence

    from watchdog.events import FileSystemEvent
    from watchdog.observers.api import BaseObserver

_MOST_HINTS: Final = 10_000


class Watch:
    """Collects paths of changed files from the system's events, where there are any."""

    def __init__(self, wake: threading.Event) -> None:
        self._wake = wake
        self._guard = threading.Lock()
        self._paths: set[str] = set()
        self._overflow = False
        self._observer: BaseObserver | None = None
        self.watched: tuple[str, ...] = ()

    def start(self, folders: Sequence[tuple[str, bool]]) -> None:
        """Watches folders, each with all below or not; those that are not there or on network
        mounts are left to the sweep."""
        from pathlib import Path  # noqa: PLC0415

        from watchdog.events import FileSystemEventHandler  # noqa: PLC0415  60 ms, off the UI thread
        from watchdog.observers import Observer  # noqa: PLC0415

        heard = self._heard

        class Handler(FileSystemEventHandler):
            def on_any_event(self, event: FileSystemEvent) -> None:
                heard(event)

        observer = Observer()
        watched: list[str] = []
        for folder, recursive in folders:
            if not os.path.isdir(folder):
                continue
            kind = mount_type(Path(folder))
            if kind is not None and is_remote(kind):
                continue
            try:
                observer.schedule(Handler(), folder, recursive=recursive)
                watched.append(folder)
            except OSError:
                self._overflow = True
        try:
            observer.daemon = True
            observer.start()
        except OSError:
            return
        self._observer = observer
        self.watched = tuple(watched)

    def stop(self) -> None:
        """Ends the observer's threads."""
        if self._observer is not None:
            self._observer.stop()
            self._observer.join(timeout=2)
            self._observer = None

    def _heard(self, event: FileSystemEvent) -> None:
        if event.event_type in ("opened", "closed_no_write"):
            return
        with self._guard:
            if len(self._paths) >= _MOST_HINTS:
                self._overflow = True
            else:
                self._paths.add(os.fsdecode(event.src_path))
                if event.dest_path:
                    self._paths.add(os.fsdecode(event.dest_path))
        self._wake.set()

    def take(self) -> tuple[set[str], bool]:
        """The hints since the last call, and whether some may be missing."""
        with self._guard:
            paths, self._paths = self._paths, set()
            overflow, self._overflow = self._overflow, False
        return paths, overflow
