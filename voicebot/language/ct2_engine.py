"""A chat model (Qwen2.5 family) in CTranslate2: choice scoring and capped generation."""

from __future__ import annotations

import os
import time
import weakref
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

# Idle OpenMP threads must sleep, not spin: the cores belong to recognition and synthesis.
os.environ.setdefault("KMP_BLOCKTIME", "0")
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import ctranslate2
from tokenizers import Tokenizer

from voicebot.language.api import LETTERS, Choice, Draft, FewShot, Late, lettered

Result = TypeVar("Result")


class Ct2Engine:
    """ChoiceEngine and TextEngine over one CTranslate2 generator; one request at a time.

    Args:
        folder: a CTranslate2 generator with tokenizer.json (``voicebot models fetch --set llm``).
        threads: CPU threads of a request.

    Use it as a context manager or call `close`: the generator must be gone before the
    interpreter shuts down, or the library's callbacks abort the process.
    """

    def __init__(self, folder: Path, threads: int = 1) -> None:
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._held = [ctranslate2.Generator(str(folder), intra_threads=threads)]
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="language")
        self._letters = [self._tokenizer.token_to_id(letter) for letter in LETTERS]
        self._heads: dict[FewShot, list[str]] = {}
        self.close = weakref.finalize(self, _close, self._worker, self._held)

    def __enter__(self) -> Ct2Engine:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def warm(self, head: FewShot) -> None:
        """Read `head` into the generator's prefix cache."""
        self.choose(head, "", ("", ""))

    def choose(
        self,
        head: FewShot,
        question: str,
        options: Sequence[str],
        deadline_ms: float | None = None,
    ) -> Choice:
        """Score the options by the log probability of their letter; see ChoiceEngine."""
        if not 2 <= len(options) <= len(LETTERS):
            raise ValueError(f"choose: expected 2 to {len(LETTERS)} options, got {len(options)}")
        started = time.perf_counter()
        prefix, turn = self._prefix(head), self._turn(lettered(question, options))
        future = self._worker.submit(self._score, prefix, turn)
        logits = _result(future, deadline_ms)[self._letters[: len(options)]]
        weights = np.exp(logits - logits.max())
        probabilities = tuple(float(p) for p in weights / weights.sum())
        elapsed_ms = (time.perf_counter() - started) * 1000
        return Choice(int(np.argmax(logits)), probabilities, elapsed_ms)

    def generate(
        self,
        head: FewShot,
        prompt: str,
        max_tokens: int,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Draft:
        """Continue greedily up to `max_tokens`; see TextEngine."""
        started = time.perf_counter()
        prefix, turn = self._prefix(head), self._turn(prompt)
        ids, stopped = self._worker.submit(
            self._write, prefix, turn, max_tokens, cancelled
        ).result()
        finished = not stopped and len(ids) < max_tokens
        text = self._tokenizer.decode(ids)
        return Draft(text, len(ids), finished, (time.perf_counter() - started) * 1000)

    def _score(self, prefix: list[str], turn: list[str]) -> Any:
        (result,) = self._held[0].generate_batch(
            [turn],
            static_prompt=prefix,
            max_length=1,
            include_prompt_in_result=False,
            return_logits_vocab=True,
        )
        return np.asarray(result.logits[0][0], np.float32).reshape(-1)

    def _write(
        self, prefix: list[str], turn: list[str], cap: int, cancelled: Callable[[], bool]
    ) -> tuple[list[int], bool]:
        stopped = False

        def each_token(step: Any) -> bool:
            nonlocal stopped
            stopped = stopped or cancelled()
            return stopped

        (result,) = self._held[0].generate_batch(
            [turn],
            static_prompt=prefix,
            max_length=cap,
            include_prompt_in_result=False,
            callback=each_token,
        )
        return list(result.sequences_ids[0]), stopped

    def _prefix(self, head: FewShot) -> list[str]:
        if head not in self._heads:
            text = _said("system", head.system) + "".join(
                _said("user", asked) + _said("assistant", answer) for asked, answer in head.examples
            )
            self._heads[head] = self._tokenizer.encode(text).tokens
        return self._heads[head]

    def _turn(self, text: str) -> list[str]:
        return list(self._tokenizer.encode(_said("user", text) + "<|im_start|>assistant\n").tokens)


def _said(role: str, text: str) -> str:
    return f"<|im_start|>{role}\n{text}<|im_end|>\n"


def _result(future: Future[Result], deadline_ms: float | None) -> Result:
    try:
        return future.result(None if deadline_ms is None else deadline_ms / 1000)
    except FutureTimeout:
        future.cancel()
        raise Late(f"language: no choice within {deadline_ms:.0f} ms") from None


def _close(worker: ThreadPoolExecutor, held: list[Any]) -> None:
    worker.shutdown(wait=True, cancel_futures=True)
    held.clear()
