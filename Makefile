# Two commands set up everything: `make demo` and `make test`.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
# FunASR brings PyTorch: its tests have an environment of their own.
FUNASR_VENV  ?= .venv-funasr
FUNASR_BIN   := $(FUNASR_VENV)/bin
FUNASR_STAMP := $(FUNASR_VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help demo serve test test-funasr unit lint weights weights-all peers bench-line clean

help:  ## what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(STAMP): pyproject.toml
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	@echo "installing voicebot and what it needs into $(VENV) (a few minutes the first time)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev,pyvoip]'
	@touch $@

$(FUNASR_STAMP): pyproject.toml
	@$(FUNASR_BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(FUNASR_VENV)
	@echo "installing voicebot with FunASR into $(FUNASR_VENV) (a few minutes the first time)"
	@$(FUNASR_BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev,funasr]'
	@touch $@

weights: $(STAMP)  ## fetch and verify the embedded weights (about 320 MB)
	@$(BIN)/voicebot models fetch --set core

weights-all: $(STAMP)  ## the same with the language model (1.1 GB more)
	@$(BIN)/voicebot models fetch --set all

demo: weights  ## one complete hotline call over SIP on this machine
	@$(BIN)/voicebot demo

serve: weights  ## start the bot on 127.0.0.1:5060
	@$(BIN)/voicebot serve

peers:  ## real programs the tests talk to (Debian: sipp, baresip, kamailio, espeak-ng)
	@deploy/install-peers.sh

lint: $(STAMP)  ## ruff and mypy
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

unit: weights  ## the tests that need no language model
	@$(BIN)/pytest -q -m "not llm and not peer and not funasr"

test-funasr: $(FUNASR_STAMP)  ## real FunASR (PyTorch in an environment of its own, about 2 GB)
	@$(FUNASR_BIN)/voicebot models fetch silero-vad fsmn-vad
	@$(FUNASR_BIN)/pytest -q tests/funasr

test: lint peers weights-all test-funasr  ## everything: lint, unit, FunASR, real peers, language model
	@$(BIN)/pytest -m "not funasr"

bench-line: $(STAMP)  ## how many calls the line carries (4 minutes; results in build/bench-line)
	@$(BIN)/python -m tests.bench.bench_line --out build/bench-line

clean:  ## remove the environment and caches (weights and records stay)
	rm -rf $(VENV) $(FUNASR_VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
