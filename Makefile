# Every command sets up what it needs; a fresh clone with Python (3.11 or later) and git is enough.
PYTHON ?= python3
# Standard environments: for work on the project, for benchmarks, for tests beside JAX, for libraries
# that are written for JAX and run without it, and for the documentation.
VENV := .venv
BENCH := .venv-bench
PEERS := .venv-peers
ECOSYSTEM := .venv-ecosystem
DOCS := .venv-docs

.DEFAULT_GOAL := help
.PHONY: help tour test peers ecosystem docs browser lint format types bench package clean

help:  ## list these commands
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1	\2/' | expand -t 20

tour: $(VENV)/ready  ## run the guided notebook; leaves out/tour.html
	@echo "running examples/tour.ipynb"
	@$(VENV)/bin/wengert run examples/tour.ipynb --output out
	@echo "open out/tour.html in a browser; out/tour.ipynb is the notebook with its results"

test: $(VENV)/ready  ## run the tests
	$(VENV)/bin/python tools/suite.py

peers: $(PEERS)/ready  ## run the tests that compare with real JAX
	$(PEERS)/bin/python -m pytest -q -m peers $$(grep -l mark.peers tests/test_*.py)

browser: $(VENV)/ready  ## look at what `make docs` and `make tour` left, in headless Chromium
	WENGERT_BROWSER=required $(VENV)/bin/python -m pytest -q tests/test_browser.py

# PROGRAMS=--few, the default, is a small selection; PROGRAMS= means all, some minutes; or names of programs.
PROGRAMS ?= --few
ecosystem: $(ECOSYSTEM)/ready  ## run libraries written for JAX, without JAX; PROGRAMS= for all
	$(ECOSYSTEM)/bin/python tests/ecosystem/run.py $(PROGRAMS)

docs: $(DOCS)/ready  ## build the documentation; leaves out/docs/index.html
	@$(DOCS)/bin/python tools/site.py build/site
	@echo "running the tutorials and writing the pages: a few minutes"
	@$(DOCS)/bin/python -m sphinx --fail-on-warning --keep-going -q -j auto -d build/doctrees build/site out/docs
	@echo "open out/docs/index.html in a browser"

lint: $(VENV)/ready  ## check format, imports and names
	$(VENV)/bin/ruff format --check src tests examples
	$(VENV)/bin/ruff check src tests examples

types: $(VENV)/ready  ## check types
	$(VENV)/bin/basedpyright

format: $(VENV)/ready  ## format the code and build the tour's notebook from its source
	$(VENV)/bin/ruff format src tests examples
	$(VENV)/bin/python examples/build.py

package:  ## build the distributions into dist/ and try the wheel in a new environment
	$(PYTHON) tools/package.py

bench: $(BENCH)/ready  ## compare with JAX, PyTorch and autograd; writes docs/benchmarks.md
	$(BENCH)/bin/python benchmarks/eager.py --write docs/benchmarks.md
	$(BENCH)/bin/python benchmarks/compiled --write docs

bench-rows: $(BENCH)/ready  ## some forty rows of all families beside JAX, PyTorch, numba, NumPy and autograd, a quarter of an hour
	$(BENCH)/bin/python -m benchmarks.table --quick --seconds 0.5 --page out/rows.md --numbers out/rows.json

bench-all: $(BENCH)/ready  ## all rows of all families; goes on where it was ended; writes out/rows.md
	$(BENCH)/bin/python -m benchmarks.table --page out/rows.md --numbers out/rows.json

clean:  ## remove the environments and everything made
	rm -rf $(VENV) $(BENCH) $(PEERS) $(ECOSYSTEM) $(DOCS) out build dist .pytest_cache .ruff_cache .hypothesis

# An environment is ready when everything in it is installed; an interrupted set-up is started over.
define environment
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	  || { echo "Python 3.11 or later is needed; name one with: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	@echo "making the environment $(1) with $$($(PYTHON) --version)"
	@rm -rf $(1)
	@$(PYTHON) -m venv $(1) \
	  || { echo "Python's venv module is needed (on Debian and Ubuntu: apt install python3-venv)"; rm -rf $(1); exit 1; }
	@echo "installing $(2) into it: about a minute, once"
	@$(1)/bin/python -m pip install --quiet --disable-pip-version-check $(2)
	@$(1)/bin/python -m compileall -q src  # as pip does with what it installs, PYTHONDONTWRITEBYTECODE or not
	@touch $(1)/ready
endef

$(VENV)/ready: pyproject.toml
	$(call environment,$(VENV),-e '.[test]')

$(BENCH)/ready: pyproject.toml benchmarks/requirements.txt
	$(call environment,$(BENCH),-e . -r benchmarks/requirements.txt)

$(PEERS)/ready: pyproject.toml tests/peers.txt
	$(call environment,$(PEERS),-e '.[test]' -r tests/peers.txt)

$(ECOSYSTEM)/ready: pyproject.toml tests/ecosystem/requirements.txt
	$(call environment,$(ECOSYSTEM),-e .)
	@rm $(ECOSYSTEM)/ready
	@$(ECOSYSTEM)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps -r tests/ecosystem/requirements.txt
	@touch $(ECOSYSTEM)/ready

$(DOCS)/ready: pyproject.toml
	$(call environment,$(DOCS),-e '.[docs]')
