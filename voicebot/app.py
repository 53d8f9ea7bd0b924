"""Composition root: settings in, a working bot out. The only file that knows every room."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial

from asr_models import Recognizer
from asr_models.silero import SileroVad
from telephony import Call, Endpoint
from voicebot.assist.assistant import Assistants
from voicebot.dialog.dictation_view import DictationView
from voicebot.dialog.events import Say
from voicebot.ears import build_listening_recognizer, build_recognizer, loaded_ears
from voicebot.handoff import Distributor, OfficeHours, Queue
from voicebot.handoff.keeping import build_roster
from voicebot.knowledge.build import build_knowledge
from voicebot.knowledge.knowledge import Knowledge
from voicebot.line import admission
from voicebot.live_pack import PackParts, renewed
from voicebot.pack import Pack
from voicebot.pack_loader import load_pack
from voicebot.records.store import Records
from voicebot.session import language as in_calls
from voicebot.session.asked import expected_answer
from voicebot.session.call_session import CallSession
from voicebot.session.cold_estimates import cold_estimates
from voicebot.session.control import CallControl, Controls
from voicebot.session.conversation import Conversation
from voicebot.session.events import Observer, SessionEvent
from voicebot.session.hearing import Hearing
from voicebot.session.human import HumanDesk
from voicebot.session.listening_on import BackgroundEars
from voicebot.session.meeting import Meeting
from voicebot.session.mouth import Mouth
from voicebot.session.opt_out import no_wish, take_wish
from voicebot.session.prepared import first_texts, prepare_speech
from voicebot.session.recording import CallKeeper
from voicebot.session.rendering import FIRST_SOUND_STAGE
from voicebot.session.spoken_texts import SpokenTexts, all_texts
from voicebot.session.story import Story
from voicebot.session.thinker import Thinker
from voicebot.session.turn_taking import listening_taker, turn_taker
from voicebot.session.waiting import WaitingSound
from voicebot.settings import Settings
from voicebot.speech.build import build_speaker, patience_s
from voicebot.speech.speaker import Speaker
from voicebot.turns.estimates import StageEstimates
from voicebot.turns.scheduler import InferenceScheduler
from voicebot.weights import locate
from voicebot.wrapup.labels import LabelTree

Step = Callable[[str, str], None]
Prepare = Callable[[SpokenTexts], Sequence[str]]


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
        texts: SpokenTexts,
        knowledge: Knowledge,
        records: Records | None,
        estimates: StageEstimates,
        language: in_calls.Loaded | None = None,
        listening: Recognizer | None = None,
    ) -> None:
        self.settings = settings
        self.scheduler = scheduler
        self.recognizer = recognizer
        self.silero = silero
        self.speaker = speaker
        self.records = records
        self.estimates = estimates
        self.language = language
        self.controls = Controls()
        self.admission = admission(settings.sip)
        self.roster = build_roster(settings.handoff, records)
        self.queue = Queue(self.roster)
        self.distributor = Distributor(
            settings.handoff,
            self.roster,
            self.queue,
            OfficeHours(settings.handoff.office_hours),
        )
        self.new_mouth = partial(
            Mouth, speaker=speaker, scheduler=scheduler, patience_s=patience_s(settings)
        )
        self._uses = language.language(scheduler, estimates) if language else None
        self._listening = listening or recognizer
        self._use(PackParts.of(settings, pack, knowledge, texts))

    def _use(self, parts: PackParts) -> None:
        """What sessions that begin from now on are made of."""
        self._parts, self.pack, self.texts = parts, parts.pack, parts.texts
        self.knowledge, self.dialog, self.domain = parts.knowledge, parts.dialog, parts.domain
        risk, most_risk = parts.answer_risk, self.settings.handoff.most_risk
        self.labels = LabelTree(parts.pack, lambda query: parts.knowledge.search(query))
        self.assistants = Assistants(parts.knowledge, parts.pack, answer_risk=risk)
        taker = partial(listening_taker, self.settings.turns, self.silero)
        prompt = parts.pack.info.asr_prompt
        self._ears_behind = BackgroundEars(
            self._listening, parts.domain, self.scheduler, taker, prompt
        )
        self._conversation = Conversation(
            parts.dialog, parts.knowledge, self.scheduler, self._uses, most_risk=most_risk
        )

    async def take_up_pack(self) -> None:
        """Give new calls the pack as it is on disk now; calls in progress keep theirs.

        Raises VoicebotError if it cannot be loaded; then nothing has changed.
        """
        work = partial(renewed, self.settings, self._parts, self.speaker)
        self._use(await asyncio.to_thread(work))

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
        records = Records.open(settings.records) if with_records else None
        step("loading the ears", loaded_ears(settings))
        recognizer = build_recognizer(settings, pack)
        listening = build_listening_recognizer(settings, pack, recognizer)
        silero = SileroVad(locate("silero-vad", settings.models) / "silero_vad.onnx")
        step("loading the knowledge", settings.knowledge.embedder)
        knowledge = build_knowledge(settings, pack, step)
        step("loading the voice", settings.speech.engine)
        texts = all_texts(settings, pack, knowledge)
        speaker = build_speaker(settings, pack, known=texts.all)
        speaker.warm_up()
        speaker.needs(pack.info.name, texts.all, texts.first)
        prepare_speech(speaker, (prepare or first_texts)(texts), step)
        language = in_calls.load_language(settings, pack.language, step)
        estimates = cold_estimates(language.estimates_ms() if language else {})
        scheduler = InferenceScheduler(workers=2, estimates=estimates)
        return cls(
            settings=settings,
            pack=pack,
            scheduler=scheduler,
            recognizer=recognizer,
            silero=silero,
            speaker=speaker,
            texts=texts,
            knowledge=knowledge,
            records=records,
            estimates=estimates,
            language=language,
            listening=listening,
        )

    def with_parts(
        self,
        *,
        scheduler: InferenceScheduler,
        recognizer: Recognizer,
        speaker: Speaker,
        estimates: StageEstimates,
    ) -> App:
        """The same bot with other parts in these places (a replay's); what they share stays one's:
        `close` the original."""
        return App(
            settings=self.settings,
            pack=self.pack,
            scheduler=scheduler,
            recognizer=recognizer,
            silero=self.silero,
            speaker=speaker,
            texts=self.texts,
            knowledge=self.knowledge,
            records=None,
            estimates=estimates,
            language=self.language,
        )

    def close(self) -> None:
        """Stop the worker threads and close the records. Idempotent."""
        self.speaker.close()  # else the workers prepare on
        self.scheduler.close()
        if self.language is not None:
            self.language.engine.close()
        if self.records is not None:
            self.records.close()

    # --- making calls ---------------------------------------------------------------------
    def conversation(self) -> Conversation:
        """The talk without a telephone; it holds nothing of a call."""
        return self._conversation

    def greeting_ms(self) -> int:
        """How long the greeting sounds, with what is said before it, pauses included."""
        said = [a.text for a in self._conversation.start().actions if isinstance(a, Say)]
        said.append(self.settings.records.announcement)
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

        Without an endpoint no seat can be rung (replay). `keeper` stores the summary and the tape;
        facts reach it as `observer`.
        """
        story = Story(self.pack, call.info)

        def observe(event: SessionEvent) -> None:
            story(event)
            meeting(event)
            observer(event)

        turns, handoff = self.settings.turns, self.settings.handoff
        meeting = Meeting(handoff, self.new_mouth, self._ears_behind, observe)
        call_id = keeper.recorder.call_id if keeper else call.info.call_id
        mouth = self.new_mouth(call, learn=partial(self.estimates.observe, FIRST_SOUND_STAGE))
        thinker = Thinker(
            self._conversation,
            mouth,
            lambda: self.estimates.p95_ms(FIRST_SOUND_STAGE),
            take_wish if self.settings.records.opt_out else no_wish,
        )
        return CallSession(
            call,
            taker=turn_taker(turns, self.silero),
            hearing=Hearing(
                self.recognizer,
                self.domain,
                self.scheduler,
                self.pack.info.asr_prompt,
                self.settings.asr.partial_ms,
            ),
            thinker=thinker,
            conversation=self._conversation,
            mouth=mouth,
            desk=HumanDesk(
                self.distributor,
                call_id,
                endpoint,
                story.package,
                keeper.store_summary if keeper else None,
                observe,
                partial(self._waiting_sound, mouth),
                keeper.book_call_back if keeper else None,
                meeting,
            ),
            control=CallControl(
                call_id, call, handoff, meeting, endpoint, self.controls, self.roster
            ),
            prompts=self.pack.prompts,
            pack_name=self.pack.info.name,
            turns=turns,
            budget=self.settings.budget,
            observer=observe,
            announce=self.settings.records.announcement,
            opt_out_digit=self.settings.records.opt_out_digit,
            stop_recording=keeper.stop_recording if keeper else lambda: None,
            expects=partial(expected_answer, self.pack),
            dictations=DictationView(self.pack),
        )

    def _waiting_sound(
        self, mouth: Mouth, call: Call, observer: Observer, now_ms: Callable[[], int]
    ) -> WaitingSound:
        handoff = self.settings.handoff
        key = handoff.call_back_digit if handoff.call_back else ""
        return WaitingSound(call, mouth, self.pack.prompts, key, observer, now_ms)
