"""ccusage, the fastest of the others, from npm into a temporary folder."""

from __future__ import annotations

import platform
import shutil
import subprocess
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

COMMAND: Final = ("daily", "--json", "--offline")
_WAIT_S: Final = 120
_MACHINES: Final = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64", "arm64": "arm64"}


def install(folder: Path) -> tuple[Path, str] | str:
    """Its native program and version, or why there is none."""
    npm = shutil.which("npm")
    if npm is None:
        return "npm is not installed"
    machine = _MACHINES.get(platform.machine().lower())
    package = f"@ccusage/ccusage-{platform.system().lower()}-{machine}"
    try:
        subprocess.run(
            [npm, "install", "--silent", "--no-audit", "--prefix", str(folder), package],
            check=True,
            capture_output=True,
            timeout=_WAIT_S,
        )
    except (OSError, subprocess.SubprocessError) as error:
        return f"npm could not install {package}: {type(error).__name__}"
    program = folder / "node_modules" / package / "bin" / "ccusage"
    if not program.exists():
        return f"{package} has no program for this machine"
    program.chmod(0o755)
    told = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    return program, told.stdout.strip() or "of unknown version"
