"""Fixed against adaptive endpoint, length against content at barge-in, on the same audio.

    python -m tests.bench.strategies --clips SPEECH --lines RENDERED --vad silero_vad.onnx \
        --asr WHISPER [--texts cache.json]

SPEECH is a folder with manifest.tsv of read sentences; RENDERED is what
tests/bench/make_caller_lines.py wrote. Time is virtual: frames are fed as fast as they come, and
each speculative recognition (a real one) arrives so many ms later as --latency says. Prints a
Markdown table with counts; every case follows from --seed.
"""

from __future__ import annotations

import argparse
import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from telephony.api import FRAME_MS, SAMPLE_RATE
from tests.bench.bench_turns import (
    BOT_DB,
    Float,
    at_level,
    echo_of,
    noise,
    quantiles,
)
from tests.bench.call_cases import Case, in_a_call, samples, softest_ms, trimmed
from tests.bench.clips import Clip, load_manifest, read_8k
from tests.bench.late_ears import Ears, Lab
from voicebot.turns.adaptive_endpoint import AdaptiveEndpoint, Patience
from voicebot.turns.completeness_model import default_judge
from voicebot.turns.content_barge_in import ContentBargeIn
from voicebot.turns.endpoint import EndpointStrategy, FixedEndpoint
from voicebot.turns.events import (
    BargeIn,
    BargeInDismissed,
    BargeInSuspected,
    SpeculateNow,
    TurnEnded,
)

PAUSES_MS = (300, 500, 700)
BOT_MS, OVERLAP_AT_MS = 7000, 3000


class Bench:
    def __init__(self, args: argparse.Namespace) -> None:
        latency = (args.latency[0], args.latency[-1])
        self._lab = Lab(args.vad, args.ears, latency)
        self._seed = args.seed
        self._only = args.only
        self._read = load_manifest(args.clips, min_chars=6)[: args.cases]
        self._lines: dict[str, list[Clip]] = defaultdict(list)
        for clip in load_manifest(args.lines, min_chars=1):
            self._lines[clip.condition].append(clip)

    def rows(self) -> Iterator[tuple[str, str, int, str]]:
        if self._only != "overlaps":
            yield from self._endpoints()
        if self._only != "endpoints":
            yield from self._barge_ins()

    def _endpoints(self) -> Iterator[tuple[str, str, int, str]]:
        whole, paused = list(self._whole()), list(self._paused())
        strategies: Sequence[tuple[str, Callable[[], EndpointStrategy], bool]] = (
            ("fixed 480", lambda: FixedEndpoint(480), False),
            ("fixed 800", lambda: FixedEndpoint(800), False),
            ("adaptive", AdaptiveEndpoint, True),
            ("adaptive, unsure 700", lambda: AdaptiveEndpoint(Patience(unsure_ms=700)), True),
            ("adaptive, text never comes", AdaptiveEndpoint, False),
        )
        for name, make, hears in strategies:
            yield from self._delays(name, whole, make, hears)
            yield from self._cut_offs(name, paused, make, hears)

    def _barge_ins(self) -> Iterator[tuple[str, str, int, str]]:
        for name, content in (("content", True), ("length (default)", False)):
            for echo in (False, True):
                where = f"{name}, {'echo -20..-35 dB' if echo else 'no echo'}"
                for condition in ("listener", "interruption"):
                    yield from self._overlaps(where, condition, content, echo)

    # --- endpoints ----------------------------------------------------------------------------
    def _whole(self) -> Iterator[tuple[str, Case]]:
        rng = random.Random(self._seed)
        for number, clip in enumerate(self._read):
            yield "read sentences", in_a_call(samples(clip, rng), number)
        for number, clip in enumerate(self._lines["whole"]):
            yield "caller sentences", in_a_call(samples(clip, rng), number)

    def _paused(self) -> Iterator[tuple[str, Case]]:
        rng = random.Random(self._seed)
        for number, clip in enumerate(self._read):
            audio = samples(clip, rng)
            pause = (softest_ms(audio), PAUSES_MS[number % len(PAUSES_MS)])
            yield "read sentences", in_a_call(audio, number, pause)
        for source, condition in (
            ("caller sentences", "paused"),
            ("callers, after a whole clause", "paused after a clause"),
        ):
            halves = self._lines[condition]
            for number, (first, second) in enumerate(zip(halves[::2], halves[1::2], strict=True)):
                parts = [trimmed(samples(first, rng)), trimmed(samples(second, rng))]
                at_ms = len(parts[0]) // 8
                for length in PAUSES_MS:
                    yield source, in_a_call(np.concatenate(parts), number, (at_ms, length))

    def _delays(
        self, name: str, cases: list[tuple[str, Case]], make: Callable[[], EndpointStrategy],
        hears: bool,
    ) -> Iterator[tuple[str, str, int, str]]:  # fmt: skip
        for source in dict.fromkeys(source for source, _ in cases):
            delays, turns, speculations, after_text, slow = [], [], 0, [], []
            for each, case in cases:
                if each != source:
                    continue
                outcome = self._lab.run(case.received, endpoint=make(), hears=hears)
                ends = outcome.times(TurnEnded)
                turns.append(len(ends))
                speculations += len(outcome.times(SpeculateNow))
                delays += [end - case.end_ms for end in ends[-1:]]
                if ends and outcome.heard_ms:
                    after_text.append(max(0, ends[-1] - outcome.heard_ms[-1]))
                    if delays[-1] > 700:
                        score = default_judge().judge(outcome.texts[-1]).score
                        slow.append(f"{outcome.texts[-1]} {score:.2f}")
            if slow and hears:
                yield name, f"{source}: waited for over 700 ms", len(slow), " / ".join(slow)
            n = len(turns)
            split = sum(count > 1 for count in turns)
            yield name, f"{source}: end of speech to TurnEnded", n, quantiles(delays)
            if after_text:
                yield name, f"{source}: text to TurnEnded", len(after_text), quantiles(after_text)
            yield (
                name, f"{source}: split, missed, recognitions", n,
                f"{split}, {turns.count(0)}, {speculations / n:.2f} each",
            )  # fmt: skip

    def _cut_offs(
        self, name: str, cases: list[tuple[str, Case]], make: Callable[[], EndpointStrategy],
        hears: bool,
    ) -> Iterator[tuple[str, str, int, str]]:  # fmt: skip
        for source in dict.fromkeys(source for source, _ in cases):
            counts: dict[int, list[bool]] = {length: [] for length in PAUSES_MS}
            cut_at: list[str] = []
            for each, case in cases:
                if each != source or case.pause is None:
                    continue
                begin, end = case.pause
                outcome = self._lab.run(case.received, endpoint=make(), hears=hears)
                cut = [at for at in outcome.times(TurnEnded) if begin < at <= end + 120]
                counts[end - begin].append(bool(cut))
                if cut and outcome.texts:
                    score = default_judge().judge(outcome.texts[0]).score
                    cut_at.append(f"{outcome.texts[0]} {score:.2f}")
            shown = ", ".join(f"{ms} ms: {sum(c)}/{len(c)}" for ms, c in counts.items())
            n = sum(map(len, counts.values()))
            total = sum(map(sum, counts.values()))
            yield name, f"{source}: cut off in a pause", n, f"{total / n:.1%} ({shown})"
            if cut_at and hears:
                yield name, f"{source}: cut after", len(cut_at), " / ".join(cut_at)

    # --- overlaps -----------------------------------------------------------------------------
    def _overlaps(
        self, name: str, condition: str, content: bool, echo: bool
    ) -> Iterator[tuple[str, str, int, str]]:
        rng = random.Random(self._seed)
        ducks, stops, back, wrong = [], [], [], []
        clips = self._lines[condition]
        for number, clip in enumerate(clips):
            audio = trimmed(samples(clip, rng))
            sent, bot_text = self._bot(rng)
            caller = np.zeros(len(sent))
            start = OVERLAP_AT_MS * 8
            caller[start : start + len(audio)] = audio[: len(sent) - start]
            received = caller + noise(len(sent), number)
            if echo:
                path = rng.uniform(20, 35), rng.uniform(20, 300)
                received += echo_of(sent, *path, number)
            outcome = self._lab.run(
                received,
                sent=sent,
                content=ContentBargeIn() if content else None,
                hears=content,
                bot_text=bot_text,
            )
            ducks += [at - OVERLAP_AT_MS for at in outcome.times(BargeInSuspected)[:1]]
            stop = [at - OVERLAP_AT_MS for at in outcome.times(BargeIn)[:1]]
            stops += stop
            back += [at - OVERLAP_AT_MS for at in outcome.times(BargeInDismissed)[:1]]
            if bool(stop) != (condition == "interruption"):
                heard = zip(outcome.texts, outcome.confidences, strict=False)
                kinds = [f"{text or '-'} {sure:.2f}" for text, sure in heard]
                wrong.append(f"{clip.text}({', '.join(kinds)})")
        n = len(clips)
        yield name, f"{condition}: ducked", n, f"{len(ducks)}; {quantiles(ducks)}"
        yield name, f"{condition}: stopped", n, f"{len(stops)}; {quantiles(stops)}"
        yield name, f"{condition}: brought back", n, f"{len(back)}; {quantiles(back)}"
        if content and wrong:
            yield name, f"{condition}: wrong", len(wrong), " ".join(wrong)

    def _bot(self, rng: random.Random) -> tuple[Float, str]:
        """What the bot says, and its words."""
        parts: list[Float] = []
        text = ""
        while sum(map(len, parts)) < BOT_MS * SAMPLE_RATE // 1000:
            clip = rng.choice(self._read)
            text += clip.text
            parts.append(at_level(read_8k(clip.path).astype(np.float64) / 32768.0, BOT_DB))
        return np.concatenate(parts)[: BOT_MS * SAMPLE_RATE // 1000], text


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=Path, required=True)
    parser.add_argument("--lines", type=Path, required=True)
    parser.add_argument("--vad", type=Path, required=True)
    parser.add_argument("--asr", type=Path, required=True)
    parser.add_argument("--texts", type=Path, help="keep and reuse recognitions in this file")
    parser.add_argument("--latency", type=int, nargs="+", default=[350, 600], help="ms, from to")
    parser.add_argument("--cases", type=int, default=60, help="read sentences")
    parser.add_argument("--only", choices=["endpoints", "overlaps"], help="half of it")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    args.ears = Ears(args.asr, args.texts)
    print(f"recognition takes {args.latency[0]}-{args.latency[-1]} ms, frame {FRAME_MS} ms\n")
    print("| strategy | what | n | result |\n|---|---|---|---|")
    try:
        for strategy, what, n, result in Bench(args).rows():
            print(f"| {strategy} | {what} | {n} | {result} |", flush=True)
    finally:
        args.ears.save()
    decodes = args.ears.decodes
    if decodes:
        print(f"\n{decodes} recognitions, {args.ears.cpu_s / decodes:.2f} CPU s each")


if __name__ == "__main__":
    main()
