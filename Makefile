PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test lint bench docs install results

install: $(VENV)/.installed

$(VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install -q -c constraints.txt torch
	$(BIN)/pip install -q -c constraints.txt -e '.[dev]'
	touch $@

demo: install
	$(BIN)/driftrec demo

# A process a core, each of one thread: tests that fork wait for ever with more.
test: install
	OMP_NUM_THREADS=1 OMP_WAIT_POLICY=passive $(BIN)/pytest -n auto --dist loadfile

bench: install
	$(BIN)/pip install -q -c constraints.txt -e '.[peers]'
	$(BIN)/driftrec bench

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# The site, into site/; open site/index.html, or serve it for the search: python -m http.server -d site
docs: install
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

# 55 trainings: an hour and a half or more. Interrupted, it goes on where it was.
results: install
	$(BIN)/driftrec results
