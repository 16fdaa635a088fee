"""What goes wrong in a way that the user can mend.

Everything else is a bug and keeps its traceback.
"""

from __future__ import annotations

from typing import ClassVar


class ToktuiError(Exception):
    """Says what happened and what to do about it; the command line prints both and exits.

    `what` and `hint` may quote a name that came from outside: `text.clean` it first.
    """

    DEFAULT_EXIT_CODE: ClassVar[int] = 1

    def __init__(self, what: str, hint: str = "", exit_code: int | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint
        self.exit_code = self.DEFAULT_EXIT_CODE if exit_code is None else exit_code


class UsageError(ToktuiError):
    """The command was asked for something that does not exist; the hint names what does."""

    DEFAULT_EXIT_CODE = 2


class ConfigError(ToktuiError):
    """`config.toml` cannot be used; `what` names file and key, the hint the valid values."""

    DEFAULT_EXIT_CODE = 2


class StoreError(ToktuiError):
    """The store cannot be opened, written or trusted."""


class ReadOnlyError(StoreError):
    """The store cannot be written from here, but what it holds is sound and can be read."""


class WriteError(StoreError):
    """Writing the store failed, say for want of space; what it held before is sound."""
