"""What agents did: an afternoon at which somebody looks, and the year before it."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Final

from toktui.dev.sample.beside import status_line, uncounted
from toktui.dev.sample.conversation import Conversation
from toktui.dev.sample.files import uuid
from toktui.dev.sample.talk import Talk
from toktui.dev.sample.thread import Thread

if TYPE_CHECKING:
    from pathlib import Path

MINUTE: Final = 60_000
DAY: Final = 24 * 60 * MINUTE
_PROJECTS: Final = ("shop-api", "web", "infra", "docs", "notes", "billing")
_MODELS: Final = (
    (280, ("claude-opus-4-5", "claude-sonnet-4-5-20250929", "claude-sonnet-4-5-20250929")),
    (130, ("claude-opus-4-6", "claude-opus-4-6", "claude-sonnet-4-5-20250929")),
    (0, ("claude-opus-4-6", "claude-opus-5-5", "claude-sonnet-4-5-20250929")),
)
"""Claude's models at work more than that many days ago."""


def busy_afternoon(home: Path, now_ms: int) -> None:
    """Four weeks of work, and an hour in which several agents are at it."""

    def ago(minutes: float) -> int:
        return round(now_ms - minutes * MINUTE)

    _weeks(home, now_ms)
    shop = Conversation(
        home, uuid(1), "/home/dev/shop-api", branch="orders", context=42_000, talk=Talk()
    )
    shop.work(ago(58), ago(31))
    shop.work(ago(26), ago(0.2), pace_ms=17_000)
    shop.write(ago(0.05))
    for number, (kind, minutes) in enumerate((("explorer", 9), ("explorer", 8), ("reviewer", 4))):
        sub = Conversation(
            home,
            uuid(1),
            "/home/dev/shop-api",
            model="claude-haiku-4-5",
            agent_type=kind,
            agent_id=f"ab{number}2cd34",
            rng=random.Random(number),
            context=9_000,
        )
        sub.work(ago(minutes), ago(1.2 + number / 2), pace_ms=14_000)
        sub.write(ago(1.2))
    infra = Conversation(
        home,
        uuid(2),
        "/home/dev/infra",
        model="claude-sonnet-4-5-20250929",
        context=96_000,
        rng=random.Random(3),
    )
    infra.work(ago(49), ago(22), pace_ms=31_000)
    infra.turn(ago(4.4), cold=True)
    infra.turn(ago(4.25))
    infra.write(ago(4.25))
    web = Thread(home, uuid(3), "/home/dev/web")
    web.work(ago(44), ago(0.6), used=58.0)
    web.write(ago(0.4))
    child = Thread(home, uuid(4), "/home/dev/web", parent=uuid(3), rng=random.Random(5))
    child.work(ago(7), ago(1.5), pace_ms=22_000, used=58.0)
    child.write(ago(1.4))
    docs = Conversation(
        home,
        uuid(5),
        "/home/dev/docs",
        model="house-model-7b",
        rng=random.Random(9),
        context=31_000,
    )
    docs.work(ago(29), ago(18), pace_ms=50_000)
    docs.write(ago(18))
    notes = Conversation(
        home,
        uuid(6),
        "/home/dev/notes",
        model="claude-opus-5-5",
        long_cache=True,
        rng=random.Random(21),
        context=55_000,
    )
    notes.work(ago(53), ago(37), pace_ms=40_000)
    notes.write(ago(37))
    status_line(home, now_ms, used=61.0, week=43.0)
    uncounted(home, ago(25), turns=9)


def _weeks(home: Path, now_ms: int) -> None:
    """One or two sessions on each of the last thirty days."""
    for day in range(1, 31):
        rng = random.Random(day)
        for part in range(rng.randint(1, 3)):
            project = f"/home/dev/{rng.choice(_PROJECTS)}"
            start = now_ms - day * DAY - rng.randint(0, 7) * 60 * MINUTE - part * 20 * MINUTE
            if rng.random() < 0.3:
                thread = Thread(home, uuid(1000 + day * 10 + part), project, rng=rng)
                thread.work_in_windows(
                    start,
                    start + rng.randint(20, 90) * MINUTE,
                    used=12 + (day * 37 + part * 23) % 84,
                    week_ends_ms=now_ms - round(0.6 * MINUTE) + 2 * 60 * MINUTE + 3 * DAY,
                )
                thread.write(start + 90 * MINUTE)
                continue
            model = rng.choice(("claude-opus-5-5", "claude-sonnet-4-5-20250929", "claude-opus-4-6"))
            work = Conversation(
                home,
                uuid(1000 + day * 10 + part),
                project,
                model=model,
                rng=rng,
                context=rng.randint(12_000, 60_000),
                branch=rng.choice(("main", "orders", "fix/tax")),
            )
            work.work(start, start + rng.randint(20, 140) * MINUTE, pace_ms=28_000)
            work.write(start + 140 * MINUTE)


def a_year(home: Path, now_ms: int) -> None:
    """What was before the last four weeks: a session or two on most working days, with the models
    of their time, more and more of them, and a holiday in summer."""
    week_ends_ms = now_ms - round(0.6 * MINUTE) + 2 * 60 * MINUTE + 3 * DAY
    for day in range(31, 362):
        rng = random.Random(10_000 + day)
        weekend = (day - 1) % 7 in (0, 6)
        if 96 <= day <= 112 or rng.random() < (0.8 if weekend else 0.08):
            continue
        for part in range(rng.randint(1, 3) if day < 200 and not weekend else 1):
            start = now_ms - day * DAY - rng.randint(0, 5) * 60 * MINUTE - part * 20 * MINUTE
            end = start + rng.randint(20, 80) * MINUTE
            project = f"/home/dev/{rng.choice(_PROJECTS[: 3 if day > 250 else 6])}"
            name = uuid(20_000 + 10 * day + part)
            # Long conversations, so that few rows cost what a day costs.
            context = rng.randint(70_000, 150_000)
            if rng.random() < 0.3 and day < 270:
                thread = Thread(home, name, project, rng=rng, context=context)
                thread.work_in_windows(
                    start, end, used=12 + (day * 37 + part * 23) % 84, week_ends_ms=week_ends_ms,
                    pace_ms=80_000,
                )  # fmt: skip
                thread.write(end)
                continue
            models = next(models for since, models in _MODELS if day > since)
            work = Conversation(
                home,
                name,
                project,
                model=rng.choice(models),
                rng=rng,
                context=context,
                branch=rng.choice(("main", "orders", "fix/tax")),
            )
            work.work(start, end, pace_ms=80_000)
            work.write(end)
