"""Runs one client after the other while toktui follows, and compares what each side counted."""

from __future__ import annotations

import argparse
import contextlib
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from toktui.config import Config
from toktui.dev.clients.catalog import CLIENTS, NODE, Client, Step
from toktui.dev.clients.provider import Answer, Provider
from toktui.ingest import access
from toktui.ingest.context import Context
from toktui.ingest.service import IngestService
from toktui.model import Tokens
from toktui.paths import Paths
from toktui.store.connect import connect_reader

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT: Final = Path(__file__).parent.parent.parent.parent
TABLE: Final = ROOT / "docs" / "clients.md"
_STEP_S: Final = 120
_FOLLOW_S: Final = 5.0


class Result(msgspec.Struct, kw_only=True):
    """What became of one client."""

    client: str
    version: str
    steps: list[str]
    """What it did; a step that failed says so."""
    answered: int = 0
    matched: int = 0
    """Requests that are one call each with the same buckets."""
    placeholder: int = 0
    """Requests that are one call each with the same prompt; the log never got the output."""
    live: int = 0
    """Of these, how many were in the store while the client's follower ran, without a sync."""
    ledger: int = 0
    """Requests that only the agent's own ledger knows."""
    cut: int = 0
    """Requests that the user interrupted: nobody got their counts."""
    missing: list[Answer] = []
    extra: int = 0
    """Calls that no request answers for."""
    note: str = ""


class Calls(msgspec.Struct):
    """What the store has of an agent."""

    exact: Counter[Tokens] = msgspec.field(default_factory=Counter)
    prompts: Counter[Tokens] = msgspec.field(default_factory=Counter)
    """Of calls that lack their output."""
    residual_output: int = 0
    residuals: int = 0


def _calls(store: Path, agent: str) -> Calls:
    calls = Calls()
    if not store.exists():
        return calls
    with contextlib.closing(connect_reader(store)) as db:
        for exactness, *buckets in db.execute(
            "select exactness, input, cache_read, cache_write_5m, cache_write_1h, output,"
            " reasoning from calls where agent = ?", (agent,),
        ):  # fmt: skip
            tokens = Tokens(*buckets)
            if exactness == "residual":
                calls.residuals += 1
                calls.residual_output += tokens.output
            elif exactness == "placeholder":
                calls.prompts[_prompt(tokens)] += 1
            else:
                calls.exact[tokens] += 1
    return calls


def _outputs(store: Path, agent: str) -> Counter[int]:
    exact = _calls(store, agent).exact
    return Counter({tokens.output: calls for tokens, calls in exact.items()})


def _prompt(tokens: Tokens) -> Tokens:
    return msgspec.structs.replace(tokens, output=0, reasoning=0)


class _Run:
    def __init__(self, client: Client, tools: Path, folder: Path) -> None:
        self.client = client
        self.tools = tools
        self.home = folder / "home"
        self.work = folder / "work"
        for path in (self.home, self.work):
            path.mkdir(parents=True)
        subprocess.run(["git", "init", "-q"], cwd=self.work, check=True)
        self.paths = Paths(folder / "data", folder / "config")

    def env(self, url: str) -> dict[str, str]:
        fill = {"url": url, "home": str(self.home)}
        kept = {k: os.environ[k] for k in ("LANG", "TMPDIR", "TERM") if k in os.environ}
        path = [str(self.tools / "node_modules/.bin"), *os.environ["PATH"].split(os.pathsep)]
        own = {name: _filled(value, fill) for name, value in self.client.env.items()}
        return kept | {"PATH": os.pathsep.join(path), "HOME": str(self.home), "CI": "1"} | own

    def configure(self, url: str) -> None:
        for name, text in self.client.files.items():
            path = self.home / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(_filled(text, {"url": url, "home": str(self.home)}))

    def run(self, step: Step, env: dict[str, str], provider: Provider) -> str:
        """Runs one step; gives what went wrong."""
        program = str(self.tools / "node_modules/.bin" / self.client.program)
        before = len(provider.answers)
        provider.slowly = step.interrupted
        process = subprocess.Popen(
            [program, *step.arguments], cwd=self.work, env=env, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        try:
            if step.interrupted:
                _wait_for(lambda: len(provider.answers) > before, 60)
                time.sleep(2)
                os.killpg(process.pid, signal.SIGINT)
                _wait_for(lambda: process.poll() is not None, 3)
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGTERM)
            output, _ = process.communicate(timeout=_STEP_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            output, _ = process.communicate()
            return f"no end after {_STEP_S} s: {_last_line(output)}"
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
        if len(provider.answers) == before:
            return f"no request: {_last_line(output)}"
        if process.returncode and not step.interrupted:
            return f"exit {process.returncode}: {_last_line(output)}"
        return ""


def _filled(text: str, fill: dict[str, str]) -> str:
    for name, value in fill.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def _last_line(output: bytes) -> str:
    lines = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", output.decode("utf-8", "replace")).split("\n")
    return next((line.strip()[:100] for line in reversed(lines) if line.strip()), "no output")


def _wait_for(true: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not true() and time.monotonic() < end:
        time.sleep(0.05)


def try_client(client: Client, tools: Path, folder: Path) -> Result:
    """Runs all steps of an installed client and compares."""
    run = _Run(client, tools, folder)
    result = Result(client=client.name, version=_version(run), steps=[])
    context = Context(run.paths, Config(), run.home, {})
    store = run.paths.store
    with Provider() as provider:
        run.configure(provider.url)
        service = IngestService(context, lambda _: None)
        service.start()
        try:
            for step in client.steps:
                wrong = run.run(step, run.env(provider.url), provider)
                result.steps.append(f"{step.what} ({wrong})" if wrong else step.what)
            outputs = Counter(a.tokens.output for a in provider.answers if a.whole)
            _wait_for(lambda: not outputs - _outputs(store, client.agent), _FOLLOW_S)
            result.live = (outputs & _outputs(store, client.agent)).total()
        finally:
            service.stop()
    access.sync(context)
    compare(result, provider.answers, _calls(store, client.agent))
    return result


def compare(result: Result, answers: list[Answer], calls: Calls) -> None:
    """Each answer is a call with the same buckets, or with the same prompt, or in the ledger.

    Where a client never logs how much of the output is reasoning, that is not asked for.
    """
    if not any(tokens.reasoning for tokens in calls.exact):
        for answer in answers:
            answer.tokens = msgspec.structs.replace(answer.tokens, reasoning=0)
    whole = [a for a in answers if a.whole or calls.exact[a.tokens]]
    cut = [a for a in answers if a not in whole]
    missing = [a for a in whole if not calls.exact[a.tokens]]
    unfinished = [a for a in missing if calls.prompts[_prompt(a.tokens)]]
    missing = [a for a in missing if a not in unfinished]
    # What an interrupted request got before its end may be in the ledger, too.
    beyond = calls.residual_output - sum(a.tokens.output for a in missing)
    if calls.residuals and 0 <= beyond <= sum(a.tokens.output for a in cut):
        result.ledger, missing, calls.residuals = len(missing), [], 0
    # The client may have been stopped between the answer's last byte and its log.
    cut += [a for a in missing if a.hurried]
    missing = [a for a in missing if not a.hurried]
    known = Counter(_prompt(a.tokens) for a in (*unfinished, *cut))
    result.answered, result.cut, result.missing = len(answers), len(cut), missing
    result.placeholder = len(unfinished)
    result.matched = len(answers) - len(cut) - len(missing) - len(unfinished) - result.ledger
    result.extra = (
        (calls.exact - Counter(a.tokens for a in whole)).total()
        + (calls.prompts - known).total()
        + calls.residuals
    )


def _version(run: _Run) -> str:
    program = str(run.tools / "node_modules/.bin" / run.client.program)
    done = subprocess.run(
        [program, "--version"], env=run.env("http://127.0.0.1:9"), capture_output=True,
        timeout=_STEP_S,
        check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    found = re.search(rb"\d+(?:\.\d+)+", done.stdout + done.stderr)
    return found[0].decode() if found else "?"


def install(client: Client, folder: Path) -> None:
    """Installs a client and what runs it; CalledProcessError if that fails."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "package.json").write_text('{"private": true}')
    subprocess.run(
        ["npm", "install", "--no-audit", "--no-fund", "--silent", NODE, client.package],
        cwd=folder, check=True, stdin=subprocess.DEVNULL,
    )  # fmt: skip


def main(arguments: list[str] | None = None) -> int:
    """Runs the clients that are named, or all, and writes the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", help="part of a client's name")
    parser.add_argument("--tools", type=Path, help="a folder in which clients stay installed")
    parser.add_argument("--keep", action="store_true", help="keep homes and stores")
    options = parser.parse_args(arguments)
    if shutil.which("npm") is None:
        print("npm is not installed; it brings the clients.", file=sys.stderr)
        return 1
    folder = Path(tempfile.mkdtemp(prefix="toktui-clients-"))
    results: list[Result] = []
    for client in CLIENTS:
        if options.only and options.only.lower() not in client.name.lower():
            continue
        slug = re.sub(r"\W+", "-", client.name.lower()).strip("-")
        tools = (options.tools or folder / "tools") / slug
        try:
            if not (tools / "node_modules" / ".bin" / client.program).exists():
                install(client, tools)
            result = try_client(client, tools, folder / slug)
        except (subprocess.SubprocessError, OSError) as error:
            result = Result(client=client.name, version="?", steps=[], note=str(error)[:120])
        results.append(result)
        print(line(result), file=sys.stderr)
    if not options.only:
        TABLE.write_text(table(results))
    if options.keep:
        print(folder, file=sys.stderr)
    else:
        shutil.rmtree(folder, ignore_errors=True)
    return int(any(r.missing or r.extra or r.note for r in results))


def line(result: Result) -> str:
    """A result for the terminal."""
    missing = ", ".join(f"#{a.number}{' side' if a.side else ''} {a.model}" for a in result.missing)
    return (
        f"{result.client} {result.version}: {result.answered} answered, {result.matched} matched"
        f" ({result.live} live), {result.placeholder} placeholders, {result.ledger} in the ledger,"
        f" {result.cut} cut, {len(result.missing)} missing [{missing}], {result.extra} extra; "
        f"{'; '.join(result.steps)} {result.note}"
    )


def table(results: list[Result]) -> str:
    """The results as a document."""
    rows = [
        "## Real clients",
        "",
        f"`make test-clients` on {time.strftime('%Y-%m-%d', time.gmtime())},"
        f" {platform.system()}: each client runs headless against a model server on the loopback"
        " address while toktui follows its logs. *Matched*: the request is one call with the very"
        " same buckets. *Live*: in the store while the client ran. *Placeholder*: the log never got"
        " its output. *Ledger*: only the agent's own ledger knows it, as a residual call. *Cut*:"
        " interrupted, so that nobody got its counts. *Missing*: the client wrote it nowhere ("
        "titles of sessions, asked for without tools).",
        "",
        "| client | version | did | answered | matched | live | placeholder | ledger | cut"
        " | missing | extra |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for r in results:
        sides = sum(a.side for a in r.missing)
        missing = f"{len(r.missing)}" + (f" ({sides} without tools)" if sides else "")
        did = ", ".join(r.steps) or r.note
        rows.append(
            f"| {r.client} | {r.version} | {did} | {r.answered} | {r.matched} | {r.live}"
            f" | {r.placeholder} | {r.ledger} | {r.cut} | {missing} | {r.extra} |"
        )
    return "\n".join(rows) + "\n"
