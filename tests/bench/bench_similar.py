"""What accepted drafts are worth: ``python -m tests.bench.bench_similar --out DIR``.

The demo pack is indexed with the one question of each FAQ, its similar questions left out. From
those questions alone the rules draft similar ones, as `voicebot drafts similar` does; all that pass
the checks are accepted (a person would reject some) and indexed. What callers might ask is asked
before and after: the similar questions that were left out, as text, and every `--every`-th of them
said by the embedded voice, through A-law, recognized by the embedded ears with the pack's lexicon;
and the bench's questions in callers' words. With `--part N` all of this is done for every N-th FAQ,
the others staying in the index as they are. Clips and recognitions are kept in OUT.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rich.progress import track

from asr_models.whisper_ct2 import WhisperRecognizer
from tests.bench.answer_questions import read_questions
from tests.bench.heard import HeardBefore
from tests.bench.spoken_clips import SpokenClips
from tests.bench.voice_parts import first_voice
from voicebot.ears import build_domain, loaded_ears
from voicebot.knowledge.api import HitKind
from voicebot.knowledge.build import build_embedder
from voicebot.knowledge.embedder import Embedder
from voicebot.knowledge.entry import SceneEntry
from voicebot.knowledge.knowledge import Knowledge
from voicebot.pack import Faq, Pack
from voicebot.pack_loader import load_pack, scene_entries
from voicebot.records import Records
from voicebot.settings import SERVER_PACK, Settings, load_settings
from voicebot.weights import locate
from voicebot.workshop.similar import make_similar


@dataclass(frozen=True)
class Asked:
    """A question and the FAQ of which any is right."""

    text: str
    gold: frozenset[str]


def main() -> None:
    options = _arguments()
    settings = load_settings()
    options.out.mkdir(parents=True, exist_ok=True)
    pack = load_pack(SERVER_PACK)
    bare = replace(pack, faq=tuple(replace(each, similar=()) for each in pack.faq))
    embedder = build_embedder(settings)
    before = _index(bare, bare.faq, embedder, options.out / "before")
    part = _approved(pack)[:: options.part]
    written = [Asked(text, frozenset({faq.id})) for faq in part for text in faq.similar]
    sets = {
        "left-out similar questions, as text": written,
        "bench questions in callers' words": [
            Asked(each.question, frozenset(each.faq)) for each in read_questions() if each.faq
        ],
    }
    if options.every:
        spoken = written[:: options.every]
        heard = _heard([each.text for each in spoken], settings, pack, options.out)
        sets["the same, spoken"] = [
            replace(each, text=text) for each, text in zip(spoken, heard, strict=True)
        ]
    found_before = {name: _right(asked, before) for name, asked in sets.items()}
    records = Records.open(options.out / "records")
    only = [each.id for each in part]
    made = make_similar(bare, before, records.drafts, only=only, per_entry=options.per_entry)
    accepted: dict[str, list[str]] = {}
    for draft in records.drafts.list(pack=pack.info.name, limit=100_000):
        accepted.setdefault(draft.near_entry, []).append(draft.question)
    records.close()
    grown = [replace(each, similar=tuple(accepted.get(each.id, ()))) for each in bare.faq]
    after = _index(bare, grown, embedder, options.out / "after")
    report = {
        "entries": made.entries,
        "tried": made.tried,
        "kept": sum(map(len, accepted.values())),
        "dropped": dict(Counter(made.dropped).most_common()),
        "own questions found first after": _share(
            _right([Asked(faq.question, frozenset({faq.id})) for faq in part], after)
        ),
    }
    for name, asked in sets.items():
        now = _right(asked, after)
        pairs = list(zip(found_before[name], now, strict=True))
        report[name] = {
            "n": len(asked),
            "R@1 before": _share(found_before[name]),
            "R@1 after": _share(now),
            "gained": sum(not one and other for one, other in pairs),
            "lost": sum(one and not other for one, other in pairs),
        }
    text = json.dumps(report, ensure_ascii=False, indent=1)
    (options.out / "similar.json").write_text(text + "\n", encoding="utf-8")
    print(text)


def _approved(pack: Pack) -> list[Faq]:
    return [each for each in pack.faq if each.status == "approved"]


def _index(pack: Pack, faq: Sequence[Faq], embedder: Embedder, folder: Path) -> Knowledge:
    scenes = [SceneEntry(*each) for each in scene_entries(pack)]
    return Knowledge.build(faq, pack.documents, scenes, embedder, folder)


def _right(asked: Sequence[Asked], knowledge: Knowledge) -> list[bool]:
    """Whether the first FAQ that is found is a right one."""
    result = []
    for each in track(asked, "asking"):
        hits = knowledge.search(each.text, k=10).hits
        first = next((hit.id for hit in hits if hit.kind is HitKind.FAQ), "")
        result.append(first in each.gold)
    return result


def _share(right: Sequence[bool]) -> float:
    return round(sum(right) / len(right), 3)


def _heard(texts: Sequence[str], settings: Settings, pack: Pack, out: Path) -> list[str]:
    """What the ears make of the questions, said and sent through A-law."""
    domain = build_domain(settings, replace(pack, faq=()))  # they know no question of the pack
    whisper = locate(settings.asr.model, settings.models)
    ears = HeardBefore(
        lambda: WhisperRecognizer(whisper), loaded_ears(settings), out / "heard.json"
    )
    clips = SpokenClips(first_voice(settings, pack), [t.term for t in pack.lexicon], out / "clips")

    def listen() -> Iterator[str]:
        for text in track(texts, "say and hear"):
            yield domain.understand(ears.hear(clips.alaw(text))).text or "。"
            ears.save()

    return list(listen())


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--every", type=int, default=9, help="0: nothing is spoken")
    parser.add_argument("--per-entry", type=int, default=3)
    parser.add_argument("--part", type=int, default=1, help="draft for every N-th FAQ only")
    return parser.parse_args()


if __name__ == "__main__":
    main()
