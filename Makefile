# demo and test do all of their own set-up: a machine with Python 3.10-3.13 and make is enough.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
METADATA := settings.ini setup.py pyproject.toml

.PHONY: demo test lab docs bench export
.DEFAULT_GOAL := demo

demo: $(VENV)/installed       ## train on small digits with ten labels and draw the result
	$(BIN)/ssgan-edu demo

# Two workers, one file each at a time, in the order of the files: the long ones come early and leave no worker idle at the end.
# One thread a worker, or the waiting threads of one take the core of the other.
# The small budget: lessons train just long enough to show that they work (`budget` in lesson 05b).
test: $(VENV)/installed-dev   ## all that CI runs: the tests and every cell of every notebook
	SSGAN_EDU_FLOORS=1 SSGAN_EDU_BUDGET=small OMP_NUM_THREADS=1 OMP_WAIT_POLICY=passive \
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

lab: $(VENV)/installed-dev    ## read the course in JupyterLab
	$(BIN)/jupyter lab nbs

docs: $(VENV)/installed-dev   ## the course and the library as a web site, in _docs/html
	$(BIN)/python docs/build.py

bench: $(VENV)/installed-dev  ## ratios of speed within one run
	$(BIN)/python tests/bench.py

export: $(VENV)/installed-dev ## notebooks -> ssgan_edu/ and README.md; exercises/source -> exercises/; zh/source -> zh/
	$(BIN)/nbdev-export
	$(BIN)/nbdev-clean
	$(BIN)/python tools/readme.py
	$(BIN)/python tools/exercises.py
	$(BIN)/python tools/chinese.py

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))' || { \
	  echo "ssgan_edu needs Python 3.10 to 3.13; '$(PYTHON)' is $$($(PYTHON) --version 2>&1)."; \
	  echo "Name another one: make $(or $(MAKECMDGOALS),demo) PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
	  echo "'$(PYTHON) -m venv' failed; on Debian and Ubuntu: apt-get install python3-venv"; exit 1; }

# Installed anew only when the metadata has changed.
$(VENV)/installed: $(METADATA) | $(BIN)/python
	@echo 'Installing ssgan_edu and what it needs into $(VENV); torch is large, the first time takes some minutes.'
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(VENV)/installed-dev: $(METADATA) | $(BIN)/python
	@echo 'Installing ssgan_edu and the tools of its developers into $(VENV); torch is large, the first time takes some minutes.'
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch $@ $(VENV)/installed
