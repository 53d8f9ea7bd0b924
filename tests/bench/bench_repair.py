"""Count what lexicon repair changes in text that was right: every change there is a mistake.

Run from the repository root on transcripts of other matters than the pack's:
    python -m tests.bench.bench_repair --clips DIR_WITH_MANIFEST_TSV [--pack DIR]
"""

from __future__ import annotations

import argparse
from pathlib import Path

from asr_models.lexicon_repair import LexiconRepair
from tests.bench.clips import load_manifest
from voicebot.pack_loader import load_pack
from voicebot.settings import SERVER_PACK


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=Path, required=True, help="folder with manifest.tsv")
    parser.add_argument("--pack", type=Path, default=SERVER_PACK)
    args = parser.parse_args()
    lexicon = load_pack(args.pack).lexicon
    repair = LexiconRepair((term.term, term.spoken) for term in lexicon)
    repaired = [repair.repair(clip.text) for clip in load_manifest(args.clips, min_chars=1)]
    changed = [one for one in repaired if one.changes]
    for one in changed:
        print(" ".join(f"{change.heard}->{change.term}" for change in one.changes), "|", one.raw)
    print(f"{len(changed)} of {len(repaired)} sentences changed")


if __name__ == "__main__":
    main()
