# Each target makes its own .venv first; a machine needs Python 3.11 or newer, and nothing else.

PYTHON ?= python3
BIN := .venv/bin
SOURCES := $(shell find scheduler_core -name '*.py')

.DEFAULT_GOAL := help
.PHONY: help app test lint bench
.NOTPARALLEL:
.DELETE_ON_ERROR:

help: ## list what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-6s %s\n", $$1, $$2}' Makefile

app: .venv/.kernels ## serve the workbench and say at which address
	$(BIN)/streamlit run app.py

test: lint .venv/.kernels ## run the linters and all tests
	$(BIN)/pytest -n auto --maxprocesses 4 --dist worksteal

lint: .venv/.dev ## check style, types and the direction of imports
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: .venv/.kernels ## measure the learned dispatcher against EDD and the best rule
	$(BIN)/python -m benchmarks.policy

# What is installed, as empty files: nothing is installed again until a requirement changes.
.venv/.app: pyproject.toml constraints.txt | $(BIN)/pip
	$(BIN)/pip install --disable-pip-version-check -c constraints.txt -e '.[app]'
	@touch $@

.venv/.dev: pyproject.toml constraints.txt | $(BIN)/pip
	$(BIN)/pip install --disable-pip-version-check -c constraints.txt -e '.[app,dev]'
	@touch .venv/.app $@

# One run of each kind of method leaves the compiled kernels in their cache. Should it fail, the app
# compiles them when it needs them, and has its own words for what is missing.
.venv/.kernels: constraints.txt $(SOURCES) | .venv/.app
	@echo 'Compiling the simulator, once, in about a minute.'
	-@$(BIN)/scheduler compare data/10_jobs.json --methods edd best_rule ppo > /dev/null
	@touch $@

$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit( \
	"Python 3.11 or newer is needed, this is %d.%d: run make with PYTHON=..." % sys.version_info[:2])'
	$(PYTHON) -m venv .venv
