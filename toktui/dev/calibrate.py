"""Measures the calibrations that toktui ships, from calls whose output real logs give.

    python -m toktui.dev.calibrate HOME... [--words FOLDER]

Every HOME is read into a store of its own in memory, and `ingest.learn` learns from its exact calls
what it would learn from a user's; the models with enough calls go to `data/calibrations.json`.
Codex counts in other lines than those that it writes: there everything between two counts is one
call, without its reasoning, which is encrypted and counted apart. These models use o200k_base
themselves, so that their ratio tells how good the method is: it has to be 1. It comes out at 0.98
to 1.01 with their own frame of 11 tokens around each piece, a little lower with Anthropic's 22.

Logs that were published with their text masked (letters became x, digits 0, everything else stays)
keep their lengths but not their tokens: with --words every run of masked letters becomes a random
word of that length from the files below FOLDER, and digits become random digits. How near that
comes is printed: the same is done to files of FOLDER whose words were set aside, and their tokens
are counted before and after. That bias is taken out of the ratios, and the ranges become wider by
what it varies with the kind of text.
"""

from __future__ import annotations

import argparse
import random
import re
import sqlite3
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from toktui.agents import agent
from toktui.clock import now_ms
from toktui.config import Config
from toktui.evidence import unpack
from toktui.ingest.context import Context
from toktui.ingest.estimate import MODEL, MODEL_JOINS
from toktui.ingest.learn import learn_models
from toktui.ingest.settle import Settler
from toktui.ingest.sync import sync_store
from toktui.paths import Paths
from toktui.pricing.calibrate import LEAST_CALLS, Calibration, Sample, Weight, learn
from toktui.pricing.rates import load_book
from toktui.pricing.tokenizer import DATA, count
from toktui.store.migrate import migrate
from toktui.store.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_LETTERS: Final = re.compile(r"[^\W\d_]+")
_DIGIT: Final = re.compile(r"\d")
_LONGEST: Final = 9
"""Longer runs that no file has are put together from words of 4 to this many letters."""
_ASIDE: Final = 5
"""Every how manieth file is set aside to check with."""
_DOUBT: Final = 0.05
"""How far the bias goes apart between prose and code of several kinds."""


class Words:
    """Replaces masked letters by real words of the same length."""

    def __init__(self, files: Sequence[Path], seed: int = 1) -> None:
        self._draw = random.Random(seed)
        self._by_length: defaultdict[int, list[str]] = defaultdict(list)
        for file in files:
            for word in _LETTERS.findall(_read(file)):
                self._by_length[len(word)].append(word)

    def unmasked(self, text: str) -> str:
        """The text with words and digits in place of the mask."""
        text = _LETTERS.sub(lambda run: self._word(len(run.group())), text)
        return _DIGIT.sub(lambda _: str(self._draw.randrange(10)), text)

    def _word(self, length: int) -> str:
        if length in self._by_length:
            return self._draw.choice(self._by_length[length])
        parts: list[str] = []
        while length:
            part = min(length, self._draw.randint(4, _LONGEST))
            parts.append(self._draw.choice(self._by_length[part] or ["x" * part]))
            length -= part
        return "".join(parts)


def masked(text: str) -> str:
    """The text as a publisher masks it."""
    return _DIGIT.sub("0", _LETTERS.sub(lambda run: "x" * len(run.group()), text))


def bias(words: Words, files: Sequence[Path]) -> float:
    """Tokens of unmasked text for each token of the text before it was masked."""
    texts = [_read(file) for file in files]
    before = sum(count(text) for text in texts)
    return sum(count(words.unmasked(masked(text))) for text in texts) / before


def calibrations(home: Path, words: Words | None) -> list[Calibration]:
    """What the exact calls of a home say."""
    db = sqlite3.connect(":memory:", isolation_level=None)
    migrate(db)
    book = load_book()
    nowhere = Paths(home / "nowhere", home / "nowhere")
    context = Context(nowhere, Config(), home, {}, now_ms, _book=book)
    sync_store(Settler(Writer(db), book), context)
    models = {name for (name,) in db.execute("select distinct priced_as from calls")} - {None}

    def counted(text: str) -> int:
        return count(words.unmasked(text)) if words else count(text)

    found = learn_models(db, models, counted, most=5_000, known={})
    between = ((model, learn(model, some)) for model, some in _between(db, counted).items())
    return found + [one for _, one in between if one is not None]


def _between(
    db: sqlite3.Connection, counted: Callable[[str], int]
) -> defaultdict[str, list[Sample]]:
    """Calls of Codex: what was written since the call before, and the output without reasoning."""
    calls: defaultdict[str, dict[int, tuple[str, int]]] = defaultdict(dict)
    for path, model, output, body in db.execute(
        f"select l.path, {MODEL}, c.output - c.reasoning, x.body from call c{MODEL_JOINS}"
        " join sighting x on x.call = c.id join source o on o.id = x.source"
        " join log l on l.id = o.log join name a on a.id = c.agent"
        " where a.text = 'codex' and c.exactness = 0 and x.reason < 0"
    ):
        calls[path][next(unpack(body).places()).offset] = (model, output)
    found: defaultdict[str, list[Sample]] = defaultdict(list)
    for path, at_offset in calls.items():
        written, offset = Weight(), 0
        for line in Path(path).read_bytes().splitlines(keepends=True):
            if offset in at_offset:
                model, output = at_offset[offset]
                if written.tokens and output > 0:
                    found[model].append(Sample(written, output))
                written = Weight()
            turn = agent("codex").turn(line)
            for piece in turn.pieces if turn else ():
                if piece.kind in ("text", "call"):
                    tokens, tools = counted(piece.text), piece.kind == "call"
                    written = Weight(written.tokens + tokens, written.tools + tools)
            offset += len(line)
    return found


def _shipped(one: Calibration, off: float, *, doubt: float = _DOUBT) -> Calibration:
    """As it is shipped: for text that nobody masked."""
    return msgspec.structs.replace(
        one,
        source="shipped",
        ratio=round(one.ratio * off, 3),
        low=round(one.low * (1 - doubt), 3),
        high=round(one.high * (1 + doubt), 3),
        low_thinking=round(one.low_thinking * (1 - doubt), 3),
        high_thinking=round(one.high_thinking * (1 + doubt), 3),
    )


def _read(file: Path) -> str:
    return file.read_text(encoding="utf-8", errors="ignore")


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures and writes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("home", nargs="+", type=Path)
    parser.add_argument("--words", type=Path, nargs="+", default=[])
    chosen = parser.parse_args(arguments)
    files = [f for folder in chosen.words for s in ("py", "md") for f in folder.rglob(f"*.{s}")]
    random.Random(1).shuffle(files)
    words, off = None, 1.0
    if files:
        words = Words(files[len(files) // _ASIDE :])
        off = bias(words, files[: len(files) // _ASIDE])
        print(f"{len(files)} files; unmasked text has {off:.3f} times the tokens of the real one")
    best: dict[str, Calibration] = {}
    for home in chosen.home:
        for one in calibrations(home, words):
            if one.model not in best or best[one.model].calls < one.calls:
                best[one.model] = _shipped(one, off) if words else _shipped(one, 1.0, doubt=0.0)
    how = (
        f"Measured by toktui.dev.calibrate on calls of real logs with a known output, at least"
        f" {LEAST_CALLS} of a model, against o200k_base."
    )
    if words is not None:
        how += f" The logs were masked; words stood in for the mask, with a bias of {off:.3f}."
    found = {"how": how, "models": [best[name] for name in sorted(best)]}
    target = DATA / "calibrations.json"
    target.write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=1) + b"\n")
    for one in found["models"]:
        print(one)


if __name__ == "__main__":
    main()
