"""Real agents, run headless against a model server of ours: does each request become a call?

`make test-clients` installs the agents from npm into a temporary folder, runs them on the loopback
address, follows their logs live, and compares the store with what the server answered. It needs
npm, a network to install, and minutes: it is no part of the tests.
"""
