"""The rows of the table, in the order in which they are asked for."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.bench.turns import measure
from tests.bench.turns.cases import (
    PAUSES_MS,
    Case,
    bot_sounds,
    echo_path,
    level,
    over_the_bot,
    paused_line,
    read_sentence,
    read_sentences,
    sound_of,
    whole_line,
)
from tests.bench.turns.lab import Lab
from tests.bench.turns.measure import Make, quantile, spread
from tests.bench.turns.noises import non_speech
from tests.bench.turns.render import PITCHES, Line
from tests.bench.turns.report import Row
from tests.bench.turns.sound import Float, pitched, trimmed

ECHOES, NOISES_EACH, READ = 200, 6, 40


@dataclass
class Bench:
    """One run. `every`: only each n-th case (a quick look).

    Args:
        lines: the caller's and the bot's lines, rendered in `folder`.
        speech: a folder of real sentences, if there is one.
    """

    lab: Lab
    make: Make
    lines: Sequence[Line]
    bot_lines: Sequence[Line]
    folder: Path
    speech: Path | None
    every: int
    seed: int
    tick: measure.Tick

    def __post_init__(self) -> None:
        self.curves: dict[str, list[int]] = {}
        self._bot = bot_sounds(self.bot_lines, self.folder)
        self._read = read_sentences(self.speech, READ, self.seed)[:: self.every]

    def rows(self, only: str = "") -> Iterator[Row]:
        """Measure, row by row; `only` names one group."""
        groups = {
            "pauses": self._pauses,
            "endpoint": self._endpoint,
            "overlaps": self._overlaps,
            "echo": self._echoes,
            "noise": self._noises,
        }
        for name, group in groups.items():
            if only in ("", name):
                yield from group()

    def _of(self, condition: str) -> list[tuple[int, Line]]:
        chosen = [line for line in self.lines if line.condition == condition]
        return list(enumerate(chosen))[:: self.every]

    # --- endpoint ---------------------------------------------------------------------------------
    def _pauses(self) -> Iterator[Row]:
        lab, make, tick, folder = self.lab, self.make, self.tick, self.folder
        for condition, name, bound in (
            ("paused", "cut off in a pause of 300, 500 or 700 ms in mid-sentence", 0.03),
            ("paused after a clause", "… after a clause that could stand alone", None),
        ):
            cases = (
                (length, paused_line(line, folder, length, number))
                for number, line in self._of(condition)
                for length in PAUSES_MS
            )
            yield _pause_row(name, measure.pauses(lab, cases, make, tick), bound)
        read = (
            (length, read_sentence(clip, number, length))
            for number, clip in enumerate(self._read)
            for length in (PAUSES_MS[number % len(PAUSES_MS)],)
        )
        if self._read:
            yield _pause_row("… read sentences", measure.pauses(lab, read, make, tick), None)

    def _endpoint(self) -> Iterator[Row]:
        lines = (whole_line(line, self.folder, number) for number, line in self._of("whole"))
        read = (read_sentence(clip, number) for number, clip in enumerate(self._read))
        sources: list[tuple[str, Iterator[Case]]] = [("finished sentences", lines)]
        if self._read:
            sources.append(("read sentences", read))
        for name, cases in sources:
            found = measure.finished(self.lab, cases, self.make, self.tick)
            self.curves[f"{name}: end of speech to end of turn"] = found.delays_ms
            yield from _finished_rows(name, found, bounded=name == "finished sentences")

    # --- speech over the bot ----------------------------------------------------------------------
    def _overlaps(self) -> Iterator[Row]:
        heard = self._run_overlaps("listener", None)
        yield _share_row("listener signals that stop the bot", heard.stopped, heard, 0.03)
        yield Row(
            "… noticed: the bot hesitated", heard.n, f"{heard.noticed}; gap {spread(heard.gaps_ms)}"
        )
        echoed = self._run_overlaps("listener", (20.0, 35.0))
        yield _share_row("… over an echo of -20…-35 dB", echoed.stopped, echoed, None)
        meant = self._run_overlaps("interruption", None)
        self.curves["interruption: onset to silence on the wire"] = meant.silent_ms
        self.curves["interruption: onset to the bot's stop"] = meant.stops_ms
        self.curves["listener signal: the bot's gap"] = heard.gaps_ms
        p95 = quantile(meant.silent_ms, 0.95)
        yield Row(
            "interruption: onset to silence on the wire", len(meant.silent_ms),
            spread(meant.silent_ms), "p95 ≤ 250 ms", p95 <= 250, {"p95_ms": p95},
        )  # fmt: skip
        yield Row(
            "interruptions that stop the bot", meant.n,
            f"{meant.stopped} ({meant.stopped / meant.n:.1%}); {spread(meant.stops_ms)}",
            figures={"stopped": meant.stopped}, shown=tuple(meant.wrong),
        )  # fmt: skip
        yield Row("bot silent before the caller spoke", meant.n + heard.n, f"{meant.early}")
        echoed = self._run_overlaps("interruption", (20.0, 35.0))
        yield Row(
            "interruptions over an echo of -20…-35 dB that stop the bot", echoed.n,
            f"{echoed.stopped}; onset to silence {spread(echoed.silent_ms)}",
            shown=tuple(echoed.wrong),
        )  # fmt: skip
        coughs = measure.overlaps(
            self.lab, list(self._coughs()), self.make, self.tick, should_stop=False
        )
        false = [heard, coughs]
        noticed = sum(f.noticed - f.stopped for f in false)
        resumed = sum(f.resumed for f in false)
        yield Row(
            "false interruptions after which the bot goes on (listener signals, coughs, knocks)",
            noticed, f"{resumed} ({resumed / max(noticed, 1):.0%})", "100 %", resumed == noticed,
        )  # fmt: skip
        yield Row(
            "coughs, breaths and knocks that stop the bot", coughs.n,
            f"{coughs.stopped}; noticed {coughs.noticed}", shown=tuple(coughs.wrong),
        )  # fmt: skip

    def _run_overlaps(
        self, condition: str, echo_db: tuple[float, float] | None
    ) -> measure.Overlaps:
        chosen = self._of(condition)
        said = [(line, pitch) for pitch in PITCHES for _, line in chosen]
        cases = []
        for number, (line, pitch) in enumerate(said if echo_db is None else said[::3]):
            rng = random.Random(f"{self.seed} {condition} {number}")
            voiced = pitched(sound_of(line.path(self.folder, 0)), pitch)
            sound = trimmed(level(voiced, number))
            path = None if echo_db is None else echo_path(rng, *echo_db)
            bot = self._bot[number % len(self._bot)]
            cases.append(over_the_bot(line.text, sound, bot, number, path))
        return measure.overlaps(
            self.lab, cases, self.make, self.tick, should_stop=condition == "interruption"
        )

    def _coughs(self) -> Iterator[Case]:
        for number in range(0, 40, self.every):
            sound = cough(number)
            yield over_the_bot("cough", sound, self._bot[number % len(self._bot)], number, None)

    # --- nobody speaks ----------------------------------------------------------------------------
    def _echoes(self) -> Iterator[Row]:
        def cases() -> Iterator[Case]:
            for number in range(0, ECHOES, self.every):
                rng = random.Random(f"{self.seed} echo {number}")
                sound, text = self._bot[number % len(self._bot)]
                yield Case(
                    text, np.zeros(len(sound)), number,
                    bot=sound, bot_text=text, echo=echo_path(rng, 6.0, 30.0),
                )  # fmt: skip

        found = measure.false_triggers(self.lab, cases(), self.make, self.tick)
        wrong = found.stopped + found.turns
        yield Row(
            "echo alone (-6…-30 dB, 20…300 ms): false triggers", found.n, f"{wrong}", "0",
            wrong == 0, {"false": wrong},
        )  # fmt: skip
        yield Row("… the bot hesitated", found.n, f"{found.held}")

    def _noises(self) -> Iterator[Row]:
        cases = list(non_speech(max(1, NOISES_EACH // self.every)))
        found = measure.false_triggers(self.lab, cases, self.make, self.tick)
        yield Row(
            "noise, hum, clicks, tones, keys, music on hold: turns begun", found.n,
            f"{found.turns} in {found.seconds / 60:.0f} min", shown=tuple(found.what),
        )  # fmt: skip


def _pause_row(name: str, found: measure.Pauses, bound: float | None) -> Row:
    share = found.cut / max(found.n, 1)
    by_length = ", ".join(f"{ms} ms: {sum(c)}/{len(c)}" for ms, c in found.by_length.items())
    return Row(
        name, found.n, f"{found.cut} ({share:.1%}; {by_length})",
        "" if bound is None else f"≤ {bound:.0%}", None if bound is None else share <= bound,
        {"share": share}, tuple(found.cut_at),
    )  # fmt: skip


def _share_row(name: str, count: int, found: measure.Overlaps, bound: float | None) -> Row:
    share = count / max(found.n, 1)
    return Row(
        name, found.n, f"{count} ({share:.1%})", "" if bound is None else f"≤ {bound:.0%}",
        None if bound is None else share <= bound, {"share": share}, tuple(found.wrong),
    )  # fmt: skip


def _finished_rows(name: str, found: measure.Finished, *, bounded: bool) -> Iterator[Row]:
    p50, p95 = quantile(found.delays_ms, 0.5), quantile(found.delays_ms, 0.95)
    yield Row(
        f"{name}: end of speech to end of turn", len(found.delays_ms), spread(found.delays_ms),
        "p50 ≤ 350, p95 ≤ 700 ms" if bounded else "",
        p50 <= 350 and p95 <= 700 if bounded else None,
        {"p50_ms": p50, "p95_ms": p95}, tuple(found.slow),
    )  # fmt: skip
    yield Row(
        f"… after the text came: {name}", len(found.after_text_ms), spread(found.after_text_ms)
    )
    each = found.speculations / max(found.n, 1)
    yield Row(
        f"… split, missed; recognitions each: {name}", found.n,
        f"{found.split}, {found.missed}; {each:.2f}",
    )  # fmt: skip


def cough(seed: int) -> Float:
    """A cough, a breath or a knock on the handset: shaped noise without a voice."""
    rng = np.random.default_rng(seed)
    kind = ("cough", "breath", "knock")[seed % 3]
    seconds = {"cough": 0.3, "breath": 0.5, "knock": 0.08}[kind]
    t = np.arange(int(seconds * 8000)) / 8000
    colour = np.convolve(rng.standard_normal(len(t)), np.ones(4) / 4, "same")
    shape = {
        "cough": np.exp(-t * 14) * np.minimum(1, t / 0.004),
        "breath": np.sin(np.pi * t / seconds),
        "knock": np.exp(-t * 60),
    }[kind]
    loud_db = {"cough": -14.0, "breath": -34.0, "knock": -8.0}[kind] + rng.uniform(-6, 3)
    burst = colour * shape
    burst *= 10 ** (loud_db / 20) / np.sqrt(np.mean(np.square(burst)))
    twice = np.concatenate((burst, np.zeros(1200), 0.7 * burst)) if kind != "breath" else burst
    return np.clip(np.asarray(twice, np.float64), -1.0, 1.0)
