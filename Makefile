# Every target works from a fresh clone: what it needs is installed first, from the lock file.

PYTHON ?= python3
DATES ?= 2013-02-11 2013-02-12 2013-02-13
CONFIGS ?= $(wildcard configs/nycflights13/*.yaml)

BIN := .venv/bin
STAMP := .venv/.installed
PYTEST := $(BIN)/python -m pytest -n 2 --dist loadgroup

LOCK_FLAGS := --universal --upgrade --generate-hashes --no-header --no-emit-index-url --quiet

comma := ,
empty :=
space := $(empty) $(empty)
CONFIG_LIST = $(subst $(space),$(comma),$(strip $(CONFIGS)))

.DEFAULT_GOAL := help
.PHONY: help install run test test-deep check docs bench lock clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(STAMP) ## Make .venv and install the project with its locked dependencies

run: $(STAMP) ## Land and promote three days of real data into lake/, then verify and show it
	$(BIN)/python docs/tutorial/prepare.py data/nycflights13 --dates $(DATES)
	$(BIN)/medallion run --config $(CONFIG_LIST) $(addprefix --date ,$(DATES)) --parallel-workers 2
	$(BIN)/medallion verify --config $(CONFIG_LIST)
	$(BIN)/medallion status --config $(CONFIG_LIST)
	@echo; echo "What weather left behind:"
	@find lake/bronze/system=nycflights13/table=weather lake/silver/domain=aviation/entity=weather \
		| sort | sed -e 's;[^/]*/;  ;g'

test: $(STAMP) ## Run every test that fits fifteen minutes
	$(PYTEST)

test-deep: $(STAMP) ## Run the same tests with ten times the examples, kills and rounds
	MEDALLION_TEST_SCALE=10 $(PYTEST)

check: $(STAMP) ## Lint, check format, types and imports, and the house rules
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest tests/house --deselect tests/house/test_tools.py

docs: $(STAMP) ## Write the generated reference files again
	$(BIN)/python docs/generate.py

bench: $(STAMP) ## Run the speed comparisons
	$(BIN)/python benchmarks/run.py

lock: $(STAMP) ## Resolve the dependencies again and write both lock files
	$(BIN)/uv pip compile pyproject.toml $(LOCK_FLAGS) --output-file requirements.lock
	$(BIN)/uv pip compile pyproject.toml $(LOCK_FLAGS) --all-extras \
		--constraint requirements.lock --output-file requirements-dev.lock

clean: ## Remove .venv, builds, caches and the tutorial's source files; lake/ stays
	rm -rf .venv dist data/nycflights13
	rm -rf .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find flows tasks blocks medallion tests docs -name __pycache__ -type d -prune -exec rm -rf {} +

$(STAMP): pyproject.toml requirements-dev.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python3"; exit 1; }
	$(PYTHON) -m venv --clear .venv || \
		{ echo "venv is missing: apt-get install python3-venv"; exit 1; }
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements-dev.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@
