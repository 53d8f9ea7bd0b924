"""What bench_voice measures through the real Mouth, scheduler and a line in real time."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track

from telephony import FRAME_MS
from tests.bench.timed_line import TimedLine, Utterance, settle
from tests.bench.voice_lines import voice_lines
from tests.bench.voice_report import Row, spread
from voicebot.pack import Pack
from voicebot.session.mouth import Mouth
from voicebot.session.spoken_texts import spoken_texts
from voicebot.settings import Settings
from voicebot.speech.api import LINE_RATE, Voice
from voicebot.speech.build import build_speaker, build_voice
from voicebot.speech.chain import VoiceChain
from voicebot.speech.speaker import OFFLINE_TIMEOUT_S, Speaker
from voicebot.turns.scheduler import InferenceScheduler

PREPARED_BOUND_MS = 20.0
LIVE_P50_MS, LIVE_P95_MS = 500.0, 900.0
GAP_BOUND_MS = 60.0
PATIENCE_S = 60.0  # a loaded machine is to be measured, not given up on
SPEED_CLAUSES = 20


@dataclass(frozen=True)
class Bench:
    """What the parts share."""

    settings: Settings
    pack: Pack
    out: Path
    count: int
    console: Console

    @property
    def sentences(self) -> list[str]:
        return [line.text for line in voice_lines()[: self.count]]

    def terms(self) -> list[str]:
        return [term.term for term in self.pack.lexicon]


def measure_prepared(bench: Bench) -> list[Row]:
    """First audio of prepared prompts: a cold process's disk, then its memory."""
    texts = spoken_texts(bench.pack, no_input_prompts=2)
    wanted = [text for text in texts.all if "{" not in text][: bench.count]
    speaker = build_speaker(bench.settings, bench.pack, known=texts.all)
    speaker.warm_up()
    for text in track(wanted, description="preparing", console=bench.console):
        speaker.prepare([text])
    again = build_speaker(bench.settings, bench.pack, known=texts.all)  # nothing in its memory
    again.clauses("您好。")
    rows = []
    for where in ("from disk", "from memory"):
        said = _say_all(again, wanted, bench.console, f"prepared, {where}", stop_early=True)
        rows += _prepared_rows(said, where)
    return rows


def _prepared_rows(said: Sequence[Utterance], where: str) -> list[Row]:
    handed = tuple(each.handed_ms for each in said)
    sent = tuple(each.first_audio_ms for each in said)
    return [
        Row(f"prepared, {where}: handed to the line", spread(handed), len(said), "≤ 20 ms",
            max(handed) <= PREPARED_BOUND_MS, handed),
        Row(f"prepared, {where}: first packet has left", spread(sent), len(said),
            "p95 ≤ 20 ms: the next packet", _p95(sent) <= PREPARED_BOUND_MS, sent),
    ]  # fmt: skip


def measure_live(bench: Bench) -> list[Row]:
    """First audio and gaps of sentences that nobody has rendered."""
    speaker = Speaker(first_voice(bench.settings, bench.pack), terms=bench.terms())
    speaker.warm_up()
    said = _say_all(speaker, bench.sentences, bench.console, "live sentences")
    first = tuple(each.first_audio_ms for each in said)
    gaps = tuple(gap for each in said for gap in each.gaps_ms)
    late = [
        (text, [gap for gap in each.gaps_ms if gap > GAP_BOUND_MS])
        for text, each in zip(bench.sentences, said, strict=True)
    ]
    late = [(text, stops) for text, stops in late if stops]
    stops = sum(len(each) for _, each in late)
    named = tuple(_stopped(speaker, text, each) for text, each in late)
    p50, p95 = float(np.percentile(first, 50)), _p95(first)
    return [
        Row("live: first packet", spread(first), len(first), "p50 ≤ 500 ms, p95 ≤ 900 ms",
            p50 <= LIVE_P50_MS and p95 <= LIVE_P95_MS, first),
        Row("live: gaps > 60 ms beyond the pause",
            f"{stops} in {len(late)} sentences; {spread(gaps)}", len(said), "none",
            not late, gaps, named),
    ]  # fmt: skip


def _stopped(speaker: Speaker, text: str, gaps_ms: Sequence[float]) -> str:
    """Where a sentence stopped: how long, and the clauses it was cut into."""
    clauses = " · ".join(clause.text for clause in speaker.clauses(text))
    return f"{clauses}: stopped for {', '.join(f'{gap:.0f}' for gap in gaps_ms)} ms"


def measure_speed(bench: Bench) -> list[Row]:
    """Compute against sound, one clause at a time and nothing beside it."""
    speaker = Speaker(first_voice(bench.settings, bench.pack), terms=bench.terms())
    speaker.warm_up()
    clauses = [clause for text in bench.sentences for clause in speaker.clauses(text)]
    walls, cpus = [], []
    for clause in track(clauses[:SPEED_CLAUSES], description="rendering", console=bench.console):
        wall_s, cpu_s = time.perf_counter(), time.process_time()
        pcm = speaker.render(clause, timeout_s=OFFLINE_TIMEOUT_S)
        sound_s = max(len(pcm), 1) / LINE_RATE
        walls.append((time.perf_counter() - wall_s) / sound_s)
        cpus.append((time.process_time() - cpu_s) / sound_s)
    return [
        Row("real-time factor, wall", _factors(walls), len(walls), "", None, tuple(walls)),
        Row("real-time factor, CPU", _factors(cpus), len(cpus), "", None, tuple(cpus)),
    ]


def first_voice(settings: Settings, pack: Pack) -> Voice:
    """The settings' voice, with no second one that would be quicker and worse."""
    voice = build_voice(settings, pack)
    return voice.voices[0] if isinstance(voice, VoiceChain) else voice


def _factors(values: Sequence[float]) -> str:
    return f"median {np.median(values):.2f}, worst {max(values):.2f}"


def _p95(values: Sequence[float]) -> float:
    return float(np.percentile(values, 95))


def _say_all(
    speaker: Speaker,
    texts: Sequence[str],
    console: Console,
    what: str,
    *,
    stop_early: bool = False,
) -> list[Utterance]:
    """Say each text to its end, or, to `stop_early`, until its first packet has left."""

    async def talk() -> list[Utterance]:
        line, said, moments = TimedLine(), [], random.Random(1)
        mouth = Mouth(line, speaker, scheduler, PATIENCE_S)
        await settle(line)
        for text in track(texts, description=what, console=console):
            await asyncio.sleep(FRAME_MS / 1000 * moments.random())  # any moment between packets
            utterance = line.begin()
            saying = asyncio.create_task(mouth.say(text))
            while not saying.done() and not (stop_early and utterance.sent_s):
                await asyncio.wait({saying}, timeout=0.005)
            line.end()
            if stop_early:
                saying.cancel()
                await asyncio.gather(saying, return_exceptions=True)
                mouth.stop()
            else:
                await saying
            said.append(utterance)
        await mouth.close()
        await line.hangup()
        return said

    scheduler = InferenceScheduler(workers=2)
    try:
        return asyncio.run(talk())
    finally:
        scheduler.close()
