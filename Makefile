# Two commands set up everything: `make demo` and `make test`.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
# FunASR, adaptation and sentence-transformers bring PyTorch: their tests have an environment of their own.
TORCH_VENV  ?= .venv-torch
TORCH_BIN   := $(TORCH_VENV)/bin
TORCH_STAMP := $(TORCH_VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help demo serve test test-torch weights-torch unit lint weights weights-all peers bench-answers bench-line bench-ears bench-non-speech bench-turns bench-voice bench-voice-live bench-voice-understood clean bench-turn bench-scenes bench-knowledge bench-dialogues bench-records bench-tape bench-calls bench-peers bench-replay bench-costs bench-forms screenshots bench-similar bench-package

help:  ## what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(STAMP): pyproject.toml
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	@echo "installing voicebot and what it needs into $(VENV) (a few minutes the first time)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev,pyvoip,edge,documents,postgres,milvus,traces]'
	@touch $@

$(TORCH_STAMP): pyproject.toml
	@$(TORCH_BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(TORCH_VENV)
	@echo "installing voicebot with PyTorch and FunASR into $(TORCH_VENV) (a few minutes the first time)"
	@$(TORCH_BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev,funasr,adapt,sentence-transformers]'
	@touch $@

weights: $(STAMP)  ## fetch and verify the embedded weights (about 320 MB)
	@$(BIN)/voicebot models fetch --set core

weights-all: $(STAMP)  ## the same with the language model (1.1 GB more)
	@$(BIN)/voicebot models fetch --set all

demo: weights  ## one complete hotline call over SIP on this machine
	@$(BIN)/voicebot demo

serve: weights  ## start the bot on 127.0.0.1:5060
	@$(BIN)/voicebot serve

peers:  ## real programs the tests talk to (Debian: sipp, baresip, kamailio, postgresql, espeak-ng, chromium)
	@deploy/install-peers.sh

lint: $(STAMP)  ## ruff and mypy
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

unit: weights  ## the tests that need no language model
	@$(BIN)/pytest -q -m "not llm and not peer and not funasr and not adapt"

weights-torch: $(TORCH_STAMP)
	@$(TORCH_BIN)/voicebot models fetch silero-vad fsmn-vad whisper-base e5-small

test-torch: weights-torch  ## real FunASR and sentence-transformers, and training (in an environment of their own, about 2 GB)
	@$(TORCH_BIN)/pytest -q tests/funasr tests/adapt tests/tuning

test: lint peers weights-all weights-torch  ## everything: lint, unit, FunASR, training, real peers, language model
	@.ci/tests $(BIN) $(TORCH_BIN)

bench-line: $(STAMP)  ## how many calls the line carries (4 minutes; results in build/bench-line)
	@$(BIN)/python -m tests.bench.bench_line --out build/bench-line

bench-answers: weights  ## are callers told what they asked? 225 questions by text (2 minutes; build/bench-answers)
	@$(BIN)/python -m tests.bench.bench_answers --out build/bench-answers

bench-non-speech: weights  ## how many words the ears write where nobody speaks (30 minutes of sound)
	@$(BIN)/python -m tests.bench.bench_non_speech

bench-turn: weights  ## 200 turns by voice in real time, one call and four at once (an hour; build/bench-turn)
	@$(BIN)/python -m tests.bench.bench_turn --calls 1
	@$(BIN)/python -m tests.bench.bench_turn --calls 4

bench-scenes: weights  ## what a thousand scenes cost to load, lint and match (5 minutes; build/bench-scenes)
	@$(BIN)/python -m tests.bench.bench_scenes --out build/bench-scenes

bench-turns: weights  ## endpoint, barge-in, echo in virtual time (15 minutes; build/bench-turns)
	@$(BIN)/python -m tests.bench.turns

bench-knowledge: weights  ## vectors from 10,000 to 1M, recall and time of searches (SIZES=…,10000000: hours; build/bench-knowledge)
	@$(BIN)/python -m tests.bench.bench_vectors --out build/bench-knowledge $(if $(SIZES),--sizes $(SIZES))
	@$(BIN)/python -m tests.bench.bench_search_time --out build/bench-knowledge $(if $(KB),--kb $(KB))

bench-voice: weights  ## first audio, gaps, speed, prepared share, intelligibility (25 minutes; build/bench-voice)
	@$(BIN)/python -m tests.bench.bench_voice --all --out build/bench-voice

bench-voice-live: weights  ## bench-voice without intelligibility: what wants a quiet machine (10 minutes; build/bench-voice)
	@$(BIN)/python -m tests.bench.bench_voice --out build/bench-voice

bench-voice-understood: weights  ## bench-voice, only intelligibility, espeak beside it (15 minutes; build/bench-voice)
	@$(BIN)/python -m tests.bench.bench_intelligibility --out build/bench-voice

bench-records: $(STAMP)  ## 500 calls a minute into both stores, killed meanwhile (20 minutes; build/bench-records)
	@$(BIN)/python -m tests.bench.bench_records --out build/bench-records $(if $(MINUTES),--minutes $(MINUTES))

bench-package: $(STAMP)  ## how long the story for a seat takes to make (half a minute; FILE=….jsonl: dialogues too)
	@$(BIN)/python -m tests.bench.bench_package $(FILE)

bench-replay: weights  ## the bank of scripted calls in virtual time (3 minutes, the first time half an hour; build/bench-replay)
	@$(BIN)/voicebot replay audio_fixtures/bank --out build/bench-replay --report build/bench-replay/report.html

bench-costs: weights  ## what ears, voice and search cost here, as a table for replay --costs (2 minutes; build/bench-costs)
	@$(BIN)/python -m tests.bench.bench_costs --out build/bench-costs

bench-tape: weights  ## how exact the tape analyzer is, on 200 synthetic calls (6 minutes; build/bench-tape)
	@$(BIN)/python -m tests.bench.tapes --out build/bench-tape

bench-calls: weights  ## 1 to 16 callers at once over SIP: latency and dead air (25 minutes, LOADS=1,2: 5; build/bench-calls)
	@$(BIN)/python -m tests.bench.bench_calls --out build/bench-calls $(if $(LOADS),--loads $(LOADS))

bench-peers: weights  ## the same callers against a bot assembled from pipecat, in a venv of its own (45 minutes; build/bench-peers)
	@$(BIN)/python -m bench.peers --out build/bench-peers

bench-similar: weights  ## what accepted similar questions are worth (an hour; build/bench-similar)
	@$(BIN)/python -m tests.bench.bench_similar --out build/bench-similar

bench-dialogues: weights  ## how sixty scripted calls end, by text, and thirty kept apart (two minutes)
	@$(BIN)/python -m tests.dialog.scripted
	@$(BIN)/python -m tests.dialog.scripted --kept
	@$(BIN)/python -m tests.dialog.scripted --fresh

bench-forms: weights  ## are calls filed rightly, is the assistant useful? 430 written calls (2 minutes)
	@$(BIN)/python -m tests.bench.bench_forms

bench-ears: weights  ## how well the ears hear (about an hour the first time; results in build/bench-ears)
	@$(BIN)/python -m tests.bench.bench_ears --out build/bench-ears $(if $(SPEECH),--speech $(SPEECH))

screenshots: $(STAMP) peers  ## pictures of the console's pages, from an invented store (docs/screenshots)
	@$(BIN)/python -m tests.console.screenshots

clean:  ## remove the environment and caches (weights and records stay)
	rm -rf $(VENV) $(TORCH_VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
