"""How well do turns work on real speech through A-law? Prints a Markdown table with counts.

python -m tests.bench.bench_turns --clips FOLDER --vad silero_vad.onnx
FOLDER holds manifest.tsv (columns file, text) and the clips. Every case follows from --seed.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from asr_models.g711 import alaw_decode, alaw_encode
from asr_models.silero import SileroVad
from telephony.api import FRAME_MS, FRAME_SAMPLES, SAMPLE_RATE
from tests.bench.clips import load_manifest, pink_noise, read_8k
from voicebot.settings import TurnSettings
from voicebot.turns.echo import EchoEstimator
from voicebot.turns.events import (
    BargeIn,
    BargeInSuspected,
    SpeculateNow,
    SpeechStarted,
    TurnEnded,
    TurnEvent,
)
from voicebot.turns.turn_taker import TurnTaker
from voicebot.turns.vad import SpeechDetector

Float = npt.NDArray[np.float64]
NOISE_DB = -60.0
BOT_DB = -20.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=Path, required=True)
    parser.add_argument("--vad", type=Path, required=True)
    parser.add_argument("--cases", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    bench = Bench(args.clips, args.vad, args.seed)
    print("| what | n | result |\n|---|---|---|")
    for rows in (
        bench.endpoints(args.cases),
        bench.echo(args.cases),
        bench.barge_ins(args.cases),
    ):
        for what, n, result in rows:
            print(f"| {what} | {n} | {result} |", flush=True)
    per_frame = bench.cpu_s / bench.frames * 1e6
    print(f"| CPU a 20 ms frame (VAD, turns, echo) | {bench.frames} | {per_frame:.0f} µs |")


@dataclass(frozen=True)
class Case:
    """What came in and what went out, float ±1 at 8 kHz, of equal length."""

    received: Float
    sent: Float | None = None


class Bench:
    def __init__(self, clips: Path, vad: Path, seed: int) -> None:
        self._rng = random.Random(seed)
        manifest = load_manifest(clips, min_chars=3)
        self._clips = self._rng.sample(manifest, len(manifest))
        self._silero = SileroVad(vad)
        self._settings = TurnSettings.model_validate({})
        self.cpu_s = 0.0
        self.frames = 0

    # --- the three measurements --------------------------------------------------------------
    def endpoints(self, cases: int) -> Iterator[tuple[str, int, str]]:
        """One sentence in a quiet call: when is its end seen, is it one turn?"""
        delays, speculations, onsets, turns = [], [], [], []
        cut = 0
        for number in range(min(cases, len(self._clips))):
            clip = at_level(self._clip(number), self._rng.uniform(-32, -18))
            begin, end = spoken_span_ms(clip)
            received = np.concatenate((np.zeros(8000), clip, np.zeros(16000)))
            events = self._run(Case(received + noise(len(received), number)))
            ended = [event for event in events if isinstance(event, TurnEnded)]
            started = [event for event in events if isinstance(event, SpeechStarted)]
            turns.append(len(ended))
            if not ended:
                continue
            delays.append(ended[-1].at_ms - 1000 - end)
            onsets.append(started[0].speech_start_ms - 1000 - begin)
            cut += self._utterance_starts_ms[0] > 1000 + begin
            last = [event for event in events if isinstance(event, SpeculateNow)][-1]
            speculations.append(last.at_ms - 1000 - end)
        n = len(turns)
        yield "sentences heard as one turn", n, f"{turns.count(1)}"
        yield "sentences split at a pause", n, f"{sum(count > 1 for count in turns)}"
        yield "sentences missed", n, f"{turns.count(0)}"
        yield "acoustic end to SpeculateNow", len(speculations), quantiles(speculations)
        yield "acoustic end to TurnEnded", len(delays), quantiles(delays)
        yield "acoustic onset to speech_start", len(onsets), quantiles(onsets)
        yield "first sound outside the pre-roll", len(onsets), f"{cut}"

    def echo(self, cases: int) -> Iterator[tuple[str, int, str]]:
        """The bot alone, its echo coming back at -6..-30 dB after 20..300 ms."""
        suspected = stopped = turns = 0
        for number in range(cases):
            sent = self._bot(6.0)
            received = echo_of(sent, *self._echo_path(6.0), number) + noise(len(sent), number)
            events = self._run(Case(received, sent))
            suspected += any(isinstance(event, BargeInSuspected) for event in events)
            stopped += any(isinstance(event, BargeIn) for event in events)
            turns += any(isinstance(event, SpeechStarted) for event in events)
        yield "echo only: bot ducked", cases, f"{suspected}"
        yield "echo only: bot stopped", cases, f"{stopped}"
        yield "echo only: any turn begun", cases, f"{turns}"

    def barge_ins(self, cases: int) -> Iterator[tuple[str, int, str]]:
        """A caller talks over the bot from 3 s on, without echo and with one."""
        for name, weakest in (
            ("no echo", None),
            ("echo -20..-35 dB", 20.0),
            ("echo -10..-25 dB", 10.0),
        ):
            ducks, stops = [], []
            early = 0
            for number in range(cases):
                sent = self._bot(7.0)
                clip = at_level(self._clip(self._rng.randrange(1000)), self._rng.uniform(-28, -18))
                caller = np.zeros(len(sent))
                clip = clip[: 4 * SAMPLE_RATE]
                caller[3 * SAMPLE_RATE : 3 * SAMPLE_RATE + len(clip)] = clip
                onset_ms = 3000 + spoken_span_ms(clip)[0]
                received = caller + noise(len(sent), number)
                if weakest is not None:
                    loss_db, delay_ms = self._echo_path(weakest, weakest + 15)
                    received += echo_of(sent, loss_db, delay_ms, number)
                events = self._run(Case(received, sent))
                duck = [e.at_ms - onset_ms for e in events if isinstance(e, BargeInSuspected)]
                stop = [e.at_ms - onset_ms for e in events if isinstance(e, BargeIn)]
                early += bool(stop) and stop[0] < 0
                ducks += duck[:1]
                stops += stop[:1]
            yield f"barge-in, {name}: ducked", cases, f"{len(ducks)}; {quantiles(ducks)}"
            yield f"barge-in, {name}: stopped", cases, f"{len(stops)}; {quantiles(stops)}"
            yield f"barge-in, {name}: before the caller spoke", cases, f"{early}"

    # --- parts -------------------------------------------------------------------------------
    def _clip(self, number: int) -> Float:
        clip = self._clips[number % len(self._clips)]
        return read_8k(clip.path).astype(np.float64) / 32768.0

    def _bot(self, seconds: float) -> Float:
        """Bot speech: clips end to end at `BOT_DB`."""
        parts: list[Float] = []
        while sum(map(len, parts)) < seconds * SAMPLE_RATE:
            parts.append(at_level(self._clip(self._rng.randrange(10_000)), BOT_DB))
        return np.concatenate(parts)[: int(seconds * SAMPLE_RATE)]

    def _echo_path(self, least_db: float, most_db: float = 30.0) -> tuple[float, float]:
        return self._rng.uniform(least_db, most_db), self._rng.uniform(20, 300)

    def _run(self, case: Case) -> list[TurnEvent]:
        vad = SpeechDetector(self._silero.fork(), threshold=self._settings.speech_threshold)
        taker, echo = TurnTaker(self._settings, vad), EchoEstimator()
        received = frames(case.received)
        sent = [None] * len(received) if case.sent is None else frames(case.sent)
        events: list[TurnEvent] = []
        self._utterance_starts_ms: list[int] = []
        began = time.process_time()
        for came, went in zip(received, sent, strict=True):
            level = echo.feed(came, went)
            new = taker.feed(came, bot_speaking=went is not None, echo_level_db=level)
            if any(isinstance(event, SpeechStarted) for event in new):
                self._utterance_starts_ms.append(taker.now_ms - len(taker.utterance()) // 8)
            events += new
        self.cpu_s += time.process_time() - began
        self.frames += len(received)
        return events


def frames(samples: Float) -> list[bytes]:
    """The samples as 20 ms frames, after A-law."""
    pcm = np.clip(np.round(samples * 32767.0), -32768, 32767).astype(np.int16)
    pcm = alaw_decode(alaw_encode(pcm))
    whole = len(pcm) // FRAME_SAMPLES * FRAME_SAMPLES
    return [pcm[at : at + FRAME_SAMPLES].tobytes() for at in range(0, whole, FRAME_SAMPLES)]


def at_level(samples: Float, db: float) -> Float:
    """Scale so that the spoken part (the louder half) has this RMS level in dBFS."""
    energy = np.sort(np.square(samples))[len(samples) // 2 :].mean() / 2.0
    return samples * 10 ** (db / 20) / np.sqrt(max(float(energy), 1e-12))


def noise(length: int, seed: int) -> Float:
    """Line noise at `NOISE_DB`."""
    return pink_noise(length, seed) * 10 ** (NOISE_DB / 20)


def echo_of(sent: Float, loss_db: float, delay_ms: float, seed: int) -> Float:
    """The sent sound as it comes back: weaker, later, smeared over 6 ms."""
    rng = np.random.default_rng(seed)
    path = np.concatenate(([1.0], 0.5 * rng.standard_normal(48) * np.exp(-np.arange(48) / 10)))
    path *= 10 ** (-loss_db / 20) / np.sqrt(np.sum(path**2))
    returned = np.convolve(sent, path)
    return np.concatenate((np.zeros(int(delay_ms * 8)), returned))[: len(sent)]


def spoken_span_ms(clip: Float) -> tuple[int, int]:
    """First and last moment within 30 dB of the clip's loudest 20 ms."""
    whole = len(clip) // FRAME_SAMPLES * FRAME_SAMPLES
    power = np.square(clip[:whole]).reshape(-1, FRAME_SAMPLES).mean(axis=1)
    loud = np.flatnonzero(power > power.max() * 1e-3)
    return int(loud[0]) * FRAME_MS, (int(loud[-1]) + 1) * FRAME_MS


def quantiles(values: list[int]) -> str:
    """Median and 95th percentile, with the extremes."""
    if not values:
        return "-"
    p50, p95 = np.percentile(values, [50, 95])
    return f"p50 {p50:.0f} ms, p95 {p95:.0f} ms (min {min(values)}, max {max(values)})"


if __name__ == "__main__":
    main()
