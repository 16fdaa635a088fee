"""Processes: how long they take, how much of a core and of memory they use. Linux only."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_SAMPLE_S: Final = 0.05
_TICKS: Final = os.sysconf("SC_CLK_TCK")


class Timing(msgspec.Struct, frozen=True):
    """A run: seconds on the clock and of all cores, and the most memory of all its processes."""

    wall_s: float
    cpu_s: float
    peak_bytes: int = 0


class RunError(RuntimeError):
    """A command failed; the message has the end of what it said."""


def toktui(*arguments: str) -> list[str]:
    """The command line of our own program."""
    return [sys.executable, "-m", "toktui", *arguments]


def environment(home: Path, data: Path) -> dict[str, str]:
    """What a measured program sees: a home, a data folder, nothing of the user's."""
    return {
        "PATH": os.environ.get("PATH", ""), "HOME": str(home), "TZ": "UTC", "LC_ALL": "C.UTF-8",
        "TERM": "xterm-256color", "COLORTERM": "truecolor",
        "TOKTUI_DATA_DIR": str(data), "TOKTUI_CONFIG_DIR": str(data / "config"),
    }


def run(command: Sequence[str], env: Mapping[str, str], *, memory: bool = False) -> Timing:
    """Runs to the end with its output thrown away. RunError if it fails."""
    started = time.perf_counter()
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, env=dict(env), stdout=subprocess.DEVNULL, stderr=said)
        sampler = _Sampler(process.pid) if memory else None
        _, status, used = os.wait4(process.pid, 0)
        wall_s = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        peak = sampler.stop() if sampler else 0
        if process.returncode:
            said.seek(max(0, said.tell() - 300))
            raise RunError(f"{command[0]} ended with {process.returncode}: {said.read()!r}")
    return Timing(wall_s, used.ru_utime + used.ru_stime, peak)


def family(pid: int) -> list[int]:
    """A process and all below it."""
    found = [pid]
    for one in found:
        try:
            for task in Path(f"/proc/{one}/task").iterdir():
                found.extend(map(int, (task / "children").read_text().split()))
        except OSError:
            continue
    return found


def memory_of(pid: int) -> int:
    """Bytes of a process and all below it, shared pages in equal parts (PSS)."""
    return sum(_pss(one) for one in family(pid))


def cpu_s_of(pid: int) -> float:
    """Seconds that a process and all below it have used so far."""
    return sum(_cpu(one) for one in family(pid))


def _pss(pid: int) -> int:
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


def _cpu(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / _TICKS


class _Sampler:
    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._peak = 0
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while not self._ending.wait(_SAMPLE_S):
            self._peak = max(self._peak, memory_of(self._pid))

    def stop(self) -> int:
        self._ending.set()
        self._thread.join()
        return self._peak


def warm(home: Path) -> None:
    """Brings all logs into the page cache."""
    for log in home.rglob("*.jsonl"):
        with log.open("rb") as opened:
            while opened.read(1 << 20):
                pass
