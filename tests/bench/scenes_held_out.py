"""What becomes of callers' wordings that no scene lists: a fifth of the triggers is kept out.

    python -m tests.bench.scenes_held_out --models DIR [--pack DIR]

The rest is indexed with the pack's FAQ; each trigger kept out is then searched and matched as a
caller's first sentence is. Told is which scene would start, and whether the caller would be asked.
"""

from __future__ import annotations

import argparse
import random
import tempfile
from collections import Counter
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from voicebot.dialog.scene_bars import MAYBE as SCENE_MAYBE
from voicebot.dialog.scene_bars import SURE as SCENE_SURE
from voicebot.dialog.scene_match import SceneCandidate, SceneMatch, too_close
from voicebot.knowledge.ct2_embedder import CT2Embedder
from voicebot.knowledge.entry import SceneEntry
from voicebot.knowledge.knowledge import Knowledge
from voicebot.pack import Pack
from voicebot.pack_loader import load_pack, scene_entries
from voicebot.settings import SERVER_PACK

SEED = 5
SHARE = 5  # one of so many is kept out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("--pack", type=Path, default=SERVER_PACK)
    options = parser.parse_args()
    pack, held = _split(load_pack(options.pack))
    embedder = CT2Embedder(options.models / "e5-small")
    scenes = [SceneEntry(*each) for each in scene_entries(pack)]
    match = SceneMatch(pack)
    counts: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        knowledge = Knowledge.build(pack.faq, (), scenes, embedder, Path(folder))
        for scene, text in held:
            result = knowledge.search(text)
            found = dict(result.rivals)
            if result.scene is not None:
                found[result.scene.id] = result.scene_probability
            counts[_outcome(scene, match.rank(text, found))] += 1
    console = Console()
    console.print(f"{len(pack.scenes)} scenes, {len(held)} triggers kept out")
    for outcome, count in sorted(counts.items()):
        console.print(f"{count:>5}  {outcome}")


def _split(pack: Pack) -> tuple[Pack, list[tuple[str, str]]]:
    rng = random.Random(SEED)
    held, scenes = [], []
    for scene in pack.scenes:
        triggers = rng.sample(scene.triggers, len(scene.triggers))
        out = max(1, len(triggers) // SHARE)
        held += [(scene.id, text) for text in triggers[:out]]
        scenes.append(replace(scene, triggers=tuple(triggers[out:])))
    return replace(pack, scenes=tuple(scenes)), held


def _outcome(scene: str, ranked: tuple[SceneCandidate, ...]) -> str:
    if not ranked or ranked[0].probability < SCENE_MAYBE:
        return "no scene: left to FAQ and documents"
    if too_close(ranked, SCENE_MAYBE):
        named = scene in (ranked[0].scene, ranked[1].scene)
        return f"asked which of two, {'one of them right' if named else 'neither right'}"
    right = "right" if ranked[0].scene == scene else "wrong"
    if ranked[0].probability >= SCENE_SURE:
        return f"started: {right}"
    return f"asked whether it is one: {right}"


if __name__ == "__main__":
    main()
