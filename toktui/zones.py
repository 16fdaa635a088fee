"""Which zone times are shown in, by all the names that a user or a system has for one."""

from __future__ import annotations

import io
import re
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo, available_timezones

from toktui.errors import UsageError
from toktui.text import clean

if TYPE_CHECKING:
    from collections.abc import Mapping


def zone(
    name: str | None,
    env: Mapping[str, str],
    *,
    config: str | None = None,
    etc: Path = Path("/etc"),
) -> ZoneInfo:
    """The zone to show times in: `name` (`--tz`), else `config`, else `TZ`, else the system's.

    `.key` is its name. Raises `UsageError` for a zone that does not exist, naming some that do.
    """
    if name is not None:
        return _named(name, "--tz")
    if config is not None:
        return _named(config, "[ui] timezone in config.toml")
    if "TZ" in env:
        return _from_variable(env["TZ"])
    return _of_system(etc)


def _named(name: str, source: str) -> ZoneInfo:
    found = _lookup(name)
    if found is None:
        raise UsageError(f'{source}: unknown time zone "{clean(name)}"', _suggest(name))
    return found


def _lookup(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None


def _suggest(name: str) -> str:
    by_lower = {zone.lower(): zone for zone in sorted(available_timezones())}
    import difflib  # noqa: PLC0415  only for a mistake

    close = difflib.get_close_matches(clean(name).lower(), by_lower, n=3)
    names = [by_lower[key] for key in close] or ["Europe/Paris", "America/New_York", "Asia/Tokyo"]
    return f"Use a name such as {', '.join(names)} or UTC."


def _from_variable(value: str) -> ZoneInfo:
    """The zone that `TZ` names in any of its forms: a name, a file, or a POSIX rule."""
    name = value.removeprefix(":")
    if not name:
        return ZoneInfo("UTC")
    found = _of_file(Path(name)) if name.startswith("/") else _lookup(name) or _of_rule(name)
    if found is None:
        raise UsageError(f'TZ: unknown time zone "{clean(value)}"', _suggest(name))
    return found


def _of_system(etc: Path) -> ZoneInfo:
    return _of_file(etc / "localtime") or ZoneInfo("UTC")


def _of_file(path: Path) -> ZoneInfo | None:
    """The zone of a zone file, under its name if the path or what it links to shows one."""
    try:
        for place in (path, path.resolve()):
            _, found, name = place.as_posix().partition("/zoneinfo/")
            if found and (known := _lookup(name)):
                return known
        with path.open("rb") as file:
            return ZoneInfo.from_file(file, key=path.name)
    except (OSError, ValueError, struct.error):
        return None


_QUARTERS: Final = r"(:(00|15|30|45)(:00)?)?"
_OFFSET: Final = rf"[+-]?\d{{1,2}}{_QUARTERS}"
_ABBREVIATION: Final = r"([A-Za-z]{3,}|<[A-Za-z0-9+-]{3,}>)"
_DAY: Final = rf"(M\d{{1,2}}\.\d\.\d|J?\d{{1,3}})(/[+-]?\d{{1,3}}{_QUARTERS})?"
_RULE: Final = re.compile(
    rf"{_ABBREVIATION}{_OFFSET}(?P<summer>{_ABBREVIATION}({_OFFSET})?(?P<days>,{_DAY},{_DAY})?)?",
    re.ASCII,
)
_DAYS_WHERE_NONE_ARE_GIVEN: Final = ",M3.2.0,M11.1.0"


def _of_rule(rule: str) -> ZoneInfo | None:
    """The zone of a POSIX rule such as `CET-1CEST,M3.5.0,M10.5.0/3`, if its borders are quarters.

    A zone file may end in such a rule, so one that holds nothing else is made for it.
    """
    match = _RULE.fullmatch(rule)
    if match is None:
        return None
    days = _DAYS_WHERE_NONE_ARE_GIVEN if match["summer"] and not match["days"] else ""
    header = struct.pack(">4s1s15x6l", b"TZif", b"2", 0, 0, 0, 0, 1, 1)
    utc = struct.pack(">lbb", 0, 0, 0) + b"\0"
    data = (header + utc) * 2 + f"\n{rule}{days}\n".encode()
    try:
        return ZoneInfo.from_file(io.BytesIO(data), key=rule)
    except ValueError:
        return None
