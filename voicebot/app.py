"""Composition root: settings in, a working bot out. The only file that knows every room."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from pathlib import Path

import structlog

from asr_models import Recognizer
from asr_models.lexicon_repair import LexiconRepair
from asr_models.silero import SileroVad
from asr_models.whisper_ct2 import WhisperRecognizer
from telephony import Call, Endpoint
from telephony.baresip_line import BaresipEndpoint
from telephony.tape import Tape
from voicebot.dialog.policy import Dialog
from voicebot.knowledge.ct2_embedder import CT2Embedder
from voicebot.knowledge.entry import SceneEntry
from voicebot.knowledge.knowledge import Knowledge
from voicebot.pack_loader import Pack, load_pack, scene_entries
from voicebot.records.store import Records
from voicebot.session.call_session import CallSession
from voicebot.session.conversation import Conversation
from voicebot.session.events import Observer, SessionEvent, kind_of
from voicebot.session.human import HumanDesk
from voicebot.session.mouth import Mouth
from voicebot.session.thinker import Thinker
from voicebot.settings import Settings
from voicebot.speech.speaker import Speaker
from voicebot.turns.scheduler import InferenceScheduler
from voicebot.turns.turn_taker import TurnTaker
from voicebot.turns.vad import SpeechDetector
from voicebot.weights import locate

log = structlog.get_logger(__name__)

Step = Callable[[str, str], None]


class App:
    """The parts of a running bot. Build with `App.build`, end with `close`."""

    def __init__(
        self,
        settings: Settings,
        pack: Pack,
        scheduler: InferenceScheduler,
        recognizer: Recognizer,
        silero: SileroVad,
        speaker: Speaker,
        knowledge: Knowledge,
        records: Records | None,
    ) -> None:
        self.settings = settings
        self.pack = pack
        self.scheduler = scheduler
        self.recognizer = recognizer
        self.silero = silero
        self.speaker = speaker
        self.knowledge = knowledge
        self.records = records
        self.dialog = Dialog(pack, answer_risk=settings.knowledge.answer_risk)
        self.repair = LexiconRepair((term.term, term.spoken) for term in pack.lexicon)
        self._conversation = Conversation(self.dialog, knowledge, scheduler)

    @classmethod
    def build(
        cls,
        settings: Settings,
        *,
        step: Step = lambda what, state: None,
        with_records: bool = True,
        prepare: bool = True,
    ) -> App:
        """Load everything a call needs; `step` hears what is being done.

        Raises VoicebotError for a pack, weights, index or records that are not as they should be.
        """
        step("reading the pack", str(settings.pack))
        pack = load_pack(settings.pack)
        step("opening records", "")
        records = Records.open(settings.records) if with_records else None
        step("loading the ears", settings.asr.model)
        recognizer = WhisperRecognizer(
            locate(settings.asr.model, settings.models),
            beam_size=settings.asr.beam_size,
            threads=settings.asr.threads,
            workers=settings.asr.workers,
        )
        silero = SileroVad(locate("silero-vad", settings.models) / "silero_vad.onnx")
        step("loading the knowledge", settings.knowledge.embedder)
        knowledge = build_knowledge(settings, pack, step)
        step("loading the voice", settings.speech.engine)
        speaker = build_speaker(settings, pack)
        speaker.warm_up()
        if prepare:
            speaker.prepare(
                fixed_texts(pack),
                lambda done, total: step("preparing speech", f"{done}/{total} clauses"),
            )
        scheduler = InferenceScheduler(workers=2)
        return cls(settings, pack, scheduler, recognizer, silero, speaker, knowledge, records)

    def close(self) -> None:
        """Stop the worker threads and close the records. Idempotent."""
        self.scheduler.close()
        if self.records is not None:
            self.records.close()
