"""Texts of the demo: invented and harmless; short, or as long as what is billed."""

from __future__ import annotations

from typing import Final

PROMPTS: Final = (
    "The invoice total is off by one cent for some orders. Find out why and fix it.",
    "Add a dark theme to the settings page, and remember the choice.",
    "Why is the nightly build slow since Tuesday?",
    "Write tests for the parser, including the empty file.",
    "Rename Basket to Cart everywhere, tests first.",
    "The map flickers when it is resized. Reproduce it, then fix it.",
    "Move the feature flags out of the environment into a file.",
    "Explain how the retry logic works, with a small drawing.",
    "Please continue.",
    "Looks good. Commit it with a short message.",
    "Upgrade the linter and fix what it finds.",
    "The search box should tolerate typos.",
    "Split this function, it is too long.",
    "Can the importer read files of 2 GB without running out of memory?",
    "Make the error message say what to do.",
    "Dates before 1970 are shown one day early. Fix that.",
)
REPLIES: Final = (
    "I will look at how totals are rounded first.",
    "The rounding happens per line instead of once per order. Fixing that now.",
    "All tests pass. The change is in two files.",
    "The cause is a cache that is never invalidated; the fix is small.",
    "I have added three tests; one of them fails without the fix.",
    "This is done. Shall I also update the documentation?",
    "Found it: the comparison ignores the time zone.",
    "Reading the callers before I change the signature.",
    "The build spends most of its time compressing pictures that did not change.",
    "Two places use the old name in strings; I have changed them too.",
)
TITLES: Final = (
    "Rounding of invoices", "Dark theme", "Slow nightly build", "Parser tests", "Cart, not basket",
    "Map flicker", "Feature flags", "Retry logic", "Tolerant search", "Large imports",
)
COMMANDS: Final = (
    ("Bash", "pytest -q tests/test_totals.py"), ("Bash", "git diff --stat"),
    ("Bash", "rg -n 'def round_' src"), ("Read", "src/orders/total.py"), ("Read", "README.md"),
    ("Edit", "src/orders/total.py"), ("Edit", "src/web/theme.css"), ("Grep", "class Basket"),
    ("Bash", "make lint"), ("Write", "tests/test_empty_file.py"), ("Glob", "src/**/*.py"),
)
RESULTS: Final = (
    "12 passed in 0.84s", "3 files changed, 41 insertions(+), 17 deletions(-)",
    "src/orders/total.py:31:def round_line(amount):\nsrc/orders/total.py:48:def round_order(o):",
    "def total(lines):\n    return sum(line.amount for line in lines)\n", "No matches found.",
    "The file has been updated.", "F.....\n1 failed, 11 passed in 1.02s",
)
SUMMARY: Final = (
    "Summary of the conversation so far: totals are rounded once per order; tests cover negative "
    "amounts; open: the documentation."
)
PROJECTS: Final = (
    ("/home/mira/shop-api", ("main", "fix/rounding", "feat/refunds")),
    ("/home/mira/atlas-web", ("main", "feat/dark-theme", "fix/map-flicker")),
    ("/home/mira/importer", ("main", "feat/large-files")),
    ("/home/mira/infra", ("main", "chore/faster-nightly")),
    ("/home/mira/notes", ("main",)),
    ("/home/mira/handbook", ("main", "feat/search")),
)
AGENT_TYPES: Final = ("Explore", "general-purpose", "code-reviewer", "test-writer")
NICKNAMES: Final = ("Ada", "Grace", "Linus", "Edsger", "Barbara")
SEARCHES: Final = ("banker's rounding in SQL", "css prefers-color-scheme", "levenshtein distance")
_PAGE: Final = "\n".join((*PROMPTS, *REPLIES, *RESULTS, *(what for _, what in COMMANDS)))
CLAUDE: Final = 3.2
"""Characters of a token of the page, for Claude."""


def passage(tokens: int, begins: int, *, chars: float = 4.0) -> str:
    """Text of about so many tokens of so many characters, from the page of all texts, which is read
    again and again; `begins` says from where."""
    length = max(1, round(tokens * chars))
    start = begins % len(_PAGE)
    return (_PAGE * (1 + (start + length) // len(_PAGE)))[start : start + length]
