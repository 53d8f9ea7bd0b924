"""Is the voice understood? Hotline sentences through A-law, written down by the embedded ears.

    make bench-voice-understood
    python -m tests.bench.bench_intelligibility [-n 20] [--voices first espeak] [--verbose]
        [--sentences first confirmation] [--ears bare domain]

The sentences are voice_lines.toml and, reported apart, voice_lines_confirmation.toml, by which
nothing was ever chosen. Each is said clause by clause as in a call, passes A-law and is
recognized twice: by the bare recognizer, and with the pack's prompt, rescoring and repair. Clips
and recognitions are kept in OUT, so a second run does only what is new. Writes
intelligibility.md and .json: error rates, of figures and letters apart, what each letter and
figure was taken for, and the worst sentences.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import track

from asr_models import Recognition
from tests.bench.heard import HeardBefore
from tests.bench.intelligibility_report import Tallies, Tally, report
from tests.bench.machine import machine_load
from tests.bench.spoken_clips import SpokenClips
from tests.bench.transcripts import nearest
from tests.bench.voice_lines import CONFIRMATION, LINES, voice_lines
from tests.bench.voice_parts import first_voice
from voicebot.ears import build_domain, build_recognizer, loaded_ears
from voicebot.pack import Pack
from voicebot.pack_loader import load_pack
from voicebot.settings import Settings, load_settings
from voicebot.speech.api import Voice
from voicebot.speech.espeak import EspeakVoice
from voicebot.speech.reading import Reader

VOICES = ("first", "espeak")
BARE, DOMAIN = "bare", "with the domain"
EARS = {"bare": BARE, "domain": DOMAIN}
SENTENCES = {"first": LINES, "confirmation": CONFIRMATION}


def main() -> None:
    args = _arguments()
    console = Console(width=None if sys.stdout.isatty() else 120)
    run(
        args.out,
        args.n,
        args.voices,
        console,
        sentences=args.sentences,
        listening=[EARS[name] for name in args.ears],
        verbose=args.verbose,
    )


def run(
    out: Path,
    count: int,
    voices: Sequence[str],
    console: Console,
    *,
    sentences: Sequence[str] = tuple(SENTENCES),
    listening: Sequence[str] = (BARE, DOMAIN),
    verbose: bool = False,
) -> Tallies:
    """Say and hear the first `count` of each set of sentences with each voice; print and write."""
    load = machine_load(console)
    settings = load_settings()
    pack = load_pack(settings.pack)
    hearing = HeardBefore(
        lambda: build_recognizer(settings, pack), loaded_ears(settings), out / "heard.json"
    )
    tallies: Tallies = {}
    domain = build_domain(settings, pack)
    understood: dict[str, tuple[Callable[[Recognition], str], str]] = {
        BARE: (lambda heard: heard.text, ""),
        DOMAIN: (lambda heard: domain.understand(heard).text, pack.info.asr_prompt),
    }
    try:
        for voice in (_voice(name, settings, pack) for name in voices):
            clips = SpokenClips(voice, [term.term for term in pack.lexicon], out / "clips")
            for name in sentences:
                lines = voice_lines(SENTENCES[name])[:count]
                for line in track(lines, description=f"{voice.name}, {name}", console=console):
                    pcm = clips.alaw(line.text)
                    for ears in listening:
                        understand, prompt = understood[ears]
                        text = understand(hearing.hear(pcm, prompt))
                        tally = tallies.setdefault((name, voice.name, ears), Tally())
                        tally.add(line, text, *nearest(line.heard, text))
                        if verbose:
                            shown = f"{voice.name}, {ears}: {line.text} | {text}"
                            console.print(shown, markup=False)
    finally:
        hearing.save()
    report(tallies, out, console, load)
    return tallies


def _voice(name: str, settings: Settings, pack: Pack) -> Voice:
    """`first`: the settings' voice, without its second one; or espeak."""
    if name == "espeak":
        return EspeakVoice(reader=Reader(pack.lexicon))
    return first_voice(settings, pack)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("build/bench-voice"))
    parser.add_argument("-n", type=int, default=100, help="the first so many sentences of each set")
    parser.add_argument("--voices", nargs="+", choices=VOICES, default=list(VOICES))
    parser.add_argument("--sentences", nargs="+", choices=tuple(SENTENCES), default=list(SENTENCES))
    parser.add_argument("--ears", nargs="+", choices=tuple(EARS), default=list(EARS))
    parser.add_argument("--verbose", action="store_true", help="print what was heard")
    return parser.parse_args()


if __name__ == "__main__":
    main()
