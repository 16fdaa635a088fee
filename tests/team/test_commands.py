"""`toktui team`: what is shown before anything is sent, what is asked, and what is said."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from typing import Any

import pytest

from toktui.cli import main
from toktui.team.joining import KEYS
from toktui.team.team_file import open_team_file, team_path
from toktui.team.wire.document import FIELDS, OPTIONAL

from .conftest import DEVICE, INFO, MEMBER, Device, Told, problem

CODE = "ABCDE-FGHIJ-KLMNO-PQRST-UVWXY-2"
TODAY = "2026-11-22"


@pytest.fixture(autouse=True)
def no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    import keyring
    from keyring.backends.fail import Keyring

    keyring.set_keyring(Keyring())


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs a command whose user can be asked, and answers."""
    from click.testing import CliRunner

    def run(*args: str, answers: str, exit_code: int = 0) -> str:
        monkeypatch.setattr("click.testing._NamedTextIOWrapper.isatty", lambda self: True)
        result = CliRunner().invoke(main, list(args), input=answers)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == exit_code, result.output
        return result.output

    return run


def enrols(told: Told, **changes: Any) -> None:
    """The next two answers: what the code leads to, and the enrolment."""
    info = {**INFO, **changes.pop("info", {})}
    made = {"team": info, "member": MEMBER, "device": DEVICE, "pepper": "0" * 64, "role": "member",
            "first_day": "2026-10-18", **changes}  # fmt: skip
    told.says.append((200, json.dumps(info).encode(), {}))
    told.says.append((200, json.dumps(made).encode(), {}))


def join(device: Device, *args: str, exit_code: int = 0) -> Any:
    return device.run("team", "join", device.url, CODE, "--allow-http", *args, exit_code=exit_code)


def test_join_shows_everything_that_is_sent_and_who_sees_it(device: Device, told: Told):
    enrols(told)
    shown = join(device, "--yes").stdout
    for words in (*(w for pair in FIELDS for w in pair), *OPTIONAL, *OPTIONAL.values()):
        assert words in shown
    for words in ("Shop", told.url, "UTC", "400 days", "35 before", "Never sent", "Who sees what"):
        assert words in shown
    assert [path for _, path, _ in told.heard] == ["/v1/team", "/v1/enrol"]
    assert json.loads(told.heard[1][2])["appearance"] == "hidden"


@pytest.mark.parametrize(("is_on", "words"), [(True, "has its page"), (False, "may switch it on")])
def test_join_says_whom_a_pseudonym_does_not_hide_from_and_what_the_owner_may_switch(
    device: Device, told: Told, is_on: bool, words: str
):
    enrols(told, info={"consumption": is_on})
    shown = " ".join(join(device, "--yes").stdout.split())
    assert "A pseudonym does not hide you from who leads the team" in shown
    assert words in shown


def test_before_the_consent_only_the_code_is_told_and_nothing_is_stored(
    device: Device, told: Told, terminal: Any
):
    for answers in ("hidden\nn\nn\nyes\n", "hidden\nn\nn\n\n"):
        told.heard.clear()
        told.says.append((200, json.dumps(INFO).encode(), {}))
        said = terminal(
            "team", "join", device.url, CODE, "--allow-http", answers=answers, exit_code=1
        )
        assert "Nothing was sent" in said
        assert told.heard == [("POST", "/v1/team", b'{"code":"%s"}' % CODE.encode())]
        assert not device.data.exists()


def test_join_asks_how_to_appear_and_what_to_share(device: Device, told: Told, terminal: Any):
    enrols(told)
    said = terminal("team", "join", device.url, CODE, "--allow-http",
                    answers="pseudonym\nnight owl\ny\nn\nagree\n")  # fmt: skip
    assert "You appear as night owl. Sent, too: outcomes." in said
    asked = json.loads(told.heard[1][2])
    assert (asked["appearance"], asked["name"]) == ("pseudonym", "night owl")
    assert device.state.membership.shares == ("outcomes",)


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("--name", "Ada", "--yes"), "--name goes with"),
        (("--as", "hidden", "--name", "Ada", "--yes"), "--name goes with"),
        (("--as", "name", "--yes"), "needs a --name"),
        ((), "before you agree"),
    ],
)
def test_a_join_that_says_too_little_joins_nothing(
    device: Device, told: Told, args: tuple[str, ...], words: str
):
    told.says.append((200, json.dumps(INFO).encode(), {}))
    assert words in join(device, *args, exit_code=2).stderr
    assert not team_path(device.data).exists()


def test_a_code_that_is_none_reaches_no_server(device: Device, told: Told):
    said = device.run("team", "join", device.url, "../x", "--allow-http", "--yes", exit_code=2)
    assert "CODE is not one" in said.stderr
    assert told.heard == []


@pytest.mark.parametrize(
    "info",
    [
        {"zone": "../../etc/passwd"}, {"zone": "Mars/Olympus"}, {"today": "2026-13-45"},
        {"retention_days": -1}, {"retention_days": 1 << 60}, {"schema": "f" * 16}, {"team": "x"},
    ],
)  # fmt: skip
def test_a_team_that_cannot_be_is_not_joined(device: Device, told: Told, info: dict[str, Any]):
    enrols(told, info=info)
    join(device, "--yes", exit_code=1)
    assert len(told.heard) == 1
    assert not device.data.exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"pepper": "zz"}, {"device": "d_x"}, {"first_day": "2026-99-01"}, {"member": "../m"},
        {"team": {**INFO, "zone": "Asia/Tokyo"}}, {"team": {**INFO, "team": "t_" + "z" * 16}},
    ],
    ids=range(6),
)  # fmt: skip
def test_an_enrolment_that_cannot_be_used_leaves_no_key(
    device: Device, told: Told, changes: dict[str, Any]
):
    enrols(told, **changes)
    join(device, "--yes", exit_code=1)
    assert list((device.data / KEYS).iterdir()) == []
    assert device.run("team", "status", exit_code=2)


def test_a_device_whose_enrolment_was_not_heard_of_joins_with_the_same_key(
    device: Device, told: Told
):
    for lost in (problem("not_ready"), (502, b"<html>", {})):
        told.says.extend([(200, json.dumps(INFO).encode(), {}), lost])
        assert "the same code" in join(device, "--yes", exit_code=1).stderr
        assert device.run("team", "status", exit_code=2)
    first, again = (json.loads(told.heard[n][2])["public_key"] for n in (1, 3))
    assert first == again
    told.says.append(problem("code_refused"))
    enrols(told)
    join(device, "--yes")
    looks = [json.loads(body) for _, path, body in told.heard[4:] if path == "/v1/team"]
    assert looks == [{"code": CODE}, {"code": CODE, "public_key": first}]
    assert json.loads(told.heard[-1][2])["public_key"] == first
    assert len(list((device.data / KEYS).iterdir())) == 1
    told.says.extend([(200, b"{}", {}), problem("not_signed")])
    device.run("team", "leave", "--yes")
    assert list((device.data / KEYS).iterdir()) == []


def test_a_code_that_is_refused_tells_nothing_of_a_device_that_never_asked(
    device: Device, told: Told
):
    told.says.append(problem("code_refused"))
    assert "not valid" in join(device, "--yes", exit_code=1).stderr
    assert len(told.heard) == 1


def test_a_code_is_not_used_up_where_the_key_cannot_be_kept(device: Device, told: Told):
    device.data.mkdir()
    (device.data / KEYS).write_text("in the way")
    told.says.append((200, json.dumps(INFO).encode(), {}))
    join(device, "--yes", exit_code=1)
    assert [path for _, path, _ in told.heard] == ["/v1/team"]


def test_a_device_is_in_one_team(device: Device, told: Told):
    device.join()
    assert "in the team Shop already" in join(device, "--yes", exit_code=2).stderr
    assert told.heard == []


def test_without_a_team_every_command_says_so_and_makes_no_file(device: Device):
    from toktui.cli.team import team

    for name in team.commands:
        args = {"join": ["x", "y"], "appear": ["hidden"]}.get(name, [])
        if name != "join":
            said = device.run("team", name, *args, exit_code=2)
            assert "in no team" in said.stderr
    assert not device.data.exists()


def test_preview_is_what_submit_sends_and_its_hash_the_receipt(device: Device, told: Told):
    device.join()
    device.call()
    shown = device.run("team", "preview")
    sha256 = hashlib.sha256(shown.stdout_bytes).hexdigest()
    assert f"sha256 {sha256}" in shown.stderr
    assert "not sent yet" in shown.stderr
    said = device.run("team", "submit")
    assert f"{TODAY}  stored  {sha256[:12]}" in said.stdout
    assert told.sent == [shown.stdout_bytes]
    again = device.run("team", "preview")
    assert again.stdout_bytes == shown.stdout_bytes
    assert "as they were sent" in again.stderr


def test_preview_needs_no_key_and_no_server(device: Device, told: Told):
    device.join(key_place="keyring")
    device.call()
    assert device.run("team", "preview", "--day", TODAY).stdout.startswith('{"v":2')
    assert "never sent" in device.run("team", "preview", "--day", "2020-01-01").stderr
    device.run("team", "preview", "--day", "2026-02-31", exit_code=2)
    assert told.heard == []


def test_no_word_of_the_user_is_in_what_is_sent(device: Device, told: Told):
    device.join(shares=("outcomes", "sketches"))
    device.call(session="5e5510aa-0000-4000-8000-00000000dead")
    device.logs.call(at="2026-11-22T10:00:00.000Z", project="/home/dev/canary-project",
                     branch="canary-branch", model="canary-model")  # fmt: skip
    device.run("team", "submit")
    body = told.sent[0].decode()
    for secret in ("canary", "shop", "main", "5e5510aa", "msg_01", "Secret", "/home"):
        assert secret not in body
    assert '"sketches":[{' in body


def test_status_says_what_it_waits_for_and_touches_nothing(device: Device, told: Told):
    device.join(key_place="keyring")
    device.call()
    device.run("team", "submit", exit_code=1)
    said = device.run("team", "status").stdout
    assert "The keyring does not give" in said
    assert "Unlock it" in said
    device.join()
    told.says.append(problem("not_ready"))
    assert "not ready" in device.run("team", "submit", exit_code=1).stderr
    heard = len(told.heard)
    said = device.run("team", "status").stdout
    assert "The server is not ready. Tried again 2026-11-22 14:32" in said
    device.now_ms += 3_600_000
    device.run("team", "submit")
    said = device.run("team", "status").stdout
    assert "waits   nothing" in said
    document = json.loads(device.run("team", "status", "--json").stdout)
    assert document["schema"] == "toktui.team/1"
    assert document["waits"] == []
    assert [one["day"] for one in document["sent"]] == [TODAY]
    assert document["sent"][0]["sent_at"] == "2026-11-22T15:32:05Z"
    assert len(told.heard) == heard + 3


def test_pause_and_resume(device: Device, told: Told):
    device.join()
    device.call()
    device.run("team", "pause")
    assert "Paused" in device.run("team", "submit").stdout
    assert "resume" in device.run("team", "status").stdout
    assert told.heard == []
    device.run("team", "resume")
    assert "stored" in device.run("team", "submit").stdout
    device.run("team", "pause")
    device.run("team", "pause", "--off")
    assert device.state.membership.paused is False


def test_submit_waits_as_cron_should_and_hurries_when_told(device: Device, told: Told):
    device.join()
    device.call()
    told.says.append(problem("broken"))
    device.run("team", "submit", "--quiet", exit_code=1)
    device.run("team", "submit", "--quiet", exit_code=1)
    assert len(told.sent) == 1
    assert "stored" in device.run("team", "submit", "--now").stdout
    assert device.run("team", "submit", "--quiet").output == ""
    assert "no day" not in device.run("team", "submit", "--correct", "x", exit_code=2).stderr


def test_agree_changes_the_optional_parts(device: Device, told: Told):
    device.join(shares=("outcomes",))
    device.call()
    device.round()
    assert "outcomes" not in told.sent[0].decode()
    device.run("team", "agree", "--share", "sketches", "--yes")
    device.run("team", "submit")
    assert '"sketches"' in told.sent[-1].decode()
    device.run("team", "agree", "--share", "none", "--yes")
    assert device.state.membership.shares == ()
    device.run("team", "agree", exit_code=2)


def test_leave_deletes_verifies_and_forgets(device: Device, told: Told):
    device.join()
    told.says.extend([(200, b"{}", {}), problem("not_signed")])
    said = device.run("team", "leave", "--yes").stdout
    assert "Verified" in said
    assert [(m, p) for m, p, _ in told.heard] == [("DELETE", "/v1/me"), ("GET", "/v1/me/export")]
    assert list((device.data / KEYS).iterdir()) == []
    assert not team_path(device.data).exists()
    device.run("team", "status", exit_code=2)


def test_a_server_that_only_says_it_has_deleted_is_not_believed(device: Device, told: Told):
    device.join()
    told.says.extend([(200, b"{}", {}), (200, b'{"kind":"member"}\n', {})])
    assert "still answers" in device.run("team", "leave", "--yes", exit_code=1).stderr
    assert "leave` asks again" in device.run("team", "status").stdout


def test_leaving_can_be_finished_where_the_answer_was_lost(device: Device, told: Told):
    device.join()
    told.says.append((502, b"", {}))
    device.run("team", "leave", "--yes", exit_code=1)
    device.call()
    device.run("team", "submit", exit_code=1)
    assert told.sent == [], "nothing is sent while it is not known"
    told.says.append(problem("not_signed"))
    assert "Left" in device.run("team", "leave", "--yes").stdout


def test_who_could_not_leave_may_stay(device: Device, told: Told):
    device.join()
    device.call()
    told.says.append((502, b"", {}))
    assert "resume" in device.run("team", "leave", "--yes", exit_code=1).stderr
    device.run("team", "resume")
    assert "stored" in device.run("team", "submit").stdout


def test_a_revoked_device_does_not_believe_that_all_is_deleted(device: Device, told: Told):
    device.join()
    told.says.append(problem("not_signed"))
    assert "--here" in device.run("team", "leave", "--yes", exit_code=1).stderr
    assert device.state.membership.leaving is False
    device.run("team", "leave", "--here", "--yes")
    device.run("team", "status", exit_code=2)


def test_leave_here_needs_neither_key_nor_server(device: Device, told: Told):
    device.join(key_place="keyring")
    assert "does not give" in device.run("team", "leave", "--yes", exit_code=1).stderr
    device.run("team", "leave", "--here", "--yes")
    assert told.heard == []


def test_what_a_server_gives_cannot_obey_the_terminal(device: Device, told: Told):
    device.join()
    line = '{"kind":"member","name":"a\u009b31m\u202eb"}\n'
    told.says.append((200, line.encode(), {}))
    said = device.run("team", "export").stdout
    assert "\\u009b" in said
    assert "\u009b" not in said
    assert json.loads(said)["name"] == "a\u009b31m\u202eb"
    told.says.append((200, b"\xff", {}))
    device.run("team", "export", exit_code=1)
    told.says.append((200, json.dumps({"value": "x\x1b[2J", "expires_ms": 1}).encode(), {}))
    assert "\x1b" not in device.run("team", "link", exit_code=1).output
    told.says.append((200, b'{"devices":[{"id":"d\\u001b","made_ms":1e300}]}', {}))
    device.run("team", "devices", exit_code=1)


def test_devices_are_listed_and_revoked(device: Device, told: Told):
    device.join()
    other = "d_" + "e" * 16
    rows = [{"id": DEVICE, "made_ms": device.now_ms, "revoked_ms": None},
            {"id": other, "made_ms": device.now_ms, "revoked_ms": device.now_ms}]  # fmt: skip
    told.says.append((200, json.dumps({"devices": rows}).encode(), {}))
    said = device.run("team", "devices").stdout.splitlines()
    assert "this one" in said[0]
    assert "revoked" in said[1]
    told.says.append((200, b"{}", {}))
    device.run("team", "devices", "--revoke", other)
    assert told.heard[-1][:2] == ("DELETE", f"/v1/devices/{other}")
    device.run("team", "devices", "--revoke", DEVICE, exit_code=2)
    device.run("team", "devices", "--revoke", "../me", exit_code=2)


@pytest.mark.parametrize("damage", [b"", b"not a database at all", None])
def test_a_damaged_team_file_is_told_and_nothing_breaks(device: Device, damage: bytes | None):
    device.join()
    if damage is None:
        with sqlite3.connect(team_path(device.data)) as db:
            db.execute("update membership set body = '{\"url\":7}'")
        db.close()
    else:
        team_path(device.data).write_bytes(damage)
    code = 2 if damage == b"" else 1
    said = device.run("team", "status", exit_code=code).stderr
    assert "in no team" in said if damage == b"" else "cannot be used" in said


def test_a_newer_file_is_left_alone(device: Device):
    device.join()
    with sqlite3.connect(team_path(device.data)) as db:
        db.execute("pragma user_version = 99")
    db.close()
    assert "newer" in device.run("team", "status", exit_code=1).stderr


def test_the_file_is_for_the_user_alone(device: Device):
    device.join()
    assert team_path(device.data).stat().st_mode & 0o777 == 0o600
    with open_team_file(device.data) as file:
        file.forget()
        assert file.membership() is None


def test_what_is_wrong_with_the_store_is_not_said_of_the_team(device: Device):
    device.join()
    device.call()
    device.sync()
    with sqlite3.connect(device.data / "toktui.db") as db:
        db.execute("drop table quarter")
    db.close()
    said = device.run("team", "preview", exit_code=1).stderr
    assert "The store cannot be read" in said
    assert "team.db" not in said
