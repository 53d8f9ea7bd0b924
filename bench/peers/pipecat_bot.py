"""A telephone bot assembled from pipecat-ai, with our ears, our voice and our answers.

Runs in an environment of its own (`python -m bench.peers` makes it)::

    python -m bench.peers.pipecat_bot --listen 127.0.0.1:5080 --briefing briefing.json \\
        --variant tuned

The line is the same as our bot's (`telephony`), so that what differs is what is in between:
pipecat's pipeline, voice activity detection, turn-taking and interruption. Where its users have a
language model, this one looks the answer up at once, which favours it.

Variants: `defaults` as its documentation shows it; `tuned` with a shorter end of turn and a voice
that speaks clause by clause; `cached` is `tuned` with the briefing's answers voiced beforehand, as
our bot does with what it says word for word.
"""

from __future__ import annotations

import argparse
import asyncio
import difflib
import json
import re
import sys
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from faster_whisper import WhisperModel
from loguru import logger
from pipecat.audio.vad.silero import SileroVADAnalyzer
from pipecat.audio.vad.vad_analyzer import VADParams
from pipecat.frames.frames import (
    Frame,
    LLMContextFrame,
    LLMFullResponseEndFrame,
    LLMFullResponseStartFrame,
    LLMTextFrame,
    TTSAudioRawFrame,
    TTSSpeakFrame,
)
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import (
    LLMContextAggregatorPair,
    LLMUserAggregatorParams,
)
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.services.settings import TTSSettings
from pipecat.services.tts_service import TTSService
from pipecat.services.whisper.stt import WhisperSTTService
from pipecat.transcriptions.language import Language
from pipecat.transports.base_transport import TransportParams
from pipecat.turns.user_start import VADUserTurnStartStrategy
from pipecat.turns.user_stop import SpeechTimeoutUserTurnStopStrategy
from pipecat.turns.user_turn_strategies import UserTurnStrategies
from pipecat.workers.runner import WorkerRunner

from bench.peers.pipecat_line import EARS_RATE, LINE_RATE, LineInput, LineOutput
from telephony import Call
from telephony.baresip.line import BaresipEndpoint
from telephony.config import LineConfig
from voicebot.pack_loader import load_pack
from voicebot.settings import load_settings
from voicebot.speech.api import Voice
from voicebot.speech.build import build_voice
from voicebot.weights import locate

LEAST_ALIKE = 0.35
# pipecat gives a voice up that says nothing for 3 s, which a busy machine may take.
PATIENCE_S = 15.0
# The tuned variant: what an expert would set for a local recognizer and a telephone.
TUNED_STOP_S, TUNED_TIMEOUT_S, TUNED_STT_S = 0.2, 0.35, 0.35


@dataclass(frozen=True)
class Briefing:
    """What the bot says: `answers` by what is asked; written by `bench.peers.briefing`."""

    greeting: str
    asr_prompt: str
    sorry: str
    answers: dict[str, str]

    @classmethod
    def read(cls, path: Path) -> Briefing:
        return cls(**json.loads(path.read_text(encoding="utf-8")))

    def answer(self, heard: str) -> str:
        """Of the question that is most like what was heard."""

        def alike(question: str) -> float:
            return difflib.SequenceMatcher(None, question, heard).ratio()

        best = max(self.answers, key=alike)
        return self.answers[best] if alike(best) >= LEAST_ALIKE else self.sorry


class OurEars(WhisperSTTService):
    """pipecat's own Whisper service on our weights, loaded once for all calls."""

    shared: WhisperModel

    def _load(self) -> None:
        self._model = self.shared


class OurVoice(TTSService):
    """Our Kokoro behind pipecat's door.

    A sentence at a time, as its own service does; with `clauses` the first sound comes after the
    first clause. `ready` is audio by text, voiced beforehand.
    """

    def __init__(
        self, voice: Voice, ready: dict[str, bytes], *, clauses: bool, **more: Any
    ) -> None:
        super().__init__(
            push_start_frame=True,
            push_stop_frames=True,
            stop_frame_timeout_s=PATIENCE_S,
            sample_rate=LINE_RATE,
            settings=TTSSettings(model=None, voice=voice.name, language=Language.ZH),
            **more,
        )
        self._voice = voice
        self._ready = ready
        self._clauses = clauses

    def can_generate_metrics(self) -> bool:
        return False

    async def run_tts(self, text: str, context_id: str) -> AsyncGenerator[Frame, None]:
        for said in clauses(text) if self._clauses else [text.strip()]:
            pcm = self._ready.get(said)
            if pcm is None:
                rendered = await asyncio.to_thread(self._voice.render, said)
                pcm = rendered.astype("<i2").tobytes()
            yield TTSAudioRawFrame(
                audio=pcm, sample_rate=LINE_RATE, num_channels=1, context_id=context_id
            )


class OurAnswers(FrameProcessor):
    """Stands where the language model would: the same answers, without a wait."""

    def __init__(self, briefing: Briefing) -> None:
        super().__init__()
        self._briefing = briefing

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if not isinstance(frame, LLMContextFrame):
            await self.push_frame(frame, direction)
            return
        last = frame.context.get_messages()[-1]
        # Not the caller's words: pipecat asks the model to go on after sound without words.
        heard = str(last["content"]) if last.get("role") == "user" else ""
        logger.info(f"heard {heard!r}")
        await self.push_frame(LLMFullResponseStartFrame())
        await self.push_frame(LLMTextFrame(self._briefing.answer(heard)))
        await self.push_frame(LLMFullResponseEndFrame())


def clauses(text: str) -> list[str]:
    """What may be voiced by itself: up to each comma or stop."""
    return [
        clause.strip()
        for clause in re.findall(r"[^，。！？；]+[，。！？；]*", text)
        if clause.strip()
    ]


class PeerBot:
    """The parts that calls share, and the talk with one caller."""

    def __init__(self, briefing: Briefing, variant: str) -> None:
        settings = load_settings(overrides={"speech.fallback": []})  # one voice, however long
        self._briefing = briefing
        self._variant = variant
        self._voice = build_voice(settings, load_pack(settings.pack))
        ears = locate("whisper-base", settings.models)
        OurEars.shared = WhisperModel(str(ears), device="cpu", compute_type="int8")
        self._ears = ears
        self._ready: dict[str, bytes] = {}
        if variant == "cached":
            texts = [briefing.greeting, briefing.sorry, *briefing.answers.values()]
            for clause in {clause for text in texts for clause in clauses(text)}:
                self._ready[clause] = self._voice.render(clause).astype("<i2").tobytes()

    def _user(self) -> LLMUserAggregatorParams:
        if self._variant == "defaults":
            return LLMUserAggregatorParams(vad_analyzer=SileroVADAnalyzer())
        stop = SpeechTimeoutUserTurnStopStrategy(user_speech_timeout=TUNED_TIMEOUT_S)
        return LLMUserAggregatorParams(
            vad_analyzer=SileroVADAnalyzer(params=VADParams(stop_secs=TUNED_STOP_S)),
            user_turn_strategies=UserTurnStrategies(
                start=[VADUserTurnStartStrategy()], stop=[stop]
            ),
            user_turn_stop_timeout=2.0,
        )

    async def talk(self, call: Call) -> None:
        """From the answer to the end of one call."""
        await call.answer()
        params = TransportParams(
            audio_in_enabled=True,
            audio_in_sample_rate=EARS_RATE,
            audio_out_enabled=True,
            audio_out_sample_rate=LINE_RATE,
        )
        ears_settings = OurEars.Settings(
            model=str(self._ears),
            language=Language.ZH,
            initial_prompt=self._briefing.asr_prompt,
        )
        hurry = {} if self._variant == "defaults" else {"ttfs_p99_latency": TUNED_STT_S}
        pair = LLMContextAggregatorPair(LLMContext(), user_params=self._user())
        pipeline = Pipeline(
            [
                LineInput(call, params),
                OurEars(settings=ears_settings, **hurry),
                pair.user(),
                OurAnswers(self._briefing),
                OurVoice(self._voice, self._ready, clauses=self._variant != "defaults"),
                LineOutput(call, params),
                pair.assistant(),
            ]
        )
        worker = PipelineWorker(
            pipeline,
            params=PipelineParams(audio_in_sample_rate=EARS_RATE, audio_out_sample_rate=LINE_RATE),
            cancel_on_idle_timeout=False,
        )
        runner = WorkerRunner(handle_sigint=False)
        await worker.queue_frames([TTSSpeakFrame(self._briefing.greeting)])
        await runner.add_workers(worker)
        running = asyncio.create_task(runner.run())
        await call.wait_ended()
        await runner.cancel("the caller hung up")
        await running


async def serve(listen: str, rtp_ports: str, bot: PeerBot) -> None:
    """Take calls until the process is told to stop."""
    endpoint = BaresipEndpoint(LineConfig(listen=listen, rtp_ports=rtp_ports))
    await endpoint.start()
    print(f"listening on {listen}", file=sys.stderr, flush=True)
    talks: set[asyncio.Task[None]] = set()
    try:
        async for call in endpoint.incoming():
            talk = asyncio.create_task(bot.talk(call))
            talks.add(talk)
            talk.add_done_callback(talks.discard)
    finally:
        await endpoint.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--listen", required=True)
    parser.add_argument("--rtp-ports", default="49000-49998")
    parser.add_argument("--briefing", type=Path, required=True)
    parser.add_argument("--variant", choices=["defaults", "tuned", "cached"], default="tuned")
    given = parser.parse_args()
    logger.remove()
    logger.add(sys.stderr, level="INFO")
    bot = PeerBot(Briefing.read(given.briefing), given.variant)
    asyncio.run(serve(given.listen, given.rtp_ports, bot))


if __name__ == "__main__":
    main()
