"""The user's own rates in config.toml, changed without touching anything else in the file."""

from __future__ import annotations

import json
import os
import re
import tempfile
import tomllib
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, cast

import msgspec

from toktui.config import load_config
from toktui.errors import ConfigError, ToktuiError, UsageError
from toktui.text import clean

if TYPE_CHECKING:
    from collections.abc import Mapping

_NUMBER = re.compile(r"\d{1,7}(\.\d{1,9})?", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """What the user wrote, by the names of the configuration."""

    input: str | None = None
    cache_read: str | None = None
    cache_write_5m: str | None = None
    cache_write_1h: str | None = None
    output: str | None = None
    valid_from: str | None = None

    def any(self) -> bool:
        """Whether there is anything to write."""
        return any(value is not None for value in msgspec.structs.astuple(self))

    def lines(self) -> list[str]:
        """As TOML. UsageError for what is no rate or no date."""
        found: list[str] = []
        for name, value in msgspec.structs.asdict(self).items():
            if value is None:
                continue
            if not (_is_date(value) if name == "valid_from" else _NUMBER.fullmatch(value)):
                valid = "a date, such as 2026-01-31" if name == "valid_from" else (
                    "dollars per million tokens, such as 3.5"
                )
                option = "from" if name == "valid_from" else name.replace("_", "-")
                raise UsageError(f"--{option}: {clean(value)!r} is wrong.", f"Valid: {valid}.")
            found.append(f"{name} = {value}")
        return found


def _is_date(text: str) -> bool:
    """Whether it is a day that there is, as TOML writes it."""
    try:
        return bool(_DATE.fullmatch(text)) and bool(date.fromisoformat(text))
    except ValueError:
        return False


def put(file: Path, model: str, given: Given) -> None:
    """Writes `[prices."model"]` with these rates, in the place of an earlier one."""
    _change(file, model, given.lines())


def take_out(file: Path, model: str) -> None:
    """Takes `[prices."model"]` out. UsageError naming those that are there."""
    _change(file, model, None)


def _change(file: Path, model: str, lines: list[str] | None) -> None:
    name = clean(model)
    if not model:
        raise UsageError("The name of the model is empty.", "Name it as its log does.")
    if not name or name != model:
        raise UsageError("The name of the model has characters that no log shows.", "")
    load_config(file)
    old = _read(file)
    known = _prices(old)
    if lines is None and model not in known:
        listed = ", ".join(clean(each) for each in known) or "none"
        raise UsageError(f"config.toml has no own rates of {name!r}.", f"It has: {listed}.")
    new = _without(old, model)
    if lines is not None:
        gap = "\n" if new.strip() else ""
        new = f"{new.rstrip()}\n{gap}" if new.strip() else ""
        new += "\n".join([f"[prices.{json.dumps(model, ensure_ascii=False)}]", *lines, ""])
    _check(file, old, new, model)
    _write(file, new)


def _read(file: Path) -> str:
    try:
        return file.read_bytes().decode()
    except FileNotFoundError:
        return ""


def _prices(text: str) -> Mapping[str, object]:
    return cast("Mapping[str, object]", tomllib.loads(text).get("prices", {}))


def _without(text: str, model: str) -> str:
    """The text without the table of the model: from its header to the next one."""
    kept: list[str] = []
    inside = False
    for line in text.splitlines(keepends=True):
        if line.lstrip().startswith("["):
            inside = _is_header(line, model)
        if not inside:
            kept.append(line)
    return "".join(kept)


def _is_header(line: str, model: str) -> bool:
    try:
        return list(_prices(line)) == [model] and _prices(line)[model] == {}
    except tomllib.TOMLDecodeError:
        return False


def _check(file: Path, old: str, new: str, model: str) -> None:
    """The new text says what the old one said, but for this model."""
    before: dict[str, object]
    after: dict[str, object]
    try:
        before, after = tomllib.loads(old), tomllib.loads(new)
    except tomllib.TOMLDecodeError:
        before, after = {"": 0}, {}
    for table in (before, after):
        prices = cast("dict[str, object]", table.pop("prices", {}))
        prices.pop(model, None)
        if prices:
            table["prices"] = prices
    if before != after:
        raise ConfigError(
            f"{clean(str(file), 400)} has the rates of {clean(model)} in a form that is not changed"
            " here.",
            f'Change it by hand: a table [prices."{clean(model)}"].',
        )


def _write(file: Path, text: str) -> None:
    """Whole or not at all, and only if the program can use it."""
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=file.parent, prefix=".config.toml.")
    except OSError as error:
        raise ConfigError(
            f"{clean(str(file), 400)} cannot be written: {error.strerror}",
            "Make the folder writable, or set TOKTUI_CONFIG_DIR to one that is.",
        ) from error
    part = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        from toktui.pricing.rates import load_book

        load_book(own=load_config(part).prices or None)
        if file.exists():
            part.chmod(file.stat().st_mode & 0o777)
        part.replace(file.resolve())
    except ConfigError as error:
        raise UsageError(error.what.replace(str(part), str(file)), error.hint) from error
    except OSError as error:
        raise ToktuiError(
            f"{clean(str(file), 400)} cannot be written: {error.strerror}",
            "Make room, or make it writable; it is as it was.",
        ) from error
    finally:
        part.unlink(missing_ok=True)
