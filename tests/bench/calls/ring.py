"""Some calls at once to whatever answers at a SIP address; each leaves its caller's tape."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from asr_models.wav import read_wav
from tests.bench.calls.scripts import Script
from tests.bench.line_load import ROOT
from tests.ports import free_port
from voicebot.replay.tape_analyzer import TapeReport, analyze
from voicebot.replay.tape_speech import SpeechDetector
from voicebot.replay.tape_turns import Label, Meant

CALL_TIMEOUT_S = 420.0
# Callers do not ring in the same instant, nor speak in the same one.
APART_S = 1.7
RTP_FIRST, RTP_EACH = 52_000, 20


@dataclass(frozen=True)
class Rung:
    """What came of one call. `events` are the caller's own, `tape` is absent if none was made."""

    tape: Path
    events: tuple[dict[str, Any], ...]
    code: int

    @property
    def answered(self) -> bool:
        return any(event["event"] == "answered" for event in self.events)


def _written(script: Script, folder: Path, number: int) -> tuple[Path, Path]:
    """The script's file, and where the tape goes."""
    folder.mkdir(parents=True, exist_ok=True)
    steps = folder / f"call-{number}.json"
    steps.write_text(json.dumps(script.steps), encoding="utf-8")
    return steps, folder / f"call-{number}.wav"


def _kept(events: tuple[dict[str, Any], ...], folder: Path, number: int) -> None:
    text = json.dumps(events, ensure_ascii=False)
    (folder / f"call-{number}.events.json").write_text(text, encoding="utf-8")


async def ring(
    uri: str, script: Script, folder: Path, number: int, timeout_s: float = 20.0
) -> Rung:
    """One caller, in a process of its own, from INVITE to BYE; gives up after `timeout_s`."""
    steps, tape = _written(script, folder, number)
    low = RTP_FIRST + RTP_EACH * number
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "telephony.loopback.caller", "--call", uri),
        *("--listen", f"127.0.0.1:{free_port()}", "--rtp-ports", f"{low}-{low + RTP_EACH - 2}"),
        *("--script", str(steps), "--tape", str(tape), "--user", f"1380013{number:04d}"),
        *("--timeout", str(timeout_s)),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        out, _ = await asyncio.wait_for(process.communicate(), CALL_TIMEOUT_S)
    except TimeoutError:
        process.kill()
        out, _ = await process.communicate()
    events = tuple(json.loads(line) for line in out.splitlines() if line.startswith(b"{"))
    _kept(events, folder, number)
    return Rung(tape, events, process.returncode or 0)


async def ring_all(uri: str, scripts: Sequence[Script], folder: Path) -> list[Rung]:
    """All scripts at once, `APART_S` apart."""

    async def one(number: int) -> Rung:
        await asyncio.sleep(APART_S * number)
        return await ring(uri, scripts[number], folder, number)

    return list(await asyncio.gather(*(one(number) for number in range(len(scripts)))))


def labels_of(events: Sequence[Mapping[str, Any]], meant: Mapping[int, Meant]) -> list[Label]:
    """What the caller said when, by its own clock, which is its tape's."""
    began: dict[int, int] = {}
    found: list[Label] = []
    for event in events:
        step = int(event.get("step", 0))
        if event["event"] == "play" and step in meant:
            began[step] = event["t_ms"]
        elif event["event"] == "played" and step in began:
            found.append(Label(began[step], event["t_ms"], meant[step]))
    return found


def measured(rung: Rung, script: Script, detect: SpeechDetector) -> TapeReport | None:
    """What the call's tape says; None for a call that was not answered."""
    if not rung.answered or not rung.tape.exists():
        return None
    wav = read_wav(rung.tape)
    labels = labels_of(rung.events, script.meant)
    return analyze(wav.samples.T, wav.sample_rate, second=detect, labels=labels)
