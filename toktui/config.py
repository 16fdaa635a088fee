"""`config.toml`: what the user may set. A file that is not there sets nothing.

[agents.claude-code]
enabled = true
roots = ["~/.claude", "/mnt/c/Users/me/.claude"]

[prices."my-model"]              # dollars per million tokens, over every other rate
input = 3
cache_read = 0.3
output = 15
valid_from = 2026-01-01

[ui]
theme = "nord"
timezone = "Europe/Paris"

[store]
backups = 3

[statusline]
parts = ["session", "today", "burn", "context", "cache", "limits"]

[outcomes]
emails = ["me@example.com"]      # under which you commit, beside git's user.email
"""

from __future__ import annotations

import datetime
import stat
from collections.abc import Collection, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeVar, cast, get_args

import msgspec

from toktui.errors import ConfigError
from toktui.text import clean

Dollars = Annotated[
    Decimal | None, msgspec.Meta(description="dollars per million tokens, such as 3.5")
]
_MOST_DOLLARS: Final = 1_000_000

_Table = Mapping[str, object]
_S = TypeVar("_S", bound=msgspec.Struct)


class AgentConfig(msgspec.Struct, frozen=True):
    """`[agents.<name>]`."""

    enabled: Annotated[bool, msgspec.Meta(description="true or false")] = True
    roots: Annotated[
        tuple[str, ...], msgspec.Meta(description='a list of folders, such as ["~/.claude"]')
    ] = ()
    """Folders to read instead of the usual ones; empty: the usual ones."""


class OwnRates(msgspec.Struct, frozen=True):
    """`[prices.<model>]`, in dollars per million tokens; None is what the rate book says."""

    input: Dollars = None
    cache_read: Dollars = None
    cache_write_5m: Dollars = None
    cache_write_1h: Dollars = None
    output: Dollars = None
    valid_from: Annotated[
        datetime.date | None, msgspec.Meta(description="a date, such as 2026-01-31")
    ] = None


class UiConfig(msgspec.Struct, frozen=True):
    """`[ui]`."""

    theme: Annotated[str | None, msgspec.Meta(description='a name, such as "nord"')] = None
    timezone: Annotated[str | None, msgspec.Meta(description='such as "Europe/Paris"')] = None


class StoreConfig(msgspec.Struct, frozen=True):
    """`[store]`."""

    backups: Annotated[
        int, msgspec.Meta(ge=0, le=100, description="a whole number from 0 to 100")
    ] = 3
    """How many backups are kept."""


StatusPart = Literal["model", "session", "today", "burn", "context", "cache", "limits"]


class StatuslineConfig(msgspec.Struct, frozen=True):
    """`[statusline]`."""

    parts: Annotated[
        tuple[StatusPart, ...],
        msgspec.Meta(min_length=1, description=f"a list of {', '.join(get_args(StatusPart))}"),
    ] = ("session", "today", "burn", "context", "cache", "limits")
    """What the line shows, in this order."""


class OutcomesConfig(msgspec.Struct, frozen=True):
    """`[outcomes]`."""

    emails: Annotated[
        tuple[str, ...], msgspec.Meta(description='a list of addresses, such as ["me@example.com"]')
    ] = ()
    """Under which the user commits, beside git's own `user.email`."""


class Config(msgspec.Struct, frozen=True):
    """Everything that the user may set; the defaults are those of an absent file."""

    agents: Mapping[str, AgentConfig] = {}
    prices: Mapping[str, OwnRates] = {}
    ui: UiConfig = UiConfig()
    store: StoreConfig = StoreConfig()
    statusline: StatuslineConfig = StatuslineConfig()
    outcomes: OutcomesConfig = OutcomesConfig()

    def agent(self, name: str) -> AgentConfig:
        """What is set for an agent, or the defaults."""
        return self.agents.get(name, AgentConfig())


def load_config(path: Path, *, agents: Collection[str] | None = None) -> Config:
    """Reads `path`. `agents` are the names that `[agents.<name>]` may have; None: any.

    Raises `ConfigError` for what cannot be read, unknown keys and wrong values.
    """
    try:
        data = None if stat.S_ISFIFO(path.stat().st_mode) else path.read_bytes()
    except FileNotFoundError:
        return Config()
    except OSError as error:
        raise ConfigError(
            f"{clean(str(path))}: cannot be read: {error.strerror}", "Make it a readable file."
        ) from error
    if data is None:
        # Nobody may ever write to it.
        raise ConfigError(
            f"{clean(str(path))}: cannot be read: it is no file", "Make it a readable file."
        )
    import tomllib  # noqa: PLC0415  most have no file

    try:
        table = tomllib.loads(data.decode(), parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        raise ConfigError(
            f"{clean(str(path))}: not TOML: {clean(str(error), 200)}", "Mend that line."
        ) from error
    return _Reader(path).config(table, agents)


class _Reader:
    """Turns the tables of one file into `Config`, and says where it cannot."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def config(self, table: _Table, agents: Collection[str] | None) -> Config:
        self._known(table, Config.__struct_fields__, "")
        return Config(
            agents=self._named(table, "agents", AgentConfig, names=agents),
            prices=self._named(table, "prices", OwnRates),
            ui=self._struct(table.get("ui", {}), UiConfig, "ui"),
            store=self._struct(table.get("store", {}), StoreConfig, "store"),
            statusline=self._struct(table.get("statusline", {}), StatuslineConfig, "statusline"),
            outcomes=self._struct(table.get("outcomes", {}), OutcomesConfig, "outcomes"),
        )

    def _named(
        self, table: _Table, key: str, kind: type[_S], *, names: Collection[str] | None = None
    ) -> dict[str, _S]:
        """The tables `[<key>.<name>]`, by name."""
        section = self._table(table.get(key, {}), key)
        if names is not None:
            self._known(section, names, key)
        return {name: self._struct(value, kind, f"{key}.{name}") for name, value in section.items()}

    def _struct(self, value: object, kind: type[_S], where: str) -> _S:
        table = self._table(value, where)
        fields = {field.name: field for field in msgspec.structs.fields(kind)}
        self._known(table, fields, where)
        return kind(
            **{name: self._value(given, fields[name], where) for name, given in table.items()}
        )

    def _value(self, value: object, field: msgspec.structs.FieldInfo, where: str) -> object:
        try:
            converted = cast(object, msgspec.convert(value, field.type))
            if isinstance(converted, Decimal) and isinstance(value, str):
                raise msgspec.ValidationError("a number is no text")
        except msgspec.ValidationError as error:
            raise self._wrong(where, field) from error
        if isinstance(converted, Decimal) and not _is_price(converted):
            raise self._wrong(where, field)
        return converted

    def _table(self, value: object, where: str) -> _Table:
        if not isinstance(value, dict):
            raise self._error(f"{where} is not a table", f"Write [{where}] on a line of its own.")
        return cast(_Table, value)

    def _known(self, table: _Table, known: Collection[str], where: str) -> None:
        for key in table:
            if key not in known:
                inside = f" in [{where}]" if where else ""
                raise self._error(
                    f'unknown key "{key}"{inside}', f"Valid here: {', '.join(sorted(known))}."
                )

    def _wrong(self, where: str, field: msgspec.structs.FieldInfo) -> ConfigError:
        return self._error(
            f"[{where}] {field.name} has a wrong value", f"Valid: {_description(field)}."
        )

    def _error(self, what: str, hint: str) -> ConfigError:
        return ConfigError(f"{clean(str(self._path))}: {clean(what, 200)}", clean(hint, 400))


def _is_price(value: Decimal) -> bool:
    return value.is_finite() and 0 <= value <= _MOST_DOLLARS


def _description(field: msgspec.structs.FieldInfo) -> str:
    """What the field's annotation says about its values."""
    for meta in cast(tuple[Any, ...], getattr(field.type, "__metadata__", ())):
        if isinstance(meta, msgspec.Meta) and meta.description:
            return meta.description
    raise AssertionError(f"{field.name} has no description")
