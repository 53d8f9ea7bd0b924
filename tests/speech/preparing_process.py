"""A process of its own that prepares clauses: ``python -m tests.speech.preparing_process``.

Arguments: the cache folder, a log to which every rendered text is appended, seconds a clause
takes. Clauses come on stdin, one a line; ``ready`` goes out first, ``done N`` with the number
of new clauses last.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from tests.speech.fakes import ToneVoice
from voicebot.speech.api import Clause, Pcm
from voicebot.speech.cache import SpeechCache
from voicebot.speech.speaker import Speaker


class LoggingVoice(ToneVoice):
    """Takes its time, and writes down what it renders."""

    def __init__(self, log: Path, seconds: float) -> None:
        super().__init__()
        self._log, self._seconds = log, seconds

    def render(self, text: str, *, timeout_s: float | None = None) -> Pcm:
        with self._log.open("a", encoding="utf-8") as log:
            log.write(text + "\n")
        time.sleep(self._seconds)
        return super().render(text, timeout_s=timeout_s)


def main() -> None:
    folder, log, seconds = sys.argv[1:]
    speaker = Speaker(LoggingVoice(Path(log), float(seconds)), SpeechCache(Path(folder)))
    print("ready", flush=True)
    clauses = [Clause(text, 0, 0) for text in sys.stdin.read().splitlines()]
    print("done", sum(speaker.prepare_clause(clause) for clause in clauses), flush=True)


if __name__ == "__main__":
    main()
