"""Fit voicebot/turns/completeness.json: which ends of a text close a sentence?

    python -m tests.bench.fit_completeness --clips speech_train --eval dialogues.jsonl [--write]

Whole sentences are the transcripts of --clips, what the packs' callers and the bot say, and the
lines of --lines (a company's own transcripts, one caller turn a line). Unfinished ones are the
same texts cut at word boundaries where at least two characters that matter are still to come.
--eval is used for nothing but the report: JSON lines with `turns` of `role` and `text`; whole
texts are a 用户's last message before the other side speaks.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import yaml

from asr_models.words import word_bounds
from tests.bench.auc import auc
from voicebot.turns.completeness import CompletenessJudge, Reason, RuleJudge
from voicebot.turns.completeness_model import NgramJudge, features
from voicebot.turns.spoken_text import bare

Float = npt.NDArray[np.float64]
PACKS = Path(__file__).parents[2] / "voicebot" / "packs"
TARGET = Path(__file__).parents[2] / "voicebot" / "turns" / "completeness.json"
SENTENCE_END = re.compile("[。！？!?；;]")
SPEAKABLE = re.compile(r"[\u4e00-\u9fffA-Za-z0-9，。？！、,.?!：；; ]+")
CARRIES_NOTHING = re.compile("[吗呢吧了啊呀的哦嘛啦呗么哈]")
L2, MIN_COUNT, EPOCHS, RATE = 3e-4, 6, 12, 0.3


@dataclass(frozen=True)
class Texts:
    """Bare texts, whole ones and cut ones."""

    whole: list[str]
    cut: list[str]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=Path, required=True, help="folder with manifest.tsv")
    parser.add_argument("--lines", type=Path, nargs="*", default=[], help="own caller turns")
    parser.add_argument("--eval", type=Path, help="dialogues for the report")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--share", type=float, default=0.5)
    parser.add_argument("--write", action="store_true", help=f"replace {TARGET.name}")
    args = parser.parse_args()
    rng = random.Random(args.seed)
    own = [line for path in args.lines for line in path.read_text("utf-8").splitlines()]
    sets = [cut_up(transcripts(args.clips), 2, rng), cut_up([*pack_texts(), *own], 3, rng)]
    weights = fit(sets, args.seed)
    judge = NgramJudge(weights, args.share)
    print(f"{len(weights)} weights from {[(len(s.whole), len(s.cut)) for s in sets]} texts")
    if args.eval:
        for half, texts in enumerate(dialogues(args.eval, rng)):
            report(f"half {half}, rules", RuleJudge(), texts)
            report(f"half {half}, rules and model", judge, texts)
    if args.write:
        kept = {name: round(weight, 3) for name, weight in weights.items() if abs(weight) > 0.02}
        data = {"share": args.share, "weights": kept}
        TARGET.write_text(json.dumps(data, ensure_ascii=False, separators=(",", ":")) + "\n")
        print(f"wrote {TARGET.name}: {len(kept)} weights")


# --- texts --------------------------------------------------------------------------------------
def transcripts(folder: Path) -> list[str]:
    with (folder / "manifest.tsv").open(encoding="utf-8", newline="") as file:
        rows = [row["text"].rstrip("。") for row in csv.DictReader(file, delimiter="\t")]
    return [row for row in rows if usable(row) and not row.endswith(("：", "，"))]


def pack_texts() -> list[str]:
    """What callers ask and the bot says in the packs that come with the project."""
    found: list[str] = []
    for path in sorted(PACKS.glob("*/faq/*.yaml")):
        for entry in yaml.safe_load(path.read_text("utf-8")):
            found += [entry["question"], *entry.get("similar", [])]
            found += SENTENCE_END.split(entry["answer"])
    for path in sorted(PACKS.glob("*/prompts.yaml")):
        for variants in yaml.safe_load(path.read_text("utf-8")).values():
            found += [part for variant in variants for part in SENTENCE_END.split(variant)]
    return [text for text in found if usable(text)]


def usable(text: str) -> bool:
    return len(bare(text)) >= 3 and SPEAKABLE.fullmatch(text) is not None


def cut_up(texts: Iterable[str], cuts: int, rng: random.Random) -> Texts:
    """The texts whole, and up to `cuts` beginnings of each."""
    texts = list(texts)
    whole = [bare(text) for text in texts]
    known = set(whole)
    cut = [part for text in texts for part in beginnings(text, cuts, rng) if part not in known]
    return Texts(whole, cut)


def beginnings(text: str, count: int, rng: random.Random) -> list[str]:
    found = []
    for at in sorted(word_bounds(text)):
        part, rest = bare(text[:at]), CARRIES_NOTHING.sub("", bare(text[at:]))
        if len(part) >= 2 and len(rest) >= 2:
            found.append(part)
    return rng.sample(found, min(count, len(found)))


def dialogues(path: Path, rng: random.Random) -> list[Texts]:
    """The callers' side of the dialogues, in two halves: every other dialogue."""
    halves: list[tuple[list[str], list[str]]] = [([], []), ([], [])]
    for number, line in enumerate(path.read_text("utf-8").splitlines()):
        whole, cut = halves[number % 2]
        turns = json.loads(line)["turns"]
        for turn, following in zip(turns, [*turns[1:], None], strict=True):
            text = turn["text"].strip()
            size = len(bare(text))
            if turn["role"] != "用户" or not SPEAKABLE.fullmatch(text) or not 2 <= size <= 30:
                continue
            if following is not None and following["role"] != "用户":
                whole.append(bare(text))
            if size >= 5:
                cut += beginnings(text, 1, rng)
    known = {text for whole, _ in halves for text in whole}
    return [Texts(whole, [text for text in cut if text not in known]) for whole, cut in halves]


# --- fit and report -----------------------------------------------------------------------------
def fit(sets: Sequence[Texts], seed: int) -> dict[str, float]:
    """Logistic regression by AdaGrad; each set weighs the same, so do whole and cut texts."""
    rows: list[list[str]] = []
    truth: list[float] = []
    weight: list[float] = []
    for texts in sets:
        for part, label in ((texts.whole, 1.0), (texts.cut, 0.0)):
            rows += [list(features(text)) for text in part]
            truth += [label] * len(part)
            weight += [1 / len(part)] * len(part)
    counts = Counter(name for row in rows for name in set(row))
    names = {name: at for at, name in enumerate((n for n in counts if counts[n] >= MIN_COUNT), 1)}
    table = np.zeros((len(rows), max(map(len, rows))), np.int64)
    for at, row in enumerate(rows):
        known = [names[name] for name in row if name in names]
        table[at, : len(known)] = known
    solved = _adagrad(table, np.array(truth), np.array(weight) / np.mean(weight), seed)
    return {name: float(solved[at]) for name, at in names.items()}


def _adagrad(table: npt.NDArray[np.int64], truth: Float, weight: Float, seed: int) -> Float:
    """`table` holds feature numbers, 0 for none; shapes (n, width), (n,), (n,)."""
    size = int(table.max()) + 1
    solved, squares = np.zeros(size), np.full(size, 1e-8)
    rng = np.random.default_rng(seed)
    for _ in range(EPOCHS):
        order = rng.permutation(len(truth))
        for start in range(0, len(order), 256):
            batch = order[start : start + 256]
            chance = 1 / (1 + np.exp(-solved[table[batch]].sum(axis=1)))
            slope = (chance - truth[batch]) * weight[batch]
            flat = np.repeat(slope, table.shape[1])
            gradient = np.bincount(table[batch].ravel(), flat, size) / len(batch) + L2 * solved
            gradient[0] = 0.0
            squares += gradient**2
            solved -= RATE * gradient / np.sqrt(squares)
    return solved


def report(name: str, judge: CompletenessJudge, texts: Texts) -> None:
    whole = [judge.judge(text) for text in texts.whole]
    cut = [judge.judge(text) for text in texts.cut]
    area = auc([c.score for c in whole], [c.score for c in cut])
    print(f"{name}: {len(whole)} whole, {len(cut)} cut, AUC {area:.3f}")
    for low in np.arange(0, 1, 0.2):
        in_whole = sum(low <= c.score < low + 0.2 for c in whole)
        in_cut = sum(low <= c.score < low + 0.2 for c in cut)
        share = in_whole / max(in_whole + in_cut, 1)
        print(f"  said {low:.1f}-{low + 0.2:.1f}: n {in_whole + in_cut}, whole {share:.2f}")
    counted = Counter(c.reason for c in whole), Counter(c.reason for c in cut)
    for reason in Reason:
        total = counted[0][reason] + counted[1][reason]
        if total:
            print(f"  {reason.value}: n {total}, whole {counted[0][reason] / total:.2f}")


if __name__ == "__main__":
    main()
