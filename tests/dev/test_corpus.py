"""The corpus has the shape of real logs and says what a right count of it finds."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from toktui.config import Config
from toktui.dev.corpus import Corpus, make_corpus
from toktui.dev.corpus.size import SIZE
from toktui.dev.imitate.draw import Spread, stamp
from toktui.ingest.access import sync
from toktui.ingest.context import Context
from toktui.paths import Paths
from toktui.store.connect import connect_reader

NOW_MS = 1_795_343_400_000
SIZE_BYTES = 16 << 20


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Corpus]:
    home = tmp_path_factory.mktemp("corpus")
    return home, make_corpus(home, size=SIZE_BYTES, seed=1, now_ms=NOW_MS)


def lines_of(home: Path, agent: str) -> list[bytes]:
    logs = sorted((home / agent).rglob("*.jsonl"))
    return [line for log in logs for line in log.read_bytes().split(b"\n") if line]


def test_it_has_the_size_that_was_asked_for(corpus: tuple[Path, Corpus]) -> None:
    home, made = corpus
    sizes = [p.stat().st_size for p in home.rglob("*.jsonl")]
    assert made.bytes == sum(sizes)
    assert made.logs == len(sizes)
    assert SIZE_BYTES <= made.bytes < SIZE_BYTES * 1.3


def test_toktui_counts_what_was_written(corpus: tuple[Path, Corpus], tmp_path: Path) -> None:
    home, made = corpus
    paths = Paths(data=tmp_path / "data", config=tmp_path / "config")
    result = sync(Context(paths, Config(), home, {}, now_ms=lambda: NOW_MS))
    assert result.outcome.lines == made.lines
    assert result.outcome.not_understood == 0
    db = connect_reader(paths.store)
    (calls, tokens), = db.execute(
        "select sum(calls), sum(input + cache_read + cache_write_5m + cache_write_1h + output)"
        " from quarter"
    )
    db.close()
    assert (calls, tokens) == (made.calls, made.tokens)


def test_lines_of_claude_code_have_the_shape_of_real_ones(corpus: tuple[Path, Corpus]) -> None:
    lines = lines_of(corpus[0], ".claude")
    megabytes = sum(map(len, lines)) / 1e6
    usage = [line for line in lines if b'"usage"' in line]
    ids = {found[1] for line in usage if (found := re.search(rb'"id":"(msg_[^"]+)"', line))}
    lengths = sorted(map(len, lines))
    assert lengths[len(lengths) // 2] == pytest.approx(1131, rel=0.4)
    assert lengths[len(lengths) * 9 // 10] == pytest.approx(5571, rel=0.4)
    assert len(usage) / len(lines) == pytest.approx(0.37, abs=0.06)
    assert sum(map(len, usage)) / sum(lengths) == pytest.approx(0.21, abs=0.08)
    assert len(usage) / len(ids) == pytest.approx(2.1, abs=0.3)
    assert len(ids) / megabytes == pytest.approx(54, rel=0.3)


def test_lines_of_codex_have_the_shape_of_real_ones(corpus: tuple[Path, Corpus]) -> None:
    lines = lines_of(corpus[0], ".codex")
    megabytes = sum(map(len, lines)) / 1e6
    counts = sum(b'"token_count"' in line for line in lines)
    lengths = sorted(map(len, lines))
    assert lengths[len(lengths) // 2] == pytest.approx(455, rel=0.4)
    assert counts / megabytes == pytest.approx(81, rel=0.4)


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "other"):
        make_corpus(tmp_path / name, size=1 << 20, seed=2, now_ms=NOW_MS)
    one, other = (
        {p.relative_to(tmp_path / name): p.read_bytes() for p in (tmp_path / name).rglob("*.jsonl")}
        for name in ("one", "other")
    )
    assert one == other


def test_a_long_log_and_a_long_line_are_made_on_request(tmp_path: Path) -> None:
    make_corpus(
        tmp_path, size=8 << 20, seed=1, now_ms=NOW_MS, long_log=3 << 20, long_line=2 << 20
    )
    sizes = [p.stat().st_size for p in tmp_path.rglob("*.jsonl")]
    assert max(sizes) >= 3 << 20
    assert max(map(len, lines_of(tmp_path, ".claude"))) > 2 << 20


@pytest.mark.parametrize(
    ("text", "size"),
    [("0", 0), ("100", 100), ("2KiB", 2048), ("1.5MiB", 1572864), ("1GiB", 1 << 30)],
)
def test_sizes_are_read_as_people_write_them(text: str, size: int) -> None:
    assert SIZE(text) == size


def test_a_spread_keeps_its_quantiles() -> None:
    from random import Random

    spread = Spread((0.1, 10), (0.5, 100), (0.9, 1000))
    drawn = sorted(spread.draw(Random(i)) for i in range(2000))
    assert drawn[0] >= 9
    assert drawn[1000] == pytest.approx(100, rel=0.1)
    assert drawn[-1] <= 1000


def test_times_are_written_as_the_agents_do() -> None:
    assert stamp(1_795_309_960_464) == "2026-11-22T01:12:40.464Z"
    assert stamp(1_795_309_960_000) == "2026-11-22T01:12:40.000Z"
