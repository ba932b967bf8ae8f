# Everything here needs Python 3.11 or newer, git and make; the rest comes into .venv, pinned by requirements.lock.

PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed

.DEFAULT_GOAL := help
.PHONY: help install demo dev test check clocks faults bench docs lint format lock clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(INSTALLED) ## make .venv with the pinned dependencies

$(INSTALLED): requirements.lock pyproject.toml local_redshift/pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12")'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e . -e local_redshift
	@touch $@

demo: install ## the whole platform at work on this machine, until Ctrl-C
	$(BIN)/sms-warehouse demo

dev: install ## Dagster's UI and daemon on the stack of `sms-warehouse local up`
	@mkdir -p .local/dagster
	@cp sms_warehouse/local/dagster.yaml .local/dagster/dagster.yaml
	@env="$$($(BIN)/sms-warehouse local env)" && eval "$$env" && \
		DAGSTER_HOME="$(CURDIR)/.local/dagster" exec $(BIN)/dagster dev

test: lint ## lint, load the definitions, run all tests
	$(BIN)/dagster definitions validate
	$(BIN)/pytest

faults: install ## plant every listed fault and see the tests turn red
	$(BIN)/python -m sms_warehouse_tests.faults

check: install ## while you type: style, types, SQL, and the tests of the folders you changed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	@changed="$$(git diff --name-only --diff-filter=d HEAD -- 'sql/*.sql')"; \
		[ -z "$$changed" ] || $(BIN)/sqlfluff lint $$changed
	$(BIN)/python -m sms_warehouse.local.lint
	@tests="$$($(BIN)/python -m sms_warehouse_tests.touched)"; \
		[ -z "$$tests" ] || $(BIN)/pytest -q -m "not slow" $$tests

clocks: install ## the tests on a leap day, at the turn of a year, when clocks change (needs faketime)
	.ci/clocks

bench: install ## throughput of a day of traffic, against baselines of the same run
	$(BIN)/python benchmarks/throughput.py

docs: install ## docs/model.md, the model as a page, made from the SQL
	$(BIN)/python -m sms_warehouse.model_page

lint: install ## style, types and SQL
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/sqlfluff lint sql
	$(BIN)/python -m sms_warehouse.local.lint

format: install ## put code into the project's format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: ## make requirements.lock anew from pyproject.toml (needs uv)
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 \
		--generate-hashes --no-header --no-annotate --no-emit-package local-redshift -o requirements.lock

clean: ## remove what the other targets made
	rm -rf .venv .local .mypy_cache .pytest_cache .ruff_cache .hypothesis
