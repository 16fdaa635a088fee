"""Which zone holds: the option, the config, the variable or the system says it."""

from __future__ import annotations

import zoneinfo
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from toktui.clock import day_label, parse_ms
from toktui.errors import UsageError
from toktui.zones import zone


@pytest.fixture
def etc(tmp_path: Path) -> Path:
    """An /etc whose localtime is Kathmandu's, as a link into a folder of zones."""
    zones = tmp_path / "usr/share/zoneinfo/Asia"
    zones.mkdir(parents=True)
    (zones / "Kathmandu").write_bytes(zone_file("Asia/Kathmandu"))
    folder = tmp_path / "etc"
    folder.mkdir()
    (folder / "localtime").symlink_to(zones / "Kathmandu")
    return folder


def zone_file(name: str) -> bytes:
    from importlib.resources import files

    return (files("tzdata") / "zoneinfo" / name).read_bytes()


def test_the_option_beats_config_beats_the_variable_beats_the_system(etc: Path):
    env = {"TZ": "Asia/Tokyo"}
    assert zone("Asia/Dubai", env, config="Europe/Paris", etc=etc).key == "Asia/Dubai"
    assert zone(None, env, config="Europe/Paris", etc=etc).key == "Europe/Paris"
    assert zone(None, env, etc=etc).key == "Asia/Tokyo"
    assert zone(None, {}, etc=etc).key == "Asia/Kathmandu"


def test_a_system_zone_that_is_a_copied_file_keeps_its_rules(etc: Path):
    link = etc / "localtime"
    content = link.read_bytes()
    link.unlink()
    link.write_bytes(content)
    midnight_ms = parse_ms("2026-11-21T18:15:00Z")
    assert midnight_ms is not None
    assert day_label(midnight_ms, zone(None, {}, etc=etc)) == "2026-11-22"


@pytest.mark.parametrize("damage", ["missing", "garbage", "folder", "dangling"])
def test_a_system_without_a_readable_zone_is_in_utc(etc: Path, damage: str):
    link = etc / "localtime"
    link.unlink()
    if damage == "garbage":
        link.write_bytes(b"TZif2 no")
    elif damage == "folder":
        link.mkdir()
    elif damage == "dangling":
        link.symlink_to(etc / "nowhere")
    assert zone(None, {}, etc=etc).key == "UTC"


@pytest.mark.parametrize(
    ("variable", "offset_in_july"),
    [
        ("Europe/Paris", 2),
        (":Europe/Paris", 2),
        ("", 0),
        ("EST5EDT", -4),
        ("CET-1CEST,M3.5.0,M10.5.0/3", 2),
        ("CET-1CEST", 2),
        ("<+0545>-5:45", 5.75),
        ("UTC0", 0),
    ],
)
def test_the_variable_may_have_any_posix_form(variable: str, offset_in_july: float):
    offset = datetime(2026, 7, 1, tzinfo=zone(None, {"TZ": variable})).utcoffset()
    assert offset == timedelta(hours=offset_in_july)


def test_the_variable_may_name_a_file(etc: Path):
    assert zone(None, {"TZ": f":{etc}/localtime"}).key == "Asia/Kathmandu"


@pytest.mark.parametrize(
    "unknown",
    [
        "",
        "Europe",
        "europe/pariss",
        "../../etc/passwd",
        "/etc/passwd",
        "a\x00b",
        "\ud800",
        "x" * 9999,
    ],
)
def test_an_unknown_zone_is_refused_with_names_that_exist(unknown: str):
    with pytest.raises(UsageError) as refused:
        zone(unknown, {})
    assert refused.value.exit_code == 2
    suggested = refused.value.hint.removeprefix("Use a name such as ").split(" or ")[0].split(", ")
    assert set(suggested) <= zoneinfo.available_timezones()


@pytest.mark.parametrize("unknown", ["Mars/Base", "XYZ-5:17", "/nowhere", "CET-99", "-3"])
def test_an_unknown_variable_is_refused(unknown: str):
    with pytest.raises(UsageError, match=r"^TZ: "):
        zone(None, {"TZ": unknown})


def test_a_typing_error_in_a_zone_is_answered_with_the_right_name():
    with pytest.raises(UsageError) as refused:
        zone("europe/pari", {})
    assert "Europe/Paris" in refused.value.hint
