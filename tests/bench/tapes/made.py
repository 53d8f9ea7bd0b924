"""Synthetic calls of which everything is known: who sounded when, and what it meant.

A seed makes a call: a greeting, six exchanges (some interrupted, some left unanswered, some with a
listener signal over the bot or a noise on the caller's side), then the line: levels, noise floors,
the bot's echo in the caller's channel, G.711.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from asr_models.g711 import alaw_decode, alaw_encode, ulaw_decode, ulaw_encode
from tests.bench.tapes.clips import BACKCHANNELS, LINES, RATE, Float, clip, cut, longest_pause_ms
from voicebot.replay.tape import Sound
from voicebot.replay.tape_turns import BACKCHANNEL_MS, Label, Meant

EXCHANGES = 6
# The analyzer joins a side's sounds over 450 ms; a line's own pauses stay well under.
LONGEST_PAUSE_MS = 300
MIN_STOP_MS = 120
FILTERED_TAPS = (1.0, 0.45, -0.25)


@dataclass
class Truth:
    """What is on the tape: sounds of both sides, and the events between them."""

    caller: list[Label] = field(default_factory=list)
    bot: list[Sound] = field(default_factory=list)
    latencies: list[tuple[int, int]] = field(default_factory=list)
    """Where the caller ended, and the wait, in ms."""
    stops: list[tuple[int, int]] = field(default_factory=list)
    """Where an interruption began, and when the bot was silent after it, in ms."""
    missed: int = 0
    passive_over_bot: int = 0
    noises: list[Sound] = field(default_factory=list)


@dataclass(frozen=True)
class Line:
    """What the line does to both sides; levels in dBFS, echo in dB of the bot's own (0: none)."""

    caller_dbfs: float
    bot_dbfs: float
    caller_snr_db: float
    bot_noise_dbfs: float | None
    noise: str
    echo_db: float
    echo_ms: int
    codec: str

    @classmethod
    def drawn(cls, random: np.random.Generator) -> Line:
        echo = random.random() < 0.6
        return cls(
            caller_dbfs=float(random.uniform(-33, -16)),
            bot_dbfs=float(random.uniform(-26, -16)),
            caller_snr_db=float(random.uniform(20, 40)),
            bot_noise_dbfs=float(random.uniform(-75, -60)) if random.random() < 0.5 else None,
            noise=str(random.choice(["white", "pink", "hum"])),
            echo_db=float(random.uniform(-45, -15)) if echo else 0.0,
            echo_ms=int(random.integers(5, 300)),
            codec=str(random.choice(["pcma", "pcmu", "none"])),
        )


class _Call:
    """The two channels as they grow, at level 1, and the truth beside them."""

    def __init__(self, random: np.random.Generator) -> None:
        self.random = random
        self.caller_parts: list[tuple[int, Float]] = []
        self.noise_parts: list[tuple[int, Float]] = []
        self.bot_parts: list[tuple[int, Float]] = []
        self.truth = Truth()
        self.now = 0
        """The call's time in samples."""

    def line(self) -> Float:
        while True:
            samples = clip(str(self.random.choice(LINES)))
            if longest_pause_ms(samples) <= LONGEST_PAUSE_MS:
                return samples

    def bot_line(self, clauses: int) -> Float:
        """Some lines one after another, 120 to 300 ms apart."""
        parts: list[Float] = []
        for _ in range(clauses):
            parts += [self.line(), np.zeros(self.samples(120, 300))]
        return np.concatenate(parts[:-1])

    def samples(self, low_ms: float, high_ms: float) -> int:
        return int(self.random.uniform(low_ms, high_ms) * RATE / 1000)

    def say(self, samples: Float, at: int, meant: Meant) -> int:
        """The caller's; returns where it ends."""
        self.caller_parts.append((at, samples))
        end = at + len(samples)
        self.truth.caller.append(Label(_ms(at), _ms(end), meant))
        return end

    def answer(self, samples: Float, at: int) -> int:
        self.bot_parts.append((at, samples))
        end = at + len(samples)
        self.truth.bot.append(Sound(_ms(at), _ms(end)))
        return end

    def exchange(self) -> None:
        """The caller asks, the bot answers, and something may come between."""
        end = self.say(self.line(), self.now + self.samples(900, 2500), Meant.TURN)
        kind = self.random.choice(["plain", "interrupted", "backchannel", "missed", "noise"])
        if kind == "missed":
            self.truth.missed += 1
            self.now = end + self.samples(4500, 6000)
            return
        wait = self.samples(150, 3500)
        self.truth.latencies.append((_ms(end), _ms(end + wait) - _ms(end)))
        start = end + wait
        if kind == "interrupted":
            self.interrupted(start)
            return
        answer = self.bot_line(2)
        self.now = self.answer(answer, start)
        if kind == "backchannel":
            signal = clip(str(self.random.choice(BACKCHANNELS)))
            self.say(signal, start + self.samples(400, 1200), Meant.BACKCHANNEL)
            self.truth.passive_over_bot += 1
        if kind == "noise":
            self.noise(self.now + self.samples(200, 500))
            self.now += self.samples(900, 1000)

    def interrupted(self, start: int) -> None:
        """The bot's answer is cut off some time after the caller begins over it; the bot answers
        what the caller said."""
        answer = self.bot_line(3)
        onset = start + self.samples(500, 1500)
        stop = onset + self.samples(250, 1400)
        said_by_bot = cut(answer[: stop - start])
        while len(said_by_bot) < onset - start + RATE * MIN_STOP_MS // 1000:
            stop += RATE // 10  # it would have been cut in a pause, before the caller spoke
            said_by_bot = cut(answer[: stop - start])
        spoken = self.answer(said_by_bot, start)
        self.truth.stops.append((_ms(onset), _ms(spoken) - _ms(onset)))
        said = self.line()
        # The bot must not have the last word, and what is shorter passes for a listener signal.
        while onset + len(said) <= spoken or _ms(len(said)) < BACKCHANNEL_MS:
            said = self.line()
        end = self.say(said, onset, Meant.INTERRUPTION)
        wait = self.samples(300, 2500)
        self.truth.latencies.append((_ms(end), _ms(end + wait) - _ms(end)))
        self.now = self.answer(self.bot_line(1), end + wait)

    def noise(self, at: int) -> None:
        """A bang or a rustle, as loud as speech, on the caller's side."""
        samples = self.random.standard_normal(self.samples(60, 250))
        samples *= np.exp(-np.arange(len(samples)) / self.samples(20, 80))
        self.noise_parts.append((at, samples * 1.2))
        self.truth.noises.append(Sound(_ms(at), _ms(at + len(samples))))


def make(seed: int, exchanges: int = EXCHANGES) -> tuple[npt.NDArray[np.int16], Truth, Line]:
    """The tape of seed `seed`: int16 of shape (n, 2) at 8 kHz, its truth, its line."""
    random = np.random.default_rng(seed)
    line = Line.drawn(random)
    call = _Call(random)
    call.now = call.answer(call.bot_line(2), call.samples(200, 900))
    for _ in range(exchanges):
        call.exchange()
    count = call.now + call.samples(600, 1500)
    caller = _laid(call.caller_parts, count) + _laid(call.noise_parts, count)
    bot = _laid(call.bot_parts, count) * 10 ** (line.bot_dbfs / 20)
    caller *= 10 ** (line.caller_dbfs / 20)
    caller += _noise(random, count, line.noise, line.caller_dbfs - line.caller_snr_db)
    if line.echo_db:
        path = np.zeros(line.echo_ms * RATE // 1000 + len(FILTERED_TAPS))
        path[-len(FILTERED_TAPS) :] = FILTERED_TAPS
        caller += np.convolve(bot, path)[:count] * 10 ** (line.echo_db / 20)
    if line.bot_noise_dbfs is not None:
        bot += _noise(random, count, "white", line.bot_noise_dbfs)
    return np.stack([_coded(caller, line.codec), _coded(bot, line.codec)], axis=1), call.truth, line


def _ms(samples: int) -> int:
    return round(samples * 1000 / RATE)


def _laid(parts: list[tuple[int, Float]], count: int) -> Float:
    channel = np.zeros(count)
    for at, samples in parts:
        kept = samples[: max(0, count - at)]
        channel[at : at + len(kept)] += kept
    return channel


def _noise(random: np.random.Generator, count: int, kind: str, dbfs: float) -> Float:
    if kind == "hum":
        at = np.arange(count) / RATE
        samples = sum(np.sin(2 * np.pi * 50 * k * at) / k for k in (1, 3, 5, 7))
        samples = samples + 0.1 * random.standard_normal(count)
    else:
        samples = random.standard_normal(count)
    if kind == "pink":
        spectrum = np.fft.rfft(samples)
        spectrum /= np.sqrt(np.maximum(np.arange(len(spectrum)), count / RATE * 50))
        samples = np.fft.irfft(spectrum, count)
    return np.asarray(samples / np.sqrt(np.mean(samples**2)) * 10 ** (dbfs / 20))


def _coded(samples: Float, codec: str) -> npt.NDArray[np.int16]:
    pcm = np.clip(np.round(samples * 32767), -32768, 32767).astype(np.int16)
    if codec == "pcma":
        return alaw_decode(alaw_encode(pcm))
    return ulaw_decode(ulaw_encode(pcm)) if codec == "pcmu" else pcm
