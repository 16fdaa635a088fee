"""The command `toktui`: one module = one command group, loaded when it is called.

Nothing here imports more than click: a report on an unchanged store takes little longer than the
start of the interpreter.
"""

from __future__ import annotations

import errno
import importlib
import os
import sys
from collections.abc import Iterator, Mapping, MutableMapping
from keyword import iskeyword
from typing import TYPE_CHECKING, Any, Final, cast

import click

from toktui import VERSION
from toktui.errors import ToktuiError

if TYPE_CHECKING:
    from typing import NoReturn, TextIO

INTERRUPTED: Final = 130
_OF_OUTPUT: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})
"""What is wrong with the disk behind stdout, where an error names no file."""

MODULES: Final[Mapping[str, str]] = {
    "card": "card",
    "completion": "completion",
    "config": "config",
    "data": "data",
    "doctor": "doctor",
    "hook": "hook",
    "import": "import_",
    "models": "models",
    "now": "now",
    "outcomes": "outcomes",
    "prices": "prices",
    "report": "report",
    "reprice": "reprice",
    "serve": "serve",
    "sessions": "sessions",
    "statusline": "statusline",
    "sync": "sync",
    "team": "team",
    "week": "week",
    "why": "why",
}
"""The module below this package in which each command is defined under its own name."""


class _OnDemand(MutableMapping[str, click.Command]):
    """Commands by name; one is imported when it is looked up."""

    def __init__(self) -> None:
        self._loaded: dict[str, click.Command] = {}

    def __getitem__(self, name: str) -> click.Command:
        if name not in self._loaded:
            module = importlib.import_module(f"{__name__}.{MODULES[name]}")
            attribute = f"{name}_" if iskeyword(name) else name
            self._loaded[name] = cast(click.Command, getattr(module, attribute))
        return self._loaded[name]

    def __setitem__(self, name: str, command: click.Command) -> None:
        self._loaded[name] = command

    def __delitem__(self, name: str) -> None:
        del self._loaded[name]

    def __iter__(self) -> Iterator[str]:
        return iter(sorted({*MODULES, *self._loaded}))

    def __len__(self) -> int:
        return len({*MODULES, *self._loaded})


class _Failure(click.ClickException):
    """A `ToktuiError` as click ends a program: message and hint on stderr, and an exit code."""

    def __init__(self, error: ToktuiError) -> None:
        super().__init__(error.what)
        self._error = error

    @property
    def exit_code(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Of the error."""
        return self._error.exit_code

    def show(self, file: Any = None) -> None:
        click.echo(f"toktui: {self.message}", err=True, file=file)
        if self._error.hint:
            click.echo(self._error.hint, err=True, file=file)


class Program(click.Group):
    """The whole command line."""

    def main(self, *args: Any, **extra: Any) -> Any:
        """Runs the command line; in standalone mode ends the process with an exit code."""
        for stream in (sys.stdout, sys.stderr):
            reconfigure = getattr(stream, "reconfigure", None)
            if reconfigure is not None:
                # A terminal without a sign for `≥` gets `?` instead of a traceback.
                reconfigure(errors="replace")
        try:
            return super().main(*args, **{"prog_name": "toktui"} | extra)
        except OSError as error:
            if error.filename is not None or error.errno not in _OF_OUTPUT:
                raise
            _give_up(sys.stdout)
            click.echo(f"toktui: the output cannot be written: {error.strerror}", err=True)
            sys.exit(1)

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the command that was asked for; errors that the user can mend become messages."""
        try:
            return super().invoke(ctx)
        except ToktuiError as error:
            raise _Failure(error) from error
        except (KeyboardInterrupt, click.Abort):
            click.echo(err=True)
            _leave(ctx, INTERRUPTED)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command to run; one that does not exist is answered with those that do."""
        name = args[0] if args else ""
        known = ctx.resilient_parsing or name.startswith("-") or name in self.commands
        if args and not known:
            ctx.fail(f"No such command {name!r}. Commands: {', '.join(self.commands)}.")
        return super().resolve_command(ctx, args)


def _give_up(stream: TextIO) -> None:
    """Nothing more is written to a stream, not even what waits until the end."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
    except (OSError, ValueError):
        pass


def _leave(ctx: click.Context, code: int) -> NoReturn:
    ctx.exit(code)


@click.group(
    cls=Program,
    name="toktui",
    commands=_OnDemand(),
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Without a command: the screens. `toktui COMMAND --help` has examples.",
)
@click.option("--demo", is_flag=True, help="The screens on imitated agents, in a temporary folder.")
@click.version_option(VERSION, prog_name="toktui")
@click.pass_context
def main(ctx: click.Context, *, demo: bool) -> None:
    """What your coding agents burn: tokens, dollars and cache hits, exact and private."""
    if ctx.invoked_subcommand is not None:
        if demo:
            raise click.UsageError("--demo goes with the screens, not with a command.")
        return
    from toktui.cli.start import start_screens
    from toktui.tui.ending import HUNG_UP

    code = start_screens(demo=demo)
    if code == HUNG_UP:
        # Else what the terminal never took would end the program with a code of its own.
        _give_up(sys.stdout)
        _give_up(sys.stderr)
    _leave(ctx, code)
