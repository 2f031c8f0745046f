# Warifu. Every target sets up what it needs; nothing has to be installed by hand but Python >= 3.11 and make.
VENV   := .venv
PY     := $(VENV)/bin/python
STAMP  := $(VENV)/.installed

.PHONY: help demo test check bench bench-peers bench-leakage docs measure up lock format clean

help: ## show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

$(STAMP): requirements.lock pyproject.toml tools/setup.sh
	@tools/setup.sh $(VENV)

demo: $(STAMP) ## the eight steps of a transfer, end to end, on three local chains
	@tools/setup-tpm.sh $(VENV) || true
	@$(VENV)/bin/warifu demo

test: $(STAMP) ## everything: format, lint, types, import contracts, all tests
	@tools/prepare-tests.sh $(VENV)
	@tools/run-tests.sh $(VENV)

check: $(STAMP) ## the fast part: format, lint, types, import contracts, unit tests
	@tools/quick-checks.sh $(VENV)

bench: $(STAMP) ## measure: signing, key generation, memory (table and JSON)
	@$(PY) -m bench

bench-peers: $(STAMP) ## measure next to other implementations (needs Node 20)
	@$(PY) -m bench.against_peers

bench-leakage: $(STAMP) ## does the time of a function tell its secret? (half an hour)
	@$(PY) -m bench.leakage

docs: $(STAMP) ## regenerate what the docs take from the code, and check the links
	@$(PY) tools/docs.py

measure: $(STAMP) ## a release's reference values, from two clean builds that must agree (APPLIANCE=1: the image's, too)
	@$(PY) tools/measure.py $(if $(APPLIANCE),--appliance)

up: $(STAMP) ## start the custody service and keep it running
	@$(VENV)/bin/warifu up

lock: $(STAMP) ## resolve the dependencies again and write requirements.lock with hashes
	@tools/lock.sh $(VENV)

format: $(STAMP) ## format and fix what can be fixed
	@$(VENV)/bin/ruff format . && $(VENV)/bin/ruff check --fix .

clean: ## remove what was built
	rm -rf $(VENV) .cache .mypy_cache .ruff_cache .pytest_cache build
