# Airbridge. `make demo` and `make test` do all their own set-up in .venv.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: help demo test test-real check lint format bench bench-detect clean
help: ## show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

.venv/ready: requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

demo: .venv/ready ## the main job, end to end: no account, no internet
	$(BIN)/airbridge demo

test: .venv/ready ## every test that needs no Debian or npm component
	$(BIN)/pytest -n 2

# Needs: apt-get install -y --no-install-recommends nginx-light dump1090-mutability postgresql \
#   chromium fonts-dejavu-core systemd openjdk-17-jre-headless nodejs npm
#   npm install -g wiremock; .venv/bin/pip install 'psycopg[binary]'
# and root for the booted machine. What is missing fails with its own install line.
test-real: .venv/ready ## the tests against real components (a skip is a failure)
	$(BIN)/pytest -m real --real -n 0

bench: .venv/ready ## measure: legs, detection, looking, store, pictures
	nice $(BIN)/python -m bench.legs.run --pictures
	nice $(BIN)/python bench/detect/run.py
	nice $(BIN)/python -m bench.feeds.coverage
	nice $(BIN)/python -m bench.feeds.fusion
	nice $(BIN)/python -m bench.feeds.planner
	nice $(BIN)/python bench/store/run.py
	nice $(BIN)/python bench/pictures.py

bench-detect: .venv/ready ## detection beside its peers (R's surveillance too, where R is present)
	nice $(BIN)/python bench/detect/run.py

lint: .venv/ready ## style and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

check: lint test ## what CI runs

format: .venv/ready
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf .venv build dist *.egg-info demo-out .pytest_cache .mypy_cache .ruff_cache
