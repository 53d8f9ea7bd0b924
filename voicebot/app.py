"""Composition root: settings in, a working bot out. The only file that knows every room."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

import platformdirs
import structlog

from asr_models import Recognizer
from asr_models.lexicon_repair import LexiconRepair
from asr_models.silero import SileroVad
from asr_models.whisper_ct2 import WhisperRecognizer
from telephony import Call, Endpoint, HangupBy, LineError
from telephony.admission import Admission, Limits
from telephony.baresip.line import BaresipEndpoint
from telephony.config import LineConfig
from voicebot.dialog.events import Say
from voicebot.dialog.policy import Dialog
from voicebot.errors import RecordsError, VoicebotError
from voicebot.knowledge.answer import extract
from voicebot.knowledge.ct2_embedder import CT2Embedder
from voicebot.knowledge.knowledge import Knowledge
from voicebot.knowledge.pack_index import open_pack_index
from voicebot.language.ct2_engine import Ct2Engine
from voicebot.language.pick import Picker
from voicebot.pack import Pack
from voicebot.pack_loader import load_pack
from voicebot.records.store import Records
from voicebot.session.call_session import CallSession
from voicebot.session.conversation import Conversation
from voicebot.session.events import CallEnded, Observer, SessionEvent
from voicebot.session.hit_picker import HitPicker
from voicebot.session.human import HumanDesk
from voicebot.session.mouth import VOICE_STAGE, Mouth
from voicebot.session.prepared import first_texts, other_texts, prepare_speech, urgent_texts
from voicebot.session.recording import CallKeeper
from voicebot.session.story import Story
from voicebot.session.thinker import Thinker
from voicebot.settings import Settings
from voicebot.speech.build import build_speaker
from voicebot.speech.speaker import Speaker
from voicebot.turns.estimates import StageEstimates
from voicebot.turns.scheduler import InferenceScheduler, Priority
from voicebot.turns.turn_taker import TurnTaker
from voicebot.turns.vad import SpeechDetector
from voicebot.weights import locate

log = structlog.get_logger(__name__)

Step = Callable[[str, str], None]
# What a stage is taken to cost until it has run often enough on this machine.
COLD_ESTIMATES_MS = {
    "asr": 600.0,
    "search": 60.0,
    "choice": 1300.0,
    VOICE_STAGE: 1200.0,
    "prepare": 3000.0,
}
Prepare = Callable[[Pack], Sequence[str]]
CallObserver = Callable[[str, SessionEvent], None]
"""Hears an event with the id under which its call is kept."""


class App:
    """The parts of a running bot. Build with `App.build`, end with `close`."""

    def __init__(
        self,
        *,
        settings: Settings,
        pack: Pack,
        scheduler: InferenceScheduler,
        recognizer: Recognizer,
        silero: SileroVad,
        speaker: Speaker,
        knowledge: Knowledge,
        records: Records | None,
        picker: HitPicker | None,
        estimates: StageEstimates,
    ) -> None:
        self.settings = settings
        self.pack = pack
        self.scheduler = scheduler
        self.recognizer = recognizer
        self.silero = silero
        self.speaker = speaker
        self.knowledge = knowledge
        self.records = records
        self.estimates = estimates
        self.dialog = Dialog(pack, answer_risk=settings.knowledge.answer_risk, extract=extract)
        self.repair = LexiconRepair((term.term, term.spoken) for term in pack.lexicon)
        self._conversation = Conversation(self.dialog, knowledge, scheduler, picker)

    @classmethod
    def build(
        cls,
        settings: Settings,
        *,
        step: Step = lambda what, state: None,
        with_records: bool = True,
        prepare: Prepare | None = None,
    ) -> App:
        """Load everything a call needs; `step` hears what is being done.

        `prepare` says which of the pack's texts are voiced before the first call (default:
        `first_texts`); what is not follows while nobody is on the line.

        Raises VoicebotError for a pack, weights, index or records that are not as they should be.
        """
        step("reading the pack", str(settings.pack))
        pack = load_pack(settings.pack)
        step("opening records", "")
        where = settings.records.url or settings.records.directory
        records = Records.open(where) if with_records else None
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
        prepare_speech(speaker, (prepare or first_texts)(pack), step)
        picker = build_picker(settings, step)
        estimates = StageEstimates(COLD_ESTIMATES_MS)
        scheduler = InferenceScheduler(workers=2, estimates=estimates)
        return cls(
            settings=settings,
            pack=pack,
            scheduler=scheduler,
            recognizer=recognizer,
            silero=silero,
            speaker=speaker,
            knowledge=knowledge,
            records=records,
            picker=picker,
            estimates=estimates,
        )

    def close(self) -> None:
        """Stop the worker threads and close the records. Idempotent."""
        self.scheduler.close()
        if self.records is not None:
            self.records.close()

    # --- making calls ---------------------------------------------------------------------
    def conversation(self) -> Conversation:
        """The talk without a telephone; it holds nothing of a call."""
        return self._conversation

    def greeting_ms(self) -> int:
        """How long the greeting sounds, its pauses included."""
        said = [a.text for a in self._conversation.start().actions if isinstance(a, Say)]
        clauses = [clause for text in said for clause in self.speaker.clauses(text)]
        return sum(len(self.speaker.render(c)) // 8 + c.pause_ms for c in clauses)

    def session(
        self,
        call: Call,
        observer: Observer,
        *,
        endpoint: Endpoint | None = None,
        keeper: CallKeeper | None = None,
    ) -> CallSession:
        """One call's session.

        Without an endpoint no seat can be rung (replay); without a keeper nothing is stored.
        """
        story = Story(self.pack, call.info)

        def observe(event: SessionEvent) -> None:
            story(event)
            if keeper is not None:
                keeper(event)
            observer(event)

        turns = self.settings.turns
        mouth = Mouth(call, self.speaker, self.scheduler)
        thinker = Thinker(
            self.recognizer,
            self._conversation,
            self.scheduler,
            mouth,
            self.pack.info.asr_prompt,
            lambda text: self.repair.repair(text).text,
            lambda: self.estimates.p95_ms(VOICE_STAGE),
        )
        vad = SpeechDetector(self.silero.fork(), threshold=turns.speech_threshold)
        return CallSession(
            call,
            taker=TurnTaker(turns, vad),
            thinker=thinker,
            conversation=self._conversation,
            mouth=mouth,
            desk=HumanDesk(
                self.settings.handoff,
                endpoint,
                story.package,
                keeper.recorder.store_summary if keeper else None,
                observe,
            ),
            prompts=self.pack.prompts,
            pack_name=self.pack.info.name,
            turns=turns,
            budget=self.settings.budget,
            observer=observe,
        )

    async def serve(
        self,
        stop: asyncio.Event,
        *,
        on_ready: Callable[[], None] = lambda: None,
        observer: Observer = lambda event: None,
        on_event: CallObserver = lambda call_id, event: None,
        prepare_rest: bool = True,
    ) -> None:
        """Answer calls until `stop` is set; calls in progress are hung up then.

        While nobody is on the line, the rest of what the pack says word for word is rendered
        (`prepare_rest`): the cache lasts, so this happens once.

        `on_event` hears what `observer` hears, and of which call it is; for each call the last
        it hears is a `CallEnded`, also when the session failed.

        Raises LineError (for example PortInUseError) if the line cannot be opened.
        """
        sip = self.settings.sip
        endpoint = BaresipEndpoint(
            LineConfig(
                listen=sip.listen,
                rtp_ports=sip.rtp_ports,
                codecs=sip.codecs,
                jitter_buffer_ms=sip.jitter_buffer_ms,
            ),
            Admission(Limits(max_calls=sip.max_calls)),
        )
        await endpoint.start()
        on_ready()
        calls: set[asyncio.Task[None]] = set()

        async def take_calls() -> None:
            async for call in endpoint.incoming():
                task = asyncio.create_task(self._take(call, endpoint, observer, on_event))
                calls.add(task)
                task.add_done_callback(calls.discard)

        taking = asyncio.create_task(take_calls())
        stopping = asyncio.create_task(stop.wait())
        idle_work = asyncio.create_task(self._prepare_rest(calls)) if prepare_rest else None
        try:
            # A bot that can no longer take calls must end, not sit there deaf.
            await asyncio.wait({taking, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if taking.done() and not stop.is_set():
                taking.result()
                raise LineError("sip: the stack has died; start the bot again")
        finally:
            for task in (taking, stopping, idle_work):
                if task is not None:
                    task.cancel()
            await endpoint.stop()
            left = [task for task in (taking, stopping, idle_work) if task is not None]
            await asyncio.gather(*left, *calls, return_exceptions=True)

    async def _prepare_rest(self, calls: set[asyncio.Task[None]]) -> None:
        for text in (*urgent_texts(self.pack), *other_texts(self.pack)):
            while calls:  # the cores belong to callers
                await asyncio.wait(set(calls))
            try:
                await self.scheduler.run(
                    Priority.BACKGROUND, self.speaker.prepare, [text], stage="prepare"
                )
            except VoicebotError as error:
                log.warning("speech not prepared", text=text[:40], reason=str(error))

    async def _take(
        self, call: Call, endpoint: Endpoint, observer: Observer, on_event: CallObserver
    ) -> None:
        """One call, kept in the records; what goes wrong in it stays in it."""
        try:
            keeper = self._keeper(call)
        except Exception:
            log.exception("no record can be kept", call_id=call.info.call_id)
            await call.reject()
            return
        call_id = keeper.recorder.call_id

        def observe(event: SessionEvent) -> None:
            observer(event)
            on_event(call_id, event)

        def failed(outcome: str, by: HangupBy, reason: str) -> None:
            event = CallEnded(0, by, reason, outcome)
            keeper(event)
            observe(event)

        try:
            await self.session(call, observe, endpoint=endpoint, keeper=keeper).run()
        except LineError as error:  # the caller gave up while it rang
            failed("not_answered", HangupBy.REMOTE, str(error))
        except Exception as error:
            log.exception("call failed", call=call_id)
            failed("failed", HangupBy.ERROR, type(error).__name__)
            await call.hangup()
        finally:
            keeper.close()

    def _keeper(self, call: Call) -> CallKeeper:
        if self.records is None:
            raise RecordsError("records: this bot was built without a store; calls are not taken")
        folder = self.settings.records.directory.resolve() / "audio"
        audio = folder if self.settings.records.record_audio else None
        try:
            keeper = CallKeeper(self.records, call.info, self.pack.info.name, audio)
        except OSError as error:  # a call without a tape is better than no call
            log.error("no recording", folder=str(folder), reason=str(error))
            keeper = CallKeeper(self.records, call.info, self.pack.info.name, None)
        keeper.attach(call)
        return keeper


def build_knowledge(settings: Settings, pack: Pack, step: Step) -> Knowledge:
    """The pack's index, built or brought up to date in the user's cache folder."""
    embedder = CT2Embedder(
        locate(settings.knowledge.embedder, settings.models), threads=settings.knowledge.threads
    )
    return open_pack_index(
        pack,
        embedder,
        Path(platformdirs.user_cache_dir("voicebot")) / "index",
        lambda stage, done, total: step(f"knowledge: {stage}", f"{done}/{total}"),
    )


def build_picker(settings: Settings, step: Step) -> HitPicker | None:
    """The language model that chooses among close hits, if the settings want one."""
    if settings.language.engine == "none":
        return None
    step("loading the language model", settings.language.model)
    folder = locate(settings.language.model, settings.models)
    picker = Picker(Ct2Engine(folder, settings.language.threads))
    picker.warm()
    return HitPicker(picker)
