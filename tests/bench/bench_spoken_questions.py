"""How much is lost between asking and typing: the same questions said, heard and searched.

    python -m tests.bench.bench_spoken_questions --passages P.jsonl --questions Q.jsonl \
        --index DIR --models DIR --out build/spoken-questions [--every 2] [--max-chars 24]

Of every `--every`-th question of the file those of at most `--max-chars` characters, about what a
caller says in one breath, are said by the embedded voice, pass A-law and are recognized by the
embedded ears without any pack: no prompt, no lexicon. They are searched as heard, and as the ears
choose among what they heard when their language model has read the passages (`asr.rescore`).
Clips and recognitions are kept in OUT, so a run that was broken off goes on.

The table says recall typed and heard, with the sounds signal and with its weight at zero.
"""

from __future__ import annotations

import argparse
import math
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from rich.console import Console
from rich.progress import track
from rich.table import Table

from asr_models import Recognition
from asr_models.domain import Domain
from asr_models.gated import GatedRecognizer
from asr_models.metrics import ErrorCount, character_errors
from asr_models.silero import SileroVad
from asr_models.whisper_ct2 import WhisperRecognizer
from tests.bench.fit_fusion import ranks
from tests.bench.heard import HeardBefore
from tests.bench.knowledge_data import Question, answers_of, read_questions, score_all
from tests.bench.spoken_clips import SpokenClips
from tests.bench.voice_parts import first_voice
from voicebot.ears import loaded_ears
from voicebot.knowledge.ct2_embedder import CT2Embedder
from voicebot.knowledge.pool import Pool
from voicebot.knowledge.ranking import fusion
from voicebot.pack_loader import load_pack
from voicebot.settings import Settings, load_settings
from voicebot.weights import locate

_LATIN = re.compile(r"[A-Za-z]")
TYPED, HEARD, DOMAIN = "typed", "heard", "heard, rescored by the passages"


def main() -> None:
    options = _arguments()
    settings = load_settings(overrides={"models": options.models})
    every = read_questions(options.questions)[:: options.every]
    questions = [question for question in every if len(question.text) <= options.max_chars]
    heard = dict(listen(questions, settings, options.out))
    if options.listen_only:
        return
    embedder = CT2Embedder(options.models / "e5-small")
    pool = answers_of(options.passages, options.index, embedder)
    domain = Domain((), (entry.match for entry in pool.entries), repair=False, rescore=True)
    texts: dict[str, Callable[[Question], str]] = {
        TYPED: lambda question: question.text,
        HEARD: lambda question: heard[question.qid].text,
        DOMAIN: lambda question: domain.understand(heard[question.qid]).text,
    }
    console = Console()
    for name, kept in {
        "all": questions,
        "without Latin letters": [q for q in questions if not _LATIN.search(q.text)],
        "with Latin letters": [q for q in questions if _LATIN.search(q.text)],
    }.items():
        console.print(_table(name, kept, texts, pool, embedder))


def listen(
    questions: list[Question], settings: Settings, out: Path
) -> Iterator[tuple[str, Recognition]]:
    """Say and hear each question; both are kept in `out`."""
    pack = load_pack(settings.pack)  # for the voice's name only
    ears = HeardBefore(lambda: _gated(settings), loaded_ears(settings), out / "heard.json")
    clips = SpokenClips(first_voice(settings, pack), [], out / "clips")
    try:
        for number, question in enumerate(track(questions, description="say and hear")):
            yield question.qid, ears.hear(clips.alaw(question.text))
            if number % 10 == 9:
                ears.save()
    finally:
        ears.save()


def _gated(settings: Settings) -> GatedRecognizer:
    """Long questions are cut at their pauses, as recordings are."""
    silero = SileroVad(locate("silero-vad", settings.models) / "silero_vad.onnx")
    return GatedRecognizer(WhisperRecognizer(locate(settings.asr.model, settings.models)), silero)


def _table(
    name: str,
    questions: list[Question],
    texts: dict[str, Callable[[Question], str]],
    pool: Pool,
    embedder: CT2Embedder,
) -> Table:
    table = Table("", "CER", "sounds", "R@1", "R@3", "R@10", title=f"{name}, n={len(questions)}")
    for how, text in texts.items():
        asked = [Question(q.qid, q.part, text(q) or "。", q.gold) for q in questions]
        cases = score_all(pool, asked, embedder)
        pairs = zip(questions, asked, strict=True)
        errors = sum((character_errors(q.text, a.text) for q, a in pairs), ErrorCount()).rate
        for sounds in (True, False):
            weights = fusion("answers") if sounds else fusion("answers").without("sounds")
            found = ranks(cases, pool, weights)
            at = [f"{(found < k).mean():.3f}" for k in (1, 3, 10)]
            shown = "" if math.isclose(errors, 0) else f"{errors:.3f}"
            table.add_row(how, shown, "with" if sounds else "without", *at)
    return table


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("passages", "questions", "index", "models", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--every", type=int, default=2, help="take every so manieth question")
    parser.add_argument("--max-chars", type=int, default=24, help="and leave longer ones out")
    parser.add_argument("--listen-only", action="store_true", help="say and hear, search nothing")
    return parser.parse_args()


if __name__ == "__main__":
    main()
