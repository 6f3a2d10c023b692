# Everything that is done from a shell. `make help` lists it.

VENV := .venv
PY := $(VENV)/bin/python
STAMP := $(VENV)/.installed
DBT := .venv-dbt
RUN_STAMP := $(VENV)/.run-installed
PYTHON ?= $(shell for name in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& command -v $$name && break; done)
COMPILE := $(VENV)/bin/uv pip compile --quiet --generate-hashes --universal --no-emit-index-url \
	--no-emit-find-links --no-annotate --no-header --python-version 3.11
# Compiled modules are kept, whatever the environment says: a process starts in half the time.
export PYTHONDONTWRITEBYTECODE :=

PROVE_CASES ?= 100000
CONFORMANCE ?= ../shared/conformance
SYSTEMS := tests/e2e tests/docs/test_examples.py tests/docs/test_compatibility.py \
	tests/docs/test_commands.py tests/integration/cli tests/integration/test_run.py \
	tests/integration/test_migration_killed.py
WITHOUT_SYSTEMS := $(addprefix --ignore=,$(SYSTEMS))
SOURCES := rowgate service auth actions db tests

.DEFAULT_GOAL := help
.PHONY: help setup run reset test test-systems test-all test-wheel prove lint types format golden docs lock marts wheel \
	conformance baseline bench

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

setup: $(STAMP) ## prepare .venv with everything pinned, and the commands rowgate and graphql-engine

run: $(RUN_STAMP) ## run everything for development; Ctrl-C stops it; ARGUMENTS=--free-ports takes other ports
	@$(VENV)/bin/rowgate run $(ARGUMENTS)

reset: $(RUN_STAMP) ## drop the data of `make run`, after asking
	@$(VENV)/bin/rowgate reset $(ARGUMENTS)

test: setup ## run the tests, but for those of whole systems
	$(PY) -m pytest -n auto --dist loadfile --no-loadscope-reorder -m "not alone" $(WITHOUT_SYSTEMS)
	$(PY) -m pytest -m alone $(WITHOUT_SYSTEMS) \
		$$(grep -rl --include='test_*.py' 'mark\.alone' tests)

test-systems: setup ## run the tests of whole systems: everything that runs, browser, guides
	$(PY) -m pytest -n auto --dist loadfile -m "not alone" $(SYSTEMS)
	$(PY) -m pytest -m alone $$(grep -rl --include='test_*.py' 'mark\.alone' $(SYSTEMS))

test-all: test test-systems ## run every test

test-wheel: setup ## run what asks Postgres most on the wheel's, which is newer than many a system's
	TEST_POSTGRES=/nowhere $(PY) -m pytest -n auto --dist loadfile tests/golden tests/properties \
		tests/integration/admin tests/integration/hostile

prove: setup ## compare the engine with its oracle over PROVE_CASES=100000 requests, prints the figure; see that the oracle finds mistakes
	ROWGATE_PROPERTY_CASES=$(PROVE_CASES) $(PY) -m pytest -n auto --maxprocesses 4 --dist load \
		tests/properties/test_permissions.py tests/properties/test_mutants.py

lint: setup ## check style and formatting
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .

types: setup ## check types, strictly
	$(VENV)/bin/mypy $(wildcard $(SOURCES) bench/*.py)

format: setup ## format the code, mend what can be mended
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

golden: setup ## rewrite the golden files; then review the difference
	ROWGATE_REWRITE_GOLDEN=1 $(PY) -m pytest tests/golden

docs: setup ## rewrite the generated parts of the documentation; then review the difference
	ROWGATE_REWRITE_DOCS=1 $(PY) -m pytest tests/docs/test_generated.py

conformance: setup ## replay the recorded cases of CONFORMANCE=folder against the engine
	$(PY) tests/conformance/play.py $(CONFORMANCE) $(ARGUMENTS)

baseline: setup ## rewrite the list of recorded cases that are known not to hold
	$(PY) tests/conformance/play.py $(CONFORMANCE) \
		--write-baseline tests/conformance/known-failures.txt

bench: setup ## measure the engine beside its peers and the limit; ARGUMENTS=--quick for a short run
	$(PY) -m bench $(ARGUMENTS)

lock: setup ## pin the newest versions that fit requirements/*.in
	cd requirements && ../$(COMPILE) --upgrade runtime.in -o runtime.txt
	cd requirements && ../$(COMPILE) --upgrade -c runtime.txt run.in -o run.txt
	cd requirements && ../$(COMPILE) --upgrade -c run.txt development.in -o development.txt
	cd requirements && ../$(COMPILE) --upgrade -c development.txt installer.in -o installer.txt
	cd requirements && ../$(COMPILE) --upgrade dbt.in -o dbt.txt

wheel: setup ## build the wheel into dist/
	$(PY) -m pip wheel --quiet --no-deps --no-build-isolation --no-index -w dist .

marts: $(DBT)/.installed ## build the marts of dbt/ in the database of the run; ARGUMENTS=docs for others
	@$(DBT)/bin/python dbt/build.py $(ARGUMENTS)

$(DBT)/.installed: requirements/dbt.txt | setup
	@$(PYTHON) -m venv $(DBT)
	@$(VENV)/bin/uv pip install --quiet --python $(DBT)/bin/python --require-hashes -r $<
	@touch $@

$(STAMP): requirements/development.txt requirements/install.sh pyproject.toml
	@PYTHON="$(PYTHON)" sh requirements/install.sh $(VENV) requirements/development.txt
	@touch $@ $(RUN_STAMP)

$(RUN_STAMP): requirements/run.txt requirements/install.sh pyproject.toml
	@PYTHON="$(PYTHON)" sh requirements/install.sh $(VENV) requirements/run.txt
	@touch $@
