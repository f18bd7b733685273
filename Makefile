# Every target makes the virtual environment first when it is missing or older than the lock.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
STACK ?= local
ENGINE ?= mock
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: help venv
help: ## Show the targets.
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

venv: $(STAMP) ## Make or refresh .venv from the lock.

$(STAMP): requirements.lock pyproject.toml scripts/dev/venv.sh
	@scripts/dev/venv.sh "$(PYTHON)" "$(VENV)"
	@touch $(STAMP)

.PHONY: lock
lock: $(STAMP) ## Resolve the dependencies anew into requirements.lock.
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-header \
	  --all-extras pyproject.toml --output-file requirements.lock

.PHONY: format
format: $(STAMP) ## Format the Python and shell sources.
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix-only --quiet .

.PHONY: check
check: $(STAMP) ## Lint and type-check everything; runs no test.
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

.PHONY: test
test: $(STAMP) ## Run the tests.
	$(BIN)/python -m pytest -n auto
