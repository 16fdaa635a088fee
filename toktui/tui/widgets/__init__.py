"""Widgets that take values and know nothing of where they come from."""
