# Two commands are enough: `make run` and `make test`. Everything else is a part of them.
# Needs Python 3.12 or newer; all tools come from requirements.lock into .venv.

VENV := .venv
BIN := $(VENV)/bin
FRONTEND := services/web/frontend
SOURCES := shared sdk services deploy tests
LOCAL := $(shell sed -n 's/^-e \([^[]*\).*/\1/p' local.in)
UNEMITTED := $(foreach name,shared sdk prompts documents llm-gateway workflows web local,--no-emit-package scriptorium-$(name))
COMPILE := $(BIN)/uv pip compile -q --universal --python-version 3.12 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header

# The first Python that is new enough; version managers leave names behind that do not run.
PYTHON ?= $(shell for p in python3.12 python3.13 python3.14 python3 python $$(ls -d $$HOME/.pyenv/versions/3.1[2-9]*/bin/python 2>/dev/null); do \
  $$p -c 'import sys, ensurepip, venv; sys.exit(sys.version_info[:2] < (3, 12))' >/dev/null 2>&1 && { echo $$p; break; }; done)
NO_PYTHON := Scriptorium needs Python 3.12 or newer with its venv module (on Debian and Ubuntu: apt-get install python3-venv), and none was found or could be downloaded. Install one and run this again, or name it: make PYTHON=/path/to/python3.12

# Node of the machine if it is new enough for the build tools, otherwise the one that a wheel brings into .venv.
NODE_FITS := node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' >/dev/null 2>&1 && npm --version >/dev/null 2>&1
NPM := PATH="$(CURDIR)/$(BIN):$$PATH" npm --prefix $(FRONTEND)
FRONTEND_FILES := $(shell find $(FRONTEND) -type f -not -path '*/node_modules/*' -not -path '*/dist/*' -not -path '*/tests/*' 2>/dev/null)
TEST_WORKERS ?= 2

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help run sign-in-link sync web test check lint format types imports contracts contracts-check web-check unit web-unit e2e chromium bench bench-gateway lock clean

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

run: sync web ## start everything on this machine and print a sign-in link (SCRIPTORIUM_PORT, SCRIPTORIUM_DATA)
	@exec $(BIN)/python -m local_stack up

sign-in-link: sync ## print another sign-in link into the Scriptorium that runs
	@$(BIN)/python -m local_stack link

test: sync check unit web-unit e2e ## everything that must hold: check, all tests, the story in a browser

check: lint types imports contracts-check web-check ## what needs no running server: lint, types, import rules, contracts

# --- tools -------------------------------------------------------------------------------------------------

sync: $(VENV)/.synced ## install exactly the locked dependencies

$(BIN)/uv: requirements.boot.lock
	@if [ -n "$(PYTHON)" ]; then \
	  $(PYTHON) -m venv $(VENV) && $(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements.boot.lock; \
	elif uv --version >/dev/null 2>&1; then \
	  uv venv -q --clear --python 3.12 $(VENV) && uv pip install -q --require-hashes -p $(BIN)/python -r requirements.boot.lock; \
	elif python3 -m venv .boot >/dev/null 2>&1; then \
	  .boot/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements.boot.lock \
	  && .boot/bin/uv venv -q --clear --python 3.12 $(VENV) && .boot/bin/uv pip install -q --require-hashes -p $(BIN)/python -r requirements.boot.lock; \
	else false; fi || { echo "$(if $(PYTHON),The tools could not be installed: see the messages above.,$(NO_PYTHON))" >&2; exit 1; }
	@touch $@

$(VENV)/.synced: requirements.lock local.in $(LOCAL:%=%/pyproject.toml) $(BIN)/uv
	@echo "Installing the locked dependencies ..."
	@$(BIN)/uv pip sync -q -p $(BIN)/python requirements.lock local.in
	@touch $@

$(VENV)/.node: requirements.node.lock $(VENV)/.synced
	@$(NODE_FITS) || { echo "Installing Node from its wheel, because this machine has none from 20.19 on ..." \
	  && $(BIN)/uv pip install -q -p $(BIN)/python --require-hashes -r requirements.node.lock; }
	@touch $@

lock: $(BIN)/uv ## write the lock files anew after a change of dependencies
	$(COMPILE) $(UNEMITTED) local.in dev.in -o requirements.lock
	$(COMPILE) node.in -o requirements.node.lock
	awk '/^uv==/ {inside = 1; print; next} inside && /--hash/ {print; next} {inside = 0}' requirements.lock > requirements.boot.lock

# --- web ---------------------------------------------------------------------------------------------------

web: $(FRONTEND)/dist/index.html ## build the web application

# npm writes this file last, so it marks a complete installation.
$(FRONTEND)/node_modules/.package-lock.json: $(FRONTEND)/package-lock.json $(VENV)/.node
	@echo "Installing the web application's packages ..."
	@$(NPM) ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

$(FRONTEND)/dist/index.html: $(FRONTEND)/node_modules/.package-lock.json $(FRONTEND_FILES)
	@echo "Building the web application ..."
	@$(NPM) run --silent build
	@touch $@

# --- checks ------------------------------------------------------------------------------------------------

lint: sync ## ruff: rules and format
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)

format: sync ## let ruff mend what it can
	$(BIN)/ruff check --fix-only -q $(SOURCES)
	$(BIN)/ruff format $(SOURCES)

types: sync ## mypy --strict over sources and tests
	$(BIN)/mypy $(SOURCES)

imports: sync ## the import rules of the house
	$(BIN)/lint-imports --no-logo

contracts: sync $(FRONTEND)/node_modules/.package-lock.json ## write OpenAPI, AsyncAPI, event tables and the API client from the code
	$(BIN)/python -m shared.contracts.generate
	$(NPM) run --silent gen:api

contracts-check: sync
	$(BIN)/python -m shared.contracts.generate --check

web-check: $(FRONTEND)/node_modules/.package-lock.json
	$(NPM) run --silent gen:api -- --check
	$(NPM) run --silent typecheck
	$(NPM) run --silent lint

# --- tests -------------------------------------------------------------------------------------------------

unit: sync ## tests of every service on real servers, without a browser
	$(BIN)/pytest shared sdk services deploy -q -n $(TEST_WORKERS) --dist loadfile

web-unit: web ## unit tests of the web application, and what its pages may weigh
	$(NPM) run --silent test
	$(NPM) run --silent check:budget

e2e: sync web chromium ## the stories of the whole house, in headless Chromium
	$(BIN)/pytest tests -q

chromium: sync
	@$(BIN)/python -m shared.testing.chromium

bench: sync web ## measure against the direct call and write docs/benchmarks.md
	$(BIN)/python -m tests.bench

bench-gateway: sync ## measure the gateway beside a direct call, LiteLLM and Portkey (docs/benchmarks.md)
	$(BIN)/python -m tests.bench.gateway

# --- the rest ----------------------------------------------------------------------------------------------

clean: ## remove everything that can be made again; the data under .scriptorium stays
	rm -rf $(VENV) .boot $(FRONTEND)/node_modules $(FRONTEND)/dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis test-results
	find $(SOURCES) -name __pycache__ -type d -not -path '*/node_modules/*' -prune -exec rm -rf {} +
