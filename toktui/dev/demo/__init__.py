"""A home on which imitations of the agents live: weeks of history, then rows as time goes by.

Every number and text is drawn from a seed; nothing looks at the clock unless it is told to.
"""

from __future__ import annotations

from toktui.dev.demo.context import demo_context
from toktui.dev.demo.home import LiveAgents, make_home

__all__ = ["LiveAgents", "demo_context", "make_home"]
