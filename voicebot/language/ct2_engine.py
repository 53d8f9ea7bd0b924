"""A chat model (Qwen, Llama, Gemma …) in CTranslate2: choices, texts and forms, on this machine."""

from __future__ import annotations

import os
import time
import weakref
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

# Idle OpenMP threads must sleep, not spin: the cores belong to recognition and synthesis.
os.environ.setdefault("KMP_BLOCKTIME", "0")
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import ctranslate2

from voicebot.errors import LanguageError
from voicebot.language.api import (
    Abandoned,
    Cancelled,
    Choice,
    Draft,
    FewShot,
    Late,
    check_options,
    lettered,
    never,
    unheard,
)
from voicebot.language.ct2_text import ModelText

Result = TypeVar("Result")
LOOK_S = 0.02  # how often a waiting thread looks whether anybody still wants the answer
TOKEN_S = 0.4  # a token takes no longer than this, but for the first one
FIELD_TOKENS = 48


class Ct2Engine:
    """`Engine` over one CTranslate2 generator; one request at a time.

    A text that is not wanted any more ends at its next token; a choice, which is one pass over the
    prompt, is dropped before it begins or runs to its end with nobody waiting.

    Args:
        folder: a CTranslate2 generator with tokenizer.json (``voicebot models fetch --set llm``)
            and, but for ChatML models, the chat template of the original.
        threads: CPU threads of a request.

    Use it as a context manager or call `close`: the generator must be gone before the
    interpreter shuts down, or the library's callbacks abort the process.
    """

    remote = False

    def __init__(self, folder: Path, threads: int = 1) -> None:
        self.name = folder.name
        self._text = ModelText(folder)
        try:
            generator = ctranslate2.Generator(str(folder), intra_threads=threads)
        except (RuntimeError, ValueError) as error:
            raise LanguageError(f"language: {folder}: no CTranslate2 generator: {error}") from None
        self._held = [generator]
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="language")
        self.close = weakref.finalize(self, _close, self._worker, self._held)

    def __enter__(self) -> Ct2Engine:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def count(self, text: str) -> int:
        """Tokens of `text` by the model's own tokenizer."""
        return self._text.count(text)

    def warm(self, head: FewShot) -> None:
        """Read `head` into the generator's prefix cache."""
        self.choose(head, "", ("", ""))

    def choose(
        self,
        head: FewShot,
        question: str,
        options: Sequence[str],
        deadline_ms: float | None = None,
        cancelled: Cancelled = never,
    ) -> Choice:
        """Score the options by the log probability of their letter; see ChoiceEngine."""
        check_options(options)
        started_s = time.perf_counter()
        prefix, turn = self._text.tokens(head, lettered(question, options))
        future = self._worker.submit(self._score, prefix, turn)
        logits = _result(future, started_s, deadline_ms, cancelled)
        scores = np.array([logits[ids].max() for ids in self._text.letters[: len(options)]])
        weights = np.exp(scores - scores.max())
        probabilities = tuple(float(p) for p in weights / weights.sum())
        return Choice(int(np.argmax(scores)), probabilities, _since_ms(started_s))

    def generate(
        self,
        head: FewShot,
        prompt: str,
        max_tokens: int,
        cancelled: Cancelled = never,
        *,
        deadline_ms: float | None = None,
        on_text: Callable[[str], None] = unheard,
    ) -> Draft:
        """Continue greedily up to `max_tokens`; see TextEngine."""
        started_s = time.perf_counter()
        prefix, turn = self._text.tokens(head, prompt)

        def over() -> bool:
            return cancelled() or _over(started_s, deadline_ms)

        told: list[int] = []
        pieces = self._text.stream(on_text)

        def tell(token: int) -> None:
            told.append(token)
            pieces(token)

        future = self._worker.submit(self._write, prefix, turn, max_tokens, over, tell)
        ids, stopped = _written(future, over, told)
        if stopped and not ids:
            if cancelled():
                raise Abandoned("language: nobody waits for the text any more")
            raise Late(f"language: no text within {deadline_ms:.0f} ms")
        finished = not stopped and len(ids) < max_tokens
        return Draft(self._text.decode(ids), len(ids), finished, _since_ms(started_s))

    def fields(
        self,
        head: FewShot,
        prompt: str,
        names: Sequence[str],
        *,
        deadline_ms: float | None = None,
        cancelled: Cancelled = never,
    ) -> Mapping[str, str]:
        """Fill a form value by value: its keys and quotes are written for the model."""
        started_s = time.perf_counter()
        prefix, turn = self._text.tokens(head, prompt)
        filled: dict[str, str] = {}
        written = "{"
        for name in names:
            written += f'"{name}": "'
            asked = [*turn, *self._text.pieces(written)]
            future = self._worker.submit(self._fill, prefix, asked)
            ids = _result(future, started_s, deadline_ms, cancelled)
            filled[name] = self._text.decode(ids).split('"')[0].strip()
            written += f'{filled[name]}", '
        return filled

    # --- in the worker -------------------------------------------------------------------------
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
        self,
        prefix: list[str],
        turn: list[str],
        cap: int,
        stop: Callable[[], bool],
        tell: Callable[[int], None],
    ) -> tuple[list[int], bool]:
        stopped = False

        def each_token(step: Any) -> bool:
            nonlocal stopped
            stopped = stopped or stop()
            if not stopped:
                tell(step.token_id)
            return stopped

        if stop():
            return [], True
        (result,) = self._held[0].generate_batch(
            [turn],
            static_prompt=prefix,
            max_length=cap,
            include_prompt_in_result=False,
            end_token=self._text.ends,
            callback=each_token,
        )
        return list(result.sequences_ids[0]), stopped

    def _fill(self, prefix: list[str], turn: list[str]) -> list[int]:
        (result,) = self._held[0].generate_batch(
            [turn],
            static_prompt=prefix,
            max_length=FIELD_TOKENS,
            include_prompt_in_result=False,
            end_token=self._text.quotes,
        )
        return list(result.sequences_ids[0])


def _result(
    future: Future[Result], started_s: float, deadline_ms: float | None, cancelled: Cancelled
) -> Result:
    while True:
        left_s = LOOK_S
        if deadline_ms is not None:
            left_s = min(left_s, max(0.0, deadline_ms / 1000 - (time.perf_counter() - started_s)))
        try:
            return future.result(left_s)
        except FutureTimeout:
            if cancelled():
                future.cancel()
                raise Abandoned("language: nobody waits for the choice any more") from None
            if _over(started_s, deadline_ms):
                future.cancel()
                raise Late(f"language: no choice within {deadline_ms:.0f} ms") from None


def _written(
    future: Future[tuple[list[int], bool]], over: Callable[[], bool], told: list[int]
) -> tuple[list[int], bool]:
    """What was written; of a text that is over, what is there at its next token or soon.

    `told` is what has been written so far.
    """
    while True:
        try:
            return future.result(LOOK_S)
        except FutureTimeout:
            if not over():
                continue
        if future.cancel():
            return [], True
        try:
            return future.result(TOKEN_S)
        except FutureTimeout:
            return list(told), True


def _over(started_s: float, deadline_ms: float | None) -> bool:
    return deadline_ms is not None and _since_ms(started_s) >= deadline_ms


def _since_ms(started_s: float) -> float:
    return (time.perf_counter() - started_s) * 1000


def _close(worker: ThreadPoolExecutor, held: list[Any]) -> None:
    worker.shutdown(wait=True, cancel_futures=True)
    held.clear()
