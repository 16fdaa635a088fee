"""Where and for whom toktui runs: everything that comes from outside the program, in one value."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import msgspec

from toktui.clock import now_ms as system_now_ms
from toktui.errors import ConfigError, ToktuiError
from toktui.text import clean

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from toktui.config import Config
    from toktui.paths import Paths
    from toktui.pricing.rates import RateBook
    from toktui.pricing.rows import BookFile

UPDATE_NAME: Final = "rates.json"
"""Where an updated rate book lies in the data folder."""


@dataclass(slots=True)
class Context:
    """Folders, settings, environment and clock of one run."""

    paths: Paths
    config: Config
    home: Path
    env: Mapping[str, str]
    now_ms: Callable[[], int] = system_now_ms
    root: str = field(default="", kw_only=True)
    """Stands before the folders that logs name where these are not on this machine: the demo's."""
    _book: RateBook | None = field(default=None, repr=False, kw_only=True)

    def book(self) -> RateBook:
        """The rate book: what is shipped, what the user updated, the user's own rates on top."""
        if self._book is None:
            from toktui.pricing.rates import load_book  # noqa: PLC0415  read on first use

            try:
                self._book = load_book(own=self.config.prices or None, update=self._update())
            except ConfigError as error:
                file = clean(str(self.paths.config_file), 400)
                raise ConfigError(f"{file}: {error.what}", error.hint) from error
        return self._book

    def _update(self) -> BookFile | None:
        """The book that `toktui prices update` stored, if there is one."""
        path = self.paths.data / UPDATE_NAME
        if not path.exists():
            return None
        from toktui.pricing.rows import BookFile  # noqa: PLC0415

        try:
            return msgspec.json.decode(path.read_bytes(), type=BookFile)
        except (OSError, msgspec.DecodeError) as error:
            raise ToktuiError(
                f"{clean(str(path))} cannot be used: {clean(str(error), 160)}",
                "Delete it, or run `toktui prices update FILE` again.",
            ) from error
