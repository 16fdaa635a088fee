"""A diagnosis as a document, and as a bundle that can be shown to others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from toktui.clock import iso
from toktui.metrics.agents_seen import AgentSeen, Place
from toktui.metrics.doctor import RereadSeen, Unreadable, Versions
from toktui.metrics.understood import Alarm, Misread

if TYPE_CHECKING:
    from toktui.metrics.doctor import Diagnosis


class UnpricedModel(msgspec.Struct, frozen=True, kw_only=True):
    """Calls of a model and tier without a known price."""

    agent: str
    model: str
    tier: str
    calls: int
    tokens: int
    last_call_at: str


class Store(msgspec.Struct, frozen=True, kw_only=True):
    """The store's file; sizes are bytes."""

    path: str
    exists: bool
    size: int
    wal: int
    free: int | None
    schema_version: int | None
    integrity: str
    sums_match: bool
    calls: int
    sessions: int
    writer: str | None


class BackupFile(msgspec.Struct, frozen=True, kw_only=True):
    """One backup."""

    path: str
    made_at: str
    size: int


class Book(msgspec.Struct, frozen=True, kw_only=True):
    """The rate book; `pending`: the store was priced with another one."""

    version: str
    date: str
    models: int
    updated: bool
    own: int
    pending: bool


class DoctorDocument(msgspec.Struct, frozen=True, kw_only=True):
    """`toktui.doctor/1`."""

    schema: Literal["toktui.doctor/1"] = "toktui.doctor/1"
    at: str
    warnings: tuple[str, ...]
    unpriced: tuple[UnpricedModel, ...]
    versions: Versions
    config: Place
    store: Store
    backups: tuple[BackupFile, ...]
    rate_book: Book
    agents: tuple[AgentSeen, ...]
    not_understood: tuple[Misread, ...]
    unreadable: tuple[Unreadable, ...]
    rereads: tuple[RereadSeen, ...]
    alarms: tuple[Alarm, ...]


def as_document(d: Diagnosis) -> DoctorDocument:
    """Everything, for the user's own programs."""
    s = d.store
    return DoctorDocument(
        at=iso(d.at_ms),
        warnings=d.warnings,
        unpriced=tuple(
            UnpricedModel(
                agent=u.agent, model=u.model, tier=u.tier, calls=u.calls, tokens=u.tokens,
                last_call_at=iso(u.last_ms),
            )
            for u in d.unpriced
        ),
        versions=d.versions,
        config=d.config,
        store=Store(
            path=s.path, exists=s.exists, size=s.size, wal=s.wal, free=s.free,
            schema_version=s.schema_version, integrity=s.integrity, sums_match=s.sums_match,
            calls=s.calls, sessions=s.sessions, writer=s.writer or None,
        ),
        backups=tuple(
            BackupFile(path=str(b.path), made_at=iso(b.made_ms), size=b.size) for b in d.backups
        ),
        rate_book=_book(d),
        agents=d.agents,
        not_understood=d.misread,
        unreadable=d.unreadable,
        rereads=d.rereads,
        alarms=d.alarms,
    )  # fmt: skip


def _book(d: Diagnosis) -> Book:
    b = d.book
    return Book(
        version=b.version, date=b.date, models=b.models, updated=b.updated, own=b.own,
        pending=b.pending,
    )


class BundledAgent(msgspec.Struct, frozen=True, kw_only=True):
    """Counts of one agent."""

    name: str
    enabled: bool
    places: int
    places_found: int
    logs: int
    bytes: int
    logs_known: int
    logs_gone: int
    lines: int
    calls: int
    not_understood: int


class BundledReason(msgspec.Struct, frozen=True):
    """Why something could not be read, and how often."""

    why: str
    count: int


class Bundle(msgspec.Struct, frozen=True, kw_only=True):
    """`toktui.doctor-bundle/1`: shapes and counts; no path, project, id or model."""

    schema: Literal["toktui.doctor-bundle/1"] = "toktui.doctor-bundle/1"
    versions: Versions
    config_exists: bool
    store_exists: bool
    store_size: int
    store_wal: int
    schema_version: int | None
    integrity_ok: bool | None
    sums_match: bool
    calls: int
    sessions: int
    backups: int
    rate_book: Book
    unpriced_models: int
    unpriced_calls: int
    agents: tuple[BundledAgent, ...]
    not_understood: tuple[Misread, ...]
    unreadable: tuple[BundledReason, ...]


def as_bundle(d: Diagnosis) -> Bundle:
    """What can be put into a bug report."""
    reasons: dict[str, int] = {}
    for unreadable in d.unreadable:
        reasons[unreadable.why] = reasons.get(unreadable.why, 0) + 1
    s = d.store
    return Bundle(
        versions=d.versions,
        config_exists=d.config.exists,
        store_exists=s.exists,
        store_size=s.size,
        store_wal=s.wal,
        schema_version=s.schema_version,
        integrity_ok=s.integrity == "ok" if s.exists else None,
        sums_match=s.sums_match,
        calls=s.calls,
        sessions=s.sessions,
        backups=len(d.backups),
        rate_book=_book(d),
        unpriced_models=len(d.unpriced),
        unpriced_calls=sum(u.calls for u in d.unpriced),
        agents=tuple(
            BundledAgent(
                name=a.name, enabled=a.enabled, places=len(a.places),
                places_found=sum(place.exists for place in a.places), logs=a.logs, bytes=a.bytes,
                logs_known=a.logs_known, logs_gone=a.logs_gone, lines=a.lines, calls=a.calls,
                not_understood=a.not_understood,
            )
            for a in d.agents
        ),
        not_understood=d.misread,
        unreadable=tuple(BundledReason(why, n) for why, n in sorted(reasons.items())),
    )
