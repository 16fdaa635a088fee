"""Made-up work of agents, in the shape of their logs, settled into a store by the real pipeline.

For tests and pictures: everything is seeded and hangs on one given instant.
"""

from toktui.dev.sample.absurd import absurd_work
from toktui.dev.sample.conversation import Conversation
from toktui.dev.sample.landed import settle_outcomes
from toktui.dev.sample.settle import move_home, settle_home
from toktui.dev.sample.thread import Thread
from toktui.dev.sample.work import DAY, MINUTE, a_year, busy_afternoon

__all__ = [
    "DAY", "MINUTE", "Conversation", "Thread", "a_year", "absurd_work", "busy_afternoon",
    "move_home", "settle_home", "settle_outcomes",
]  # fmt: skip
