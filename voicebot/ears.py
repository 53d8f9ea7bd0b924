"""From the settings of the ears to a recognizer, and to the repair of what it hears."""

from __future__ import annotations

import re

from asr_models import Recognizer
from asr_models.domain import Domain
from asr_models.errors import AsrModelError
from asr_models.whisper_ct2 import WhisperRecognizer
from voicebot.errors import WeightsError
from voicebot.pack import Pack
from voicebot.settings import Settings
from voicebot.weights import locate

_SENTENCE_ENDS = re.compile(r"[。！？\n]")


def build_recognizer(settings: Settings) -> Recognizer:
    """Load the weights that the settings name. Raises WeightsError if they cannot be."""
    asr = settings.asr
    try:
        return WhisperRecognizer(
            locate(asr.model, settings.models),
            beam_size=asr.beam_size,
            threads=asr.threads,
            workers=asr.workers,
        )
    except AsrModelError as error:
        raise WeightsError(str(error)) from None


def build_repair(settings: Settings, pack: Pack) -> Domain:
    """What brings the ears' text to the pack's words: by its lexicon and, if wanted, its texts."""
    domain = Domain(
        ((term.term, term.spoken) for term in pack.lexicon),
        pack_texts(pack) if settings.asr.rescore else (),
        repair=settings.asr.repair,
        rescore=settings.asr.rescore,
    )
    domain.repair("服务器")  # loads the dictionary now, not in the first call
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
