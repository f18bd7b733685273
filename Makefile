# Every target makes the virtual environment first when it is missing, broken or not of this lock.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
# What runs is this project's and its locked packages, whatever the shell puts before them.
unexport PYTHONPATH PYTHONHOME
# The images of many machines set this, and then every start of a command compiles 300 modules anew.
unexport PYTHONDONTWRITEBYTECODE

# The interpreter of the environment; the first of 3.11 or newer on PATH if left out.
PYTHON ?=
STACK ?= local
ENGINE ?= mock
ARGS ?=
VENV ?= .venv
BIN := $(VENV)/bin
# A Ctrl-C that comes while the interpreter starts waits until the command can handle it.
RUN := $(shell env --block-signal=INT true 2>/dev/null && echo env --block-signal=INT) $(BIN)/python
SHELL_SCRIPTS := .ci/run scripts/provision/provision.sh scripts/provision/deprovision.sh \
  $(wildcard ops/dev/*.sh ops/review/*.sh localcloud/src/localcloud/sandbox/standins/*)
REVIEW := .review
# Where the parts lie that the code of a change has made itself.
JUDGED ?= $(REVIEW)
BASE ?= main
# Most of a test's time goes to the processes that it starts and waits for.
WORKERS ?= $(shell n=$$(getconf _NPROCESSORS_ONLN); echo $$((n < 4 ? 2 * n : n + 4)))
SEEDS ?= 1000
SEQUENCES ?= 1000
HEAD ?= .
STACKS ?= local
POLICIES ?= $(STACKS)

.PHONY: help
help: ## List the targets.
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: venv
venv: ## Create, repair or update .venv from the lock.
	@ops/dev/venv.sh "$(VENV)" $(if $(PYTHON),"$(PYTHON)")

.PHONY: demo
demo: venv ## Run the whole loop on this machine; ENGINE=pulumi deploys with the real engine.
	@$(RUN) -m demo --engine $(ENGINE) $(ARGS)

.PHONY: test
test: venv ## Run the tests.
	@$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(ARGS)

.PHONY: test-pythons
test-pythons: ## Run the tests on every supported Python of this machine.
	@ops/dev/test-pythons.sh $(ARGS)

.PHONY: check
check: venv ## Lint and type-check everything; runs no test.
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	@# A file without an encoding is read in the locale's, which may be GBK.
	$(BIN)/ruff check --quiet --preview --select PLW1514 --exclude tests .
	$(BIN)/mypy components demo functions localcloud ops policies scripts stacks tests
	$(BIN)/shellcheck -x -P SCRIPTDIR -e SC2329 $(SHELL_SCRIPTS)
	ops/dev/check-workflows.sh $(VENV)

.PHONY: simulate
simulate: venv ## Play SEEDS=1000 histories of the loop under faults; ARGS=--seed=7 tells one step by step.
	@$(RUN) -m tests.simulation --seeds $(SEEDS) $(ARGS)

.PHONY: pictures
pictures: venv ## Take the pictures of the documents anew, in Chromium.
	@PYTEST_PICTURES=$(abspath docs/pictures) $(BIN)/python -m pytest -q tests/e2e/test_page.py

.PHONY: compare
compare: venv ## Play SEQUENCES=1000 of words on the real scripts and on the simulation's model of a host.
	@$(RUN) -m tests.simulation --sequences $(SEQUENCES) $(ARGS)

.PHONY: bench
bench: venv ## Run the benchmarks, each beside its peer where there is one.
	@PYTHONPATH=localcloud/tests $(BIN)/python -m tests.bench $(ARGS)

.PHONY: cloud
cloud: venv ## Run a local cloud in the foreground.
	@$(RUN) -m localcloud serve --config demo/localcloud.yaml $(ARGS)

.PHONY: approve
approve: venv ## Post an approval to the local cloud: ARGS='E123 devops --wait'.
	@$(RUN) -m demo approve $(ARGS)

.PHONY: init
init: venv ## Write the file of a new STACK, and name the secrets that it needs.
	@$(RUN) -m ops init --stack $(STACK) $(ARGS)

.PHONY: up preview refresh destroy
up: venv ## Deploy STACK=local (starts a local cloud), dev or prod.
preview: venv ## Show what `make up` would change.
refresh: venv ## Bring the state of STACK up to date with the cloud.
destroy: venv ## Delete every resource of STACK.
preview refresh:
	@$(RUN) -m ops $@ --stack $(STACK) $(ARGS)
up destroy:
	@$(RUN) -m ops $@ --stack $(STACK) $(ARGS)
	@# What cannot be deleted now, the next update deletes: no reason for this one to have failed.
	@$(RUN) -m ops prune --stack $(STACK) $(if $(filter destroy,$@),--destroyed) || true

.PHONY: prune
prune: venv ## Delete the commands that updates of STACK have replaced and nobody runs any more.
	@$(RUN) -m ops prune --stack $(STACK) $(ARGS)

.PHONY: policy
policy: venv ## Check STACK against the policies, without the Pulumi CLI.
	@$(RUN) -m ops policy --stack $(STACK) $(ARGS)

.PHONY: replay
replay: venv ## List STACK's dead letters; ARGS=--yes publishes them again.
	@$(RUN) -m ops replay --stack $(STACK) $(ARGS)

.PHONY: pause resume
pause: venv ## Refuse requests to provision in STACK, with REASON='…' in the chats.
	@$(RUN) -m ops pause --stack $(STACK) --reason "$$REASON" $(ARGS)

resume: venv ## End `make pause`.
	@$(RUN) -m ops resume --stack $(STACK) $(ARGS)

.PHONY: behaviour
behaviour: venv ## Show which recorded events would end differently than at BASE=main.
	@$(RUN) -m ops behaviour --base "$(BASE)" $(ARGS)

.PHONY: smoke
smoke: venv ## Post a harmless approval to the deployed STACK and wait for its result.
	@$(RUN) -m ops smoke --stack $(STACK) $(ARGS)

.PHONY: rehearse
rehearse: venv ## Ask the account of STACK what the documentation leaves open, and clean up.
	@$(RUN) -m ops rehearse --stack $(STACK) $(ARGS)

# The parts of a review, as the workflows put them together; see ops/review/.
.PHONY: judge
judge: venv ## Write the results of policies and recorded events into .review/; fail if one does.
	@mkdir -p $(REVIEW) && rm -f $(REVIEW)/behaviour.json $(REVIEW)/policy-*.json
	@failed=0; \
	$(RUN) -m ops behaviour --base "$(BASE)" --json $(REVIEW)/behaviour.json || failed=1; \
	for stack in $(STACKS); do \
	  $(RUN) -m ops policy --stack "$$stack" --json >"$(REVIEW)/policy-$$stack.json" || failed=1; \
	done; \
	exit $$failed

.PHONY: plan
plan: venv ## Write the plan for STACK of the checkout HEAD=. into .review/.
	@$(RUN) -m ops plan --stack "$(STACK)" --folder $(REVIEW) --base "$(BASE)" --program "$(HEAD)" $(ARGS)

.PHONY: comment
comment: venv ## Write the comment of a review into .review/comment.md.
	@$(RUN) -m ops review --base "$(BASE)" --head "$(HEAD)" \
	  --behaviour $(JUDGED)/behaviour.json --output $(REVIEW)/comment.md \
	  $(foreach stack,$(STACKS),--preview $(stack)=$(if $(filter local,$(stack)),$(JUDGED),$(REVIEW))/$(stack).json) \
	  $(foreach stack,$(POLICIES),--policy $(stack)=$(JUDGED)/policy-$(stack).json)

# A deployment that somebody approves: what is written down is shown, and it alone is carried out.
.PHONY: propose apply
propose: venv ## Write into .review/ what `make apply` will do to STACK, and show it.
	@$(BIN)/python -m ops plan --stack "$(STACK)" --folder $(REVIEW) --refresh --save-plan $(abspath $(REVIEW)/$(STACK).plan)
	@$(BIN)/python -m ops review --preview $(STACK)=$(REVIEW)/$(STACK).json --output $(REVIEW)/comment.md
	@cat $(REVIEW)/comment.md

apply: venv ## Carry out what `make propose` wrote, or nothing if settings or cloud have changed.
	@$(BIN)/python -m ops up --stack $(STACK) -- \
	  --plan $(REVIEW)/$(STACK).plan --refresh --yes --skip-preview --non-interactive

.PHONY: drift
drift: venv
	@$(RUN) -m ops drift --output $(REVIEW)/drift.md \
	  $(foreach stack,$(STACKS),--preview $(stack)=$(REVIEW)/$(stack).json)

# The second file is the part of the first that the Pulumi program needs; `pulumi install` reads it.
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header

.PHONY: lock
lock: venv ## Update the lock to pyproject.toml; ARGS=--upgrade resolves everything anew.
	$(COMPILE) $(ARGS) --all-extras pyproject.toml localcloud/pyproject.toml --output-file requirements.lock
	$(COMPILE) --constraints requirements.lock --no-annotate pyproject.toml --output-file requirements.txt

.PHONY: pin-engine
pin-engine: venv ## Write down another release of the Pulumi engine: ARGS=--version=3.300.0.
	@$(RUN) -m ops pin-engine $(ARGS)

.PHONY: format
format: venv ## Format the Python and shell sources.
	$(BIN)/ruff format --quiet .
	$(BIN)/ruff check --fix-only --quiet .
