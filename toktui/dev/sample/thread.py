"""A made-up log of Codex."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from toktui.clock import DAY_MS, iso
from toktui.dev.sample.files import write_lines

if TYPE_CHECKING:
    from pathlib import Path

WEEK: Final = 7 * DAY_MS


@dataclass
class Thread:
    """One Codex log that is being written, with running totals and the limits of the plan."""

    home: Path
    thread: str
    project: str
    model: str = "gpt-5.5"
    window: int = 272_000
    parent: str = ""
    rng: random.Random = field(default_factory=lambda: random.Random(11))
    context: int = 14_000
    lines: list[str] = field(default_factory=list)
    totals: list[int] = field(default_factory=lambda: [0, 0, 0])

    @property
    def path(self) -> Path:
        """Where the agent would put it."""
        return (
            self.home
            / ".codex/sessions/2026/11/22"
            / f"rollout-2026-11-22T00-00-00-{self.thread}.jsonl"
        )

    def start(self, at_ms: int) -> None:
        """The rows before the first response."""
        meta: dict[str, object] = {
            "id": self.thread,
            "session_id": self.thread,
            "timestamp": iso(at_ms),
            "cwd": self.project,
            "originator": "codex-tui",
            "cli_version": "0.169.0",
            "git": {"branch": "main"},
        }
        if self.parent:
            meta |= {
                "parent_thread_id": self.parent,
                "thread_source": "subagent",
                "source": {"subagent": {"thread_spawn": {"parent_thread_id": self.parent}}},
            }
        self._row(at_ms, "session_meta", meta)
        self._row(
            at_ms, "turn_context", {"turn_id": "t1", "cwd": self.project, "model": self.model}
        )

    def turn(
        self,
        at_ms: int,
        *,
        used_percent: float = 31.0,
        resets_ms: int | None = None,
        week: tuple[float, int] | None = None,
    ) -> None:
        """One response; `week` is how much of the week's window is used, and when it ends."""
        grows = self.rng.randint(600, 5_000)
        cached = self.context if self.totals[0] else 0
        self.context += grows
        output = self.rng.randint(80, 1_500)
        for index, count in enumerate((self.context, cached, output)):
            self.totals[index] += count
        reset = (resets_ms or at_ms + 3 * 3_600_000) // 1000
        week_used, week_ends_ms = week or (used_percent / 2, (reset + 3 * 86_400) * 1000)
        info = {
            "total_token_usage": _codex_usage(*self.totals),
            "last_token_usage": _codex_usage(self.context, cached, output),
            "model_context_window": self.window,
        }
        limits = {
            "limit_id": "codex",
            "plan_type": "pro",
            "primary": {"used_percent": used_percent, "window_minutes": 300, "resets_at": reset},
            "secondary": {
                "used_percent": week_used,
                "window_minutes": 10_080,
                "resets_at": week_ends_ms // 1000,
            },
        }
        self._row(at_ms, "event_msg", {"type": "token_count", "info": info, "rate_limits": limits})

    def work(
        self, start_ms: int, end_ms: int, *, pace_ms: int = 40_000, used: float = 31.0
    ) -> None:
        """Turns from `start_ms` to `end_ms`, about `pace_ms` apart."""
        self.start(start_ms)
        at_ms = start_ms
        while at_ms <= end_ms:
            self.turn(at_ms, used_percent=used, resets_ms=end_ms + 2 * 3_600_000)
            at_ms += round(pace_ms * self.rng.uniform(0.4, 1.8))

    def work_in_windows(
        self, start_ms: int, end_ms: int, *, used: float, week_ends_ms: int, pace_ms: int = 40_000
    ) -> None:
        """As `work`, in a window of five hours that begins now and is filled up to `used`, and in
        weeks one of which ends at `week_ends_ms`."""
        self.start(start_ms)
        at_ms = start_ms
        while at_ms <= end_ms:
            done = (at_ms - start_ms) / max(1, end_ms - start_ms)
            back = (week_ends_ms - at_ms) // WEEK
            elapsed = 1 - (week_ends_ms - back * WEEK - at_ms) / WEEK
            share = elapsed * (38 + back * 37 % 60)
            self.turn(
                at_ms,
                used_percent=round(2 + done * used),
                resets_ms=start_ms + 5 * 3_600_000,
                week=(round(share), week_ends_ms - back * WEEK),
            )
            at_ms += round(pace_ms * self.rng.uniform(0.4, 1.8))

    def write(self, mtime_ms: int | None = None) -> None:
        """Puts the log into the home, last changed at `mtime_ms`."""
        write_lines(self.path, self.lines, mtime_ms)

    def _row(self, at_ms: int, kind: str, payload: dict[str, object]) -> None:
        self.lines.append(json.dumps({"timestamp": iso(at_ms), "type": kind, "payload": payload}))


def _codex_usage(prompt: int, cached: int, output: int) -> dict[str, int]:
    return {
        "input_tokens": prompt,
        "cached_input_tokens": cached,
        "output_tokens": output,
        "reasoning_output_tokens": output // 3,
        "total_tokens": prompt + output,
    }
