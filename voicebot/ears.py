"""From the settings of the ears to a recognizer, and to the repair of what it hears."""

from __future__ import annotations

import os
import re
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import TypeVar

from asr_models import StreamingRecognizer
from asr_models.domain import Domain
from asr_models.errors import AsrModelError
from asr_models.funasr_chunks import ChunkOptions
from asr_models.funasr_paraformer import FunasrRecognizer
from asr_models.whisper_ct2 import WhisperRecognizer
from asr_models.words import load_dictionary
from voicebot.errors import WeightsError
from voicebot.pack import Pack
from voicebot.settings import Settings
from voicebot.weights import load_manifest, locate

T = TypeVar("T")
LOWEST = 19
"""The niceness of what only uses time that nobody else wants."""
_SENTENCE_ENDS = re.compile(r"[。！？\n]")


def build_recognizer(settings: Settings, pack: Pack | None = None) -> StreamingRecognizer:
    """Load the weights that the settings name. Raises WeightsError if they cannot be.

    The lexicon of `pack` becomes hotwords where the engine takes them.
    """
    asr = settings.asr
    try:
        if asr.engine == "funasr":
            return _build_funasr(settings, pack)
        return WhisperRecognizer(
            locate(asr.model, settings.models),
            device=asr.device,
            compute_type=asr.compute_type,
            beam_size=asr.beam_size,
            spans=asr.spans,
            threads=asr.threads,
            workers=asr.workers,
        )
    except AsrModelError as error:
        raise WeightsError(str(error)) from None


def build_listening_recognizer(
    settings: Settings, pack: Pack, in_calls: StreamingRecognizer
) -> StreamingRecognizer:
    """What hears caller and seat while they talk (`handoff.listen_on`), behind all that the bot's
    own callers wait for: a copy of the weights, so that no decode waits for one of its, and
    threads of the lowest priority, so that it takes no core from them.

    FunASR is too large to be loaded twice: there, and where nothing listens on, it is `in_calls`
    itself. Raises WeightsError.
    """
    if settings.asr.engine == "funasr" or not settings.handoff.listen_on:
        return in_calls
    return at_lowest_priority(lambda: build_recognizer(settings, pack))


def at_lowest_priority(build: Callable[[], T]) -> T:
    """What `build` returns; threads that it starts stay at the lowest priority (Linux only).

    A thread there inherits the niceness of the one that starts it.
    """
    made: Future[T] = Future()

    def work() -> None:
        if sys.platform == "linux":
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), LOWEST)
        try:
            made.set_result(build())
        except BaseException as error:
            made.set_exception(error)

    thread = threading.Thread(target=work, name="lowest-priority")
    thread.start()
    thread.join()
    return made.result()


def loaded_ears(settings: Settings) -> str:
    """The name of the model that `build_recognizer` loads."""
    return settings.asr.funasr.model if settings.asr.engine == "funasr" else settings.asr.model


def _build_funasr(settings: Settings, pack: Pack | None) -> StreamingRecognizer:
    wanted = settings.asr.funasr
    terms = pack.lexicon if pack and wanted.hotwords else ()
    return FunasrRecognizer(
        _funasr_model(wanted.model, settings),
        vad=_funasr_model(wanted.vad, settings),
        punctuation=_funasr_model(wanted.punctuation, settings),
        second_pass=_funasr_model(wanted.second_pass, settings),
        hotwords=[term.term for term in terms],
        device=wanted.device,
        threads=settings.asr.threads,
        hub=wanted.hub,
        chunks=ChunkOptions(
            wanted.chunk_size, wanted.encoder_chunk_look_back, wanted.decoder_chunk_look_back
        ),
    )


def _funasr_model(name: str, settings: Settings) -> Path | str:
    """A weight of the store, checked; else a folder, or a name for FunASR, or none."""
    if name in load_manifest().weights:
        return locate(name, settings.models)
    return name


def build_domain(settings: Settings, pack: Pack) -> Domain:
    """What brings the ears' text to the pack's words: by its lexicon and, if wanted, its texts."""
    domain = Domain(
        ((term.term, term.spoken) for term in pack.lexicon),
        pack_texts(pack) if settings.asr.rescore else (),
        repair=settings.asr.repair,
        rescore=settings.asr.rescore,
    )
    load_dictionary()  # now, not in the first call
    return domain


def pack_texts(pack: Pack) -> list[str]:
    """What callers of this pack may say, as far as its own files tell."""
    texts = [form for term in pack.lexicon for form in (term.term, *term.spoken)]
    for faq in pack.faq:
        texts += [faq.question, *faq.similar, faq.answer]
    for scene in pack.scenes:
        texts += [*scene.triggers, *(ask for slot in scene.slots for ask in slot.asks)]
    for document in pack.documents:
        texts += _SENTENCE_ENDS.split(document.read_text("utf-8"))
    return texts
