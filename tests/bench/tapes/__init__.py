"""How exact the tape analyzer is: `python -m tests.bench.tapes`."""
