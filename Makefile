# Every target makes the virtual environment first when it is missing or older than the lock.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
# What runs is this project's and its locked packages, whatever the shell puts before them.
unexport PYTHONPATH PYTHONHOME

PYTHON ?= python3
STACK ?= local
ENGINE ?= mock
ARGS ?=
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# A Ctrl-C that comes while the interpreter starts waits until the command can handle it.
RUN := $(shell env --block-signal=INT true 2>/dev/null && echo env --block-signal=INT )$(BIN)/python
SHELL_SCRIPTS := .ci/run $(wildcard scripts/dev/*.sh scripts/review/*.sh localcloud/sandbox/standins/*)
REVIEW := .review
BASE ?= main
HEAD ?= .
STACKS ?= local
POLICIES ?= $(STACKS)

.PHONY: help
help: ## Show the targets.
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: venv
venv: $(STAMP) ## Make or refresh .venv from the lock.

$(STAMP): requirements.lock pyproject.toml scripts/dev/venv.sh
	@scripts/dev/venv.sh "$(PYTHON)" "$(VENV)"
	@touch $(STAMP)

.PHONY: demo
demo: $(STAMP) ## Play the whole loop on this machine; ENGINE=pulumi deploys with the real engine.
	@$(RUN) -m localcloud demo --engine $(ENGINE) $(ARGS)

.PHONY: test
test: $(STAMP) ## Run the tests.
	@$(BIN)/python -m pytest -n auto $(ARGS)

.PHONY: check
check: $(STAMP) ## Lint and type-check everything; runs no test.
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/mypy cli components dryrun functions localcloud policies scripts stacks
	$(BIN)/shellcheck $(SHELL_SCRIPTS)
	scripts/dev/check-workflows.sh $(VENV)

.PHONY: bench
bench: $(STAMP) ## Measure, each figure beside its peer where there is one.
	@$(BIN)/python -m tests.bench $(ARGS)

.PHONY: cloud
cloud: $(STAMP) ## Run a local cloud in the foreground.
	@$(RUN) -m localcloud serve $(ARGS)

.PHONY: up preview refresh destroy
up: $(STAMP) ## pulumi up for STACK=local (starts a local cloud), dev or prod.
preview: $(STAMP) ## What `make up` would change.
refresh: $(STAMP) ## Compare the state with what is there.
destroy: $(STAMP) ## Take everything of STACK away.
up preview refresh destroy:
	@$(RUN) -m scripts.stack $@ --stack $(STACK) $(ARGS)

.PHONY: policy
policy: $(STAMP) ## Judge what STACK declares by the policies, without the Pulumi CLI.
	@$(RUN) -m scripts.policy --stack $(STACK) $(ARGS)

.PHONY: replay
replay: $(STAMP) ## List STACK's dead letters; ARGS=--yes publishes them again.
	@$(RUN) -m scripts.replay --stack $(STACK) $(ARGS)

.PHONY: behaviour
behaviour: $(STAMP) ## Say which recorded events would end differently than at BASE=main.
	@$(RUN) -m scripts.behaviour --base "$(BASE)" $(ARGS)

.PHONY: smoke
smoke: $(STAMP) ## Post a harmless approval to the deployed STACK and wait for its result.
	@$(RUN) -m scripts.smoke --stack $(STACK) $(ARGS)

# The parts of a review, as the workflows put them together; see scripts/review/.
.PHONY: judge
judge: $(STAMP) ## Policies and recorded events into .review/, for a comment; fails if one does.
	@mkdir -p $(REVIEW) && rm -f $(REVIEW)/behaviour.json $(REVIEW)/policy-*.json
	@failed=0; \
	$(RUN) -m scripts.behaviour --base "$(BASE)" --json $(REVIEW)/behaviour.json || failed=1; \
	for stack in $(STACKS); do \
	  $(RUN) -m scripts.policy --stack "$$stack" --json >"$(REVIEW)/policy-$$stack.json" || failed=1; \
	done; \
	exit $$failed

.PHONY: plan
plan: $(STAMP) ## Plan STACK of the checkout HEAD=. into .review/, for a comment.
	@BASE="$(BASE)" PROGRAM="$(HEAD)" scripts/review/plan.sh "$(STACK)" $(REVIEW) $(ARGS)

.PHONY: comment
comment: $(STAMP) ## Write the comment of a review into .review/comment.md.
	@$(RUN) -m scripts.review --base "$(BASE)" --head "$(HEAD)" \
	  --behaviour $(REVIEW)/behaviour.json --output $(REVIEW)/comment.md \
	  $(foreach stack,$(STACKS),--preview $(stack)=$(REVIEW)/$(stack).json) \
	  $(foreach stack,$(POLICIES),--policy $(stack)=$(REVIEW)/policy-$(stack).json)

.PHONY: drift
drift: $(STAMP)
	@$(RUN) -m scripts.review.drift --output $(REVIEW)/drift.md \
	  $(foreach stack,$(STACKS),--preview $(stack)=$(REVIEW)/$(stack).json)

.PHONY: lock
lock: $(STAMP) ## Resolve the dependencies anew into requirements.lock.
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-header \
	  --all-extras pyproject.toml --output-file requirements.lock

.PHONY: format
format: $(STAMP) ## Format the Python and shell sources.
	$(BIN)/ruff format --quiet .
	$(BIN)/ruff check --fix-only --quiet .
