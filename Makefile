# Every target sets up what it needs and is quick when nothing changed.
PYTHON ?= python3
BIN = .venv/bin

.PHONY: setup demo test lint types bench quality pictures clean

setup: .venv/.installed

.venv/.installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Copydesk needs Python 3.11 or newer; set PYTHON=/path/to/python3"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv || { echo "Could not create .venv. On Debian or Ubuntu: apt-get install python3-venv"; exit 1; }
	@echo "Installing pinned versions into .venv ..."
	@$(BIN)/python -m pip install -qq --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

demo: setup
	@$(BIN)/scrapy demo

test: setup
	@$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile

lint: setup
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: setup
	@$(BIN)/mypy

bench: setup
	@$(BIN)/python -m benchmarks
	@$(BIN)/python -m benchmarks.store

quality: setup
	@$(BIN)/python -m benchmarks.quality

pictures: setup
	@$(BIN)/python -m benchmarks.pictures

clean:
	rm -rf .venv build *.egg-info
