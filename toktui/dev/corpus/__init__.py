"""A home full of logs of the real shape, for measuring.

What the logs say is drawn from the statistics of real ones: how long lines are, which kinds there
are, how many report tokens, how large logs and projects are. The same seed gives the same bytes.
"""

from __future__ import annotations

from toktui.dev.corpus.make import Corpus, make_corpus

__all__ = ["Corpus", "make_corpus"]
