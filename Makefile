# make run     the app on this machine's logs; ARGS="--demo" passes options on
# make test    all tests; ARGS="-k clock" passes options on
# make lint    style, types, direction of imports
# make bench   speed, memory and size against their targets
# make soak    the team board under mixed load and kill -9, on both databases; ARGS="--minutes 1"
# make shots   the pictures in screenshots/
# make prices  the rate book, from the data of genai-prices and our overlay
# make docs    docs/agents.md, from what each agent's module says
# make test-clients  real agents from npm against a model server of ours; docs/clients.md
#
# Each makes .venv and installs what it needs first, again only when pyproject.toml changed.

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
WORKERS ?= auto
ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: run test lint bench soak shots prices docs test-clients
.DEFAULT_GOAL := run

run: $(VENV)/.installed
	@$(BIN)/toktui $(ARGS)

test: $(VENV)/.installed-dev
	$(BIN)/pytest -n $(WORKERS) $(ARGS)

lint: $(VENV)/.installed-dev
	@failed=0; for tool in "ruff check" basedpyright lint-imports; do \
		echo "$(BIN)/$$tool"; $(BIN)/$$tool || failed=1; done; exit $$failed

bench: $(VENV)/.installed-dev
	$(BIN)/python -m toktui.dev.bench $(ARGS)

soak: $(VENV)/.installed-dev
	$(BIN)/python -m toktui.dev.soak $(ARGS)

shots: $(VENV)/.installed-dev
	$(BIN)/python -m toktui.dev.shots $(ARGS)
	$(BIN)/python -m toktui.dev.board_shots

prices: $(VENV)/.installed-dev
	$(BIN)/python -m toktui.dev.prices $(ARGS)

test-clients: $(VENV)/.installed-dev
	$(BIN)/python -m toktui.dev.clients $(ARGS)

docs: $(VENV)/.installed-dev
	$(BIN)/python -m toktui.dev.agents_doc $(ARGS)

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "toktui needs Python 3.11 or newer; none was found." >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml | $(BIN)/python
	@echo "Installing toktui into $(VENV) ..." >&2
	@$(PIP) --editable .
	@touch $@

$(VENV)/.installed-dev: pyproject.toml | $(BIN)/python
	@echo "Installing toktui and its tools into $(VENV) ..." >&2
	@$(PIP) --editable '.[dev]'
	@touch $@ $(VENV)/.installed
