"""The devices of a member: which there are, and revoking one that is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec

from toktui.clock import END_OF_TIME_MS
from toktui.team.wire.document import DeviceId

if TYPE_CHECKING:
    from toktui.team.http import Server

_Ms = Annotated[int, msgspec.Meta(ge=0, lt=END_OF_TIME_MS)]


class OwnDevice(msgspec.Struct, frozen=True):
    """A device of this member, with UTC milliseconds."""

    id: DeviceId
    made_ms: _Ms
    revoked_ms: _Ms | None = None


class _Devices(msgspec.Struct):
    devices: tuple[OwnDevice, ...]


def own_devices(server: Server) -> tuple[OwnDevice, ...]:
    """All devices of the member who asks."""
    return server.ask("GET", "/v1/devices").as_(_Devices).devices


def revoke(server: Server, device: str) -> None:
    """From now on this device can send nothing; its days stay."""
    server.ask("DELETE", f"/v1/devices/{device}")
