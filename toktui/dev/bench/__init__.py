"""Speed, memory and size against their targets: `python -m toktui.dev.bench`."""
