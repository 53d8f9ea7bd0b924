"""From the settings of the ears to a recognizer, and to the repair of what it hears."""

from __future__ import annotations

from asr_models import StreamingRecognizer
from asr_models.errors import AsrModelError
from asr_models.lexicon_repair import LexiconRepair
from asr_models.whisper_ct2 import WhisperRecognizer
from voicebot.errors import WeightsError
from voicebot.pack import Pack
from voicebot.settings import Settings
from voicebot.weights import locate


def build_recognizer(settings: Settings) -> StreamingRecognizer:
    """Load the weights that the settings name. Raises WeightsError if they cannot be."""
    asr = settings.asr
    try:
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


def build_repair(settings: Settings, pack: Pack) -> LexiconRepair:
    """The repair of misheard terms by the pack's lexicon."""
    return LexiconRepair((term.term, term.spoken) for term in pack.lexicon)
