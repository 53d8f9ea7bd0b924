"""A language model behind an OpenAI-compatible server (vLLM, Ollama, llama.cpp …)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from voicebot.errors import LanguageError
from voicebot.language import http_wire as wire
from voicebot.language.api import (
    Abandoned,
    Cancelled,
    Choice,
    Draft,
    FewShot,
    Late,
    check_options,
    never,
    unheard,
)
from voicebot.language.http_link import LONGEST_S, Link, Over
from voicebot.remote.breaker import Breaker

UNSCORED = 0.7
"""Probability of a choice by a server that does not tell how sure it is."""
LOOK_S = 0.02  # how often a waiting thread looks whether anybody still wants the answer
GRACE_S = 0.2  # a deadline is ours to keep; the request ends by itself soon after


class HttpEngine:
    """`Engine` over HTTP. Thread-safe: a server may answer several requests at once.

    How a choice is asked for is learned from the first answers: by the probabilities of the
    letters, else as an object that can hold nothing else, else as a bare letter.

    Args:
        link: where the server is; closed with the engine.
        model: the name under which the server knows the model.
        extra: further keys of every request, e.g. ``{"chat_template_kwargs": {…}}``.
    """

    remote = True

    def __init__(
        self,
        link: Link,
        model: str,
        *,
        extra: Mapping[str, Any] | None = None,
        breaker: Breaker | None = None,
    ) -> None:
        self._link, self._model = link, model
        self._extra = dict(extra or {})
        self._breaker = breaker or Breaker()
        self._ways: list[Callable[..., Choice | None]] = [self._scored, self._forced, self._bare]
        self._strict_forms = True
        self.name = f"{model} at {link.host}"

    def warm(self, head: FewShot) -> None:
        """Have the server read `head`, which it may keep."""
        self.choose(head, "准备好了吗？", ("准备好了", "没有"))

    def close(self) -> None:
        """End what runs."""
        self._link.close()

    def count(self, text: str) -> int:
        """At least as many tokens as any common model makes of it: one a character outside ASCII,
        one for two characters in it."""
        inside = sum(character.isascii() for character in text)
        return len(text) - inside + -(-inside // 2)

    # --- choosing ------------------------------------------------------------------------------
    def choose(
        self,
        head: FewShot,
        question: str,
        options: Sequence[str],
        deadline_ms: float | None = None,
        cancelled: Cancelled = never,
    ) -> Choice:
        """See ChoiceEngine."""
        check_options(options)
        clock = _Clock(deadline_ms)
        for way in list(self._ways):
            choice = way(head, question, options, clock, cancelled)
            if choice is not None:
                return choice
            if len(self._ways) > 1 and self._ways[0] == way:
                del self._ways[0]
        raise self._failed("it chose none of the options")

    def _scored(
        self, head: FewShot, question: str, options: Sequence[str], clock: _Clock, gone: Cancelled
    ) -> Choice | None:
        body = wire.scored_choice_body(self._model, head, question, options)
        answer = self._answer(body, clock, gone)
        found = wire.letter_probabilities(answer, len(options)) if answer else None
        if found is None:
            return None
        return Choice(max(range(len(found)), key=found.__getitem__), found, clock.elapsed_ms())

    def _forced(
        self, head: FewShot, question: str, options: Sequence[str], clock: _Clock, gone: Cancelled
    ) -> Choice | None:
        body = wire.forced_choice_body(self._model, head, question, options)
        return self._unscored(self._answer(body, clock, gone), len(options), clock)

    def _bare(
        self, head: FewShot, question: str, options: Sequence[str], clock: _Clock, gone: Cancelled
    ) -> Choice | None:
        body = wire.scored_choice_body(self._model, head, question, options)
        plain = {key: value for key, value in body.items() if "logprobs" not in key}
        answer = self._answer({**plain, "max_tokens": 4}, clock, gone)
        return self._unscored(answer, len(options), clock)

    @staticmethod
    def _unscored(answer: Mapping[str, Any] | None, count: int, clock: _Clock) -> Choice | None:
        index = wire.letter(answer, count) if answer else None
        if index is None:
            return None
        others = (1.0 - UNSCORED) / (count - 1)
        probabilities = tuple(UNSCORED if n == index else others for n in range(count))
        return Choice(index, probabilities, clock.elapsed_ms())

    # --- writing -------------------------------------------------------------------------------
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
        """See TextEngine; what was streamed when the connection broke is returned unfinished."""
        clock, stream = _Clock(deadline_ms), wire.EventStream()
        pieces: list[str] = []
        reason = ""

        def take(events: Sequence[str]) -> bool:
            nonlocal reason
            for data in events:
                if data == wire.END:
                    return True
                text, ended = wire.piece(data)
                reason = ended or reason
                if text:
                    pieces.append(text)
                    on_text(text)
            return False

        body = wire.text_body(self._model, head, prompt, max_tokens)
        try:
            if status := self._receive(
                body, clock, cancelled, lambda data: take(stream.feed(data))
            ):
                raise self._failed(f"it refused (HTTP {status})")
            take(stream.close())
            if not pieces and not reason:
                raise self._failed("it sent no text, and no end of one")
        except (Late, Abandoned):
            if not pieces and not cancelled():
                raise
        except LanguageError:
            if not pieces:
                raise
        return Draft("".join(pieces), len(pieces), reason == "stop", clock.elapsed_ms())

    def fields(
        self,
        head: FewShot,
        prompt: str,
        names: Sequence[str],
        *,
        deadline_ms: float | None = None,
        cancelled: Cancelled = never,
    ) -> Mapping[str, str]:
        """See Engine."""
        clock = _Clock(deadline_ms)
        for strict in (True, False) if self._strict_forms else (False,):
            body = wire.form_body(self._model, head, prompt, names, strict=strict)
            answer = self._answer(body, clock, cancelled)
            if answer is not None:
                with self._understood():
                    return wire.form(answer, names)
            self._strict_forms = False
        raise self._failed("it does not take response_format")

    # --- one request ---------------------------------------------------------------------------
    def _answer(
        self, body: Mapping[str, Any], clock: _Clock, cancelled: Cancelled
    ) -> Mapping[str, Any] | None:
        """The answer's first choice; None where the server does not know what was asked (400)."""
        received: list[bytes] = []

        def keep(data: bytes) -> bool:
            received.append(data)
            return False

        if self._receive(body, clock, cancelled, keep) in (400, 422):
            return None
        with self._understood():
            return wire.whole_answer(b"".join(received))

    def _receive(
        self,
        body: Mapping[str, Any],
        clock: _Clock,
        cancelled: Cancelled,
        take: Callable[[bytes], bool],
    ) -> int:
        """Hand the answer's bytes to `take` until it says that it has all; the status if bad."""
        if not self._breaker.allows():
            raise LanguageError(f"language: {self._link.host} failed; it is left alone for a while")
        with self._link.post({**body, **self._extra}, clock.left_s() + GRACE_S) as received:
            while True:
                if cancelled():
                    raise Abandoned(f"language: {self._link.host}: nobody waits any more")
                if clock.left_s() <= 0:
                    self._breaker.failed()
                    raise Late(f"language: {self._link.host}: nothing within the deadline")
                message = received(min(LOOK_S, clock.left_s()))
                if isinstance(message, Over):
                    return self._over(message)
                with self._understood():
                    all_there = message is not None and take(message)
                if all_there:
                    received(GRACE_S)  # its end: a connection that is read out can be used again
                    return self._over(Over())

    def _over(self, over: Over) -> int:
        if over.status in (400, 422):  # it works, and does not know what was asked
            return over.status
        if over.fault:
            raise self._failed(over.fault)
        self._breaker.succeeded()
        return 0

    @contextmanager
    def _understood(self) -> Iterator[None]:
        try:
            yield
        except LanguageError:
            self._breaker.failed()
            raise

    def _failed(self, what: str) -> LanguageError:
        self._breaker.failed()
        return LanguageError(f"language: {self._link.host}: {what}")


class _Clock:
    """Counts from its making."""

    def __init__(self, deadline_ms: float | None) -> None:
        self._started_s = time.monotonic()
        self._limit_s = LONGEST_S if deadline_ms is None else deadline_ms / 1000

    def elapsed_ms(self) -> float:
        return (time.monotonic() - self._started_s) * 1000

    def left_s(self) -> float:
        return self._limit_s - (time.monotonic() - self._started_s)
