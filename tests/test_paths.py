"""toktui's own folders: where, for whom, and where not."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from toktui.errors import StoreError, UsageError
from toktui.paths import (
    Paths,
    create_private,
    is_remote,
    mount_type,
    prepare_data,
    user_home,
    user_paths,
)

MOUNTS = r"""
22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 27 0:31 / /home rw - nfs4 server:/home rw
31 30 0:32 / /home/me/local rw - btrfs /dev/sdb rw
32 27 0:33 / /mnt/c rw - 9p drvfs rw
33 27 0:34 / /mnt/my\040disk rw master:2 propagate_from:1 - fuse.sshfs me@host: rw
34 27 0:35 / /covered rw - nfs4 server:/a rw
35 34 0:36 / /covered rw - xfs /dev/sdc rw
36 27 0:37 / /auto rw - autofs systemd-1 rw
37 36 0:38 / /auto rw - cifs //server/share rw
nonsense
38 27 0:39 / /half
"""


def test_the_variables_name_the_folders(tmp_path: Path):
    env = {"TOKTUI_DATA_DIR": str(tmp_path / "d"), "TOKTUI_CONFIG_DIR": str(tmp_path / "c")}
    paths = user_paths(env)
    assert paths.store == tmp_path / "d/toktui.db"
    assert {paths.lock.parent, paths.backups.parent, paths.log.parent} == {tmp_path / "d"}
    assert paths.config_file == tmp_path / "c/config.toml"


@pytest.mark.parametrize("env", [{}, {"TOKTUI_DATA_DIR": "", "TOKTUI_CONFIG_DIR": ""}])
def test_without_variables_the_folders_are_the_users_usual_ones(home: Path, env: dict[str, str]):
    paths = user_paths(env)
    assert paths.data.is_relative_to(home)
    assert paths.config.is_relative_to(home)
    assert (paths.data.name, paths.config.name) == ("toktui", "toktui")


def test_a_variable_may_be_relative_or_begin_with_a_tilde(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    assert user_paths({"TOKTUI_DATA_DIR": "here"}).data == tmp_path / "here"
    assert user_paths({"TOKTUI_DATA_DIR": "~/there"}).data == home / "there"


@pytest.mark.parametrize("folder", ["~nobody-has-this-name/x", "/tmp/\udcff"])
def test_a_folder_that_cannot_be_meant_is_told(folder: str):
    with pytest.raises(UsageError) as told:
        user_paths({"TOKTUI_DATA_DIR": folder, "TOKTUI_CONFIG_DIR": "/x"})
    assert "TOKTUI_DATA_DIR" in told.value.hint or "HOME" in told.value.hint


def test_the_home_of_the_user_is_the_variable_else_what_the_system_knows():
    assert user_home({"HOME": "/home/mira"}) == Path("/home/mira")
    assert user_home({}).is_absolute()


def test_asking_for_folders_makes_none(home: Path):
    assert user_paths({}).store.exists() is False
    assert list(home.iterdir()) == []


def test_a_new_folder_and_what_is_missing_above_it_is_for_the_user_alone(tmp_path: Path):
    folder = tmp_path / "a/b/c"
    create_private(folder)
    modes = [stat.S_IMODE(place.stat().st_mode) for place in (folder, folder.parent)]
    assert modes == [0o700, 0o700]
    create_private(folder)


def test_a_folder_that_exists_keeps_its_mode(tmp_path: Path):
    folder = tmp_path / "shared"
    folder.mkdir(mode=0o755)
    create_private(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o755


@pytest.mark.parametrize("below", ["", "/below"])
def test_a_file_in_the_way_is_an_error_with_a_hint(tmp_path: Path, below: str):
    in_the_way = tmp_path / "data"
    in_the_way.write_text("precious")
    with pytest.raises(StoreError) as refused:
        create_private(Path(f"{in_the_way}{below}"))
    assert refused.value.exit_code == 1
    assert "TOKTUI_DATA_DIR" in refused.value.hint
    assert in_the_way.read_text() == "precious"


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/var/lib", "ext4"),
        ("/", "ext4"),
        ("/homes/me", "ext4"),
        ("/home", "nfs4"),
        ("/home/me/x", "nfs4"),
        ("/home/me/local/x", "btrfs"),
        ("/mnt/c/Users/me", "9p"),
        ("/mnt/my disk/x", "fuse.sshfs"),
        ("/covered/x", "xfs"),
        ("/auto/x", "cifs"),
    ],
)
def test_the_mount_of_a_path_is_the_innermost_and_latest(path: str, kind: str):
    assert mount_type(Path(path), mounts=MOUNTS) == kind


def test_a_link_is_where_it_points_to(tmp_path: Path):
    link = tmp_path / "link"
    link.symlink_to("/mnt/c/data")
    assert mount_type(link / "toktui", mounts=MOUNTS) == "9p"


def test_no_mounts_no_answer():
    assert mount_type(Path("/x"), mounts="") is None


@pytest.mark.parametrize(
    "kind", ["nfs4", "cifs", "9p", "fuse", "fuseblk", "fuse.sshfs", "virtiofs"]
)
def test_mounts_behind_a_network_or_another_program_are_remote(kind: str):
    assert is_remote(kind)


@pytest.mark.parametrize(
    "kind", ["ext4", "xfs", "btrfs", "zfs", "tmpfs", "overlay", "apfs", "f2fs"]
)
def test_local_file_systems_are_not_remote(kind: str):
    assert not is_remote(kind)


def test_a_store_is_refused_on_a_remote_mount_before_anything_is_made(tmp_path: Path):
    paths = Paths(data=tmp_path / "data", config=tmp_path / "config")
    mounts = f"40 1 0:40 / {tmp_path} rw - nfs4 server:/x rw\n"
    with pytest.raises(StoreError, match="nfs4") as refused:
        prepare_data(paths, mounts=mounts)
    assert "local disk" in refused.value.hint
    assert not paths.data.exists()
    prepare_data(paths, mounts=mounts.replace("nfs4", "ext4"))
    assert paths.data.is_dir()
    assert not paths.config.exists()
