"""Measure the ears: error rates, term recall and CPU by condition, with repair and without.

    make bench-ears
    python -m tests.bench.bench_ears [--speech DIR] [--quick] [--split test] [--verbose]

Two sets: the hotline's own sentences (hotline_lines.toml, rendered once by make_hotline; dev and
test apart) and, where --speech names a folder with manifest.tsv, its sentences of six characters
or more. Every clip passes 8 kHz A-law and the Silero gate. Recognitions are kept in OUT/heard.json:
only what is new is recognized, and CPU seconds are those of the run that did it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.progress import track

from asr_models import Recognition
from asr_models.domain import Domain
from asr_models.gated import GatedRecognizer
from asr_models.silero import SileroVad
from asr_models.whisper_ct2 import WhisperRecognizer
from tests.bench.clips import Clip, Pcm, load_manifest, read_8k, through_loss, through_phone
from tests.bench.ears_table import Key, Names, Tally, report
from tests.bench.heard import HeardBefore
from tests.bench.hotline_lines import held_back, hotline_lines
from tests.bench.make_hotline import render, write_manifest
from voicebot.ears import pack_texts
from voicebot.pack import Pack
from voicebot.pack_loader import load_pack
from voicebot.settings import SERVER_PACK, load_settings
from voicebot.weights import locate

CONDITIONS: dict[str, Callable[[Pcm, str], Pcm]] = {
    "clean": lambda pcm, name: through_phone(pcm, None, name),
    "20 dB": lambda pcm, name: through_phone(pcm, 20.0, name),
    "10 dB": lambda pcm, name: through_phone(pcm, 10.0, name),
    "3 % loss": lambda pcm, name: through_loss(pcm, 0.03, name),
}
MIN_CHARS = 6
After = dict[str, Callable[[Recognition], str]]


def main() -> None:
    args = _arguments()
    console = Console(width=None if sys.stdout.isatty() else 120)
    pack = load_pack(args.pack)
    if args.as_is:
        write_manifest(args.hotline)
    else:
        render(args.hotline)
    clips = _hotline(args.hotline, args.split)
    if args.speech is not None:
        clips += [replace(c, condition="speech") for c in load_manifest(args.speech, MIN_CHARS)]
    if args.quick:
        clips = clips[::8]
    ears = _ears(args.model, args.out / "heard.json")
    prompts = {"none": "", "pack": pack.info.asr_prompt}
    conditions = {name: CONDITIONS[name] for name in args.conditions or CONDITIONS}
    prompts = {name: prompts[name] for name in args.prompts or prompts}
    tallies = measure(ears, clips, conditions, prompts, pack, console if args.verbose else None)
    ears.save()
    report(tallies, args.out, console)


def measure(
    ears: HeardBefore,
    clips: list[Clip],
    conditions: dict[str, Callable[[Pcm, str], Pcm]],
    prompts: dict[str, str],
    pack: Pack,
    console: Console | None,
) -> dict[Key, Tally]:
    """Hear every clip in every condition with every prompt, and count what each after makes."""
    tallies: dict[Key, Tally] = {}
    names, after = _names(pack), afters(pack)
    new = held_back(hotline_lines())
    work = [(clip, c, p) for clip in clips for c in conditions for p in prompts]
    for clip, condition, prompt in track(work, description="listening"):
        pcm = conditions[condition](read_8k(clip.path), clip.path.name)
        heard = ears.hear(pcm, prompts[prompt])
        for treatment, understand in after.items():
            text = understand(heard)
            key = (clip.condition, condition, prompt, treatment)
            tally = tallies.setdefault(key, Tally())
            tally.add(clip.text, clip.terms, text, heard.cpu_s, names)
            unseen = tuple(term for term in clip.terms if term in new)
            if unseen:
                key = (f"{clip.condition}, held-back terms", condition, prompt, treatment)
                tally = tallies.setdefault(key, Tally())
                tally.add(clip.text, unseen, text, heard.cpu_s, names)
            if console and clip.condition != "hotline test":
                console.print(f"{condition} {treatment}: {clip.text} | {text}", markup=False)
    return tallies


def afters(pack: Pack) -> After:
    """What may be done after recognition, by name."""
    terms = [(term.term, term.spoken) for term in pack.lexicon]
    texts = pack_texts(pack)
    repair = Domain(terms)
    rescore = Domain(terms, texts, repair=False, rescore=True)
    both = Domain(terms, texts, rescore=True)
    return {
        "nothing": lambda heard: heard.text,
        "repair": lambda heard: repair.understand(heard).text,
        "rescore": lambda heard: rescore.understand(heard).text,
        "rescore, repair": lambda heard: both.understand(heard).text,
    }


def _names(pack: Pack) -> Names:
    """By spoken form: the terms it is another name of."""
    names: dict[str, tuple[str, ...]] = {}
    for term in pack.lexicon:
        for form in term.spoken:
            names[form] = (*names.get(form, ()), term.term)
    return names


def _hotline(folder: Path, split: str) -> list[Clip]:
    clips = load_manifest(folder, 1)
    named = [replace(clip, condition=f"hotline {clip.condition.split()[0]}") for clip in clips]
    return [clip for clip in named if not split or clip.condition == f"hotline {split}"]


def _ears(model: str, kept: Path) -> HeardBefore:
    models = load_settings().models

    def load() -> GatedRecognizer:
        silero = SileroVad(locate("silero-vad", models) / "silero_vad.onnx")
        return GatedRecognizer(WhisperRecognizer(locate(model, models)), silero)

    return HeardBefore(load, model, kept)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("build/bench-ears"))
    parser.add_argument("--hotline", type=Path, default=Path("build/hotline"), help="rendered set")
    parser.add_argument("--as-is", action="store_true", help="render nothing: use what is there")
    parser.add_argument("--speech", type=Path, help="folder with manifest.tsv (file, text)")
    parser.add_argument("--pack", type=Path, default=SERVER_PACK)
    parser.add_argument("--model", default="whisper-base", help="a weight's name or a folder")
    parser.add_argument("--split", choices=("dev", "test"), default="", help="half of the set")
    parser.add_argument("--conditions", nargs="+", choices=tuple(CONDITIONS))
    parser.add_argument("--prompts", nargs="+", choices=("none", "pack"))
    parser.add_argument("--quick", action="store_true", help="every eighth clip")
    parser.add_argument("--verbose", action="store_true", help="print the texts, but never test's")
    return parser.parse_args()


if __name__ == "__main__":
    main()
