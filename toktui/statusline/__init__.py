"""The answer to Claude Code's `statusLine` command: one line, within a tenth of a second.

Claude Code starts a process for every answer, of many sessions at once. So nothing here imports
what takes time (click, msgspec, migrations), and only one process at a time looks into the store.
"""
