# Every target makes its own environment in .venv when it is not there yet: any Python that pyproject.toml admits will do,
# and `make PYTHON=/path/to/python ...` says which.
BIN := .venv/bin

.PHONY: help setup reproduce test slow calibrate lint format types docs bench lock clean

help:
	@echo "make reproduce   fit every bundled model and write results/: a report, tables, figures and fits"
	@echo "make test        the tests"
	@echo "make slow        the validation that takes minutes"
	@echo "make calibrate   how often intervals hold the truth: survival, hazard ratios, counts; goes on where it stopped"
	@echo "make lint        Ruff: rules and format (make format mends)"
	@echo "make types       mypy"
	@echo "make docs        the documentation, in docs/_build/html"
	@echo "make bench       how long it takes, as ratios to what it rests on"
	@echo "make lock        pin the dependencies anew (UPGRADE=--upgrade for newer ones)"
	@echo "make clean       remove the environment, builds and caches; results/ stays"

setup:
	@sh tools/setup.sh

reproduce: setup
	$(BIN)/tinycohort reproduce --output results

test: setup
	$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

slow: setup
	$(BIN)/python -m pytest -m slow

calibrate: setup
	$(BIN)/python tools/calibrate_hazard_ratios.py
	$(BIN)/python tools/calibrate_survival.py
	$(BIN)/python tools/calibration_page.py
	$(BIN)/python tools/calibrate_counts.py
	$(BIN)/python tools/calibration_counts_page.py

lint: setup
	$(BIN)/ruff check
	$(BIN)/ruff format --check

format: setup
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

types: setup
	$(BIN)/mypy

docs: setup
	$(BIN)/sphinx-build --fail-on-warning --keep-going --fresh-env --quiet --doctree-dir docs/_build/doctrees \
	  docs docs/_build/html

bench: setup
	$(BIN)/python tests/benchmark.py

# One lock for every system and every Python that the project admits; it names packages, versions and hashes only.
lock:
	@test -x $(BIN)/uv || sh tools/setup.sh
	$(BIN)/uv pip compile pyproject.toml --group build --group test --group lint --group docs --group lock \
	  --universal --python-version 3.12 --python $(BIN)/python --no-python-downloads --only-binary :all: \
	  --generate-hashes --no-annotate --custom-compile-command "make lock" \
	  $(UPGRADE) --quiet --output-file requirements.lock

clean:
	rm -rf .venv dist docs/_build .hypothesis .calibration .mypy_cache .pytest_cache .ruff_cache
	find data docs models src tests tools -name __pycache__ -type d -prune -exec rm -rf {} +
