"""`python -m asr_models.adapt`: prepare, train, merge, evaluate (docs/adapt.md)."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from asr_models.adapt.corpus import load_corpus, prepare, read_manifest, split
from asr_models.adapt.delta import apply_delta, load_delta
from asr_models.errors import AsrError, AsrModelError, AudioFormatError

Item = TypeVar("Item")
_CONSOLE = Console(stderr=True)


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit status (1: an error, told in one line)."""
    args = _parser().parse_args(arguments)
    try:
        args.run(args)
    except AsrError as error:
        _CONSOLE.print(f"error: {error}", markup=False, highlight=False, soft_wrap=True)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m asr_models.adapt", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="command")

    made = commands.add_parser("prepare", help="decode recordings once, to 8 kHz")
    made.add_argument("recordings", type=Path, help="folder with manifest.tsv (file, text)")
    made.add_argument("--out", type=Path, required=True, help="folder for the decoded samples")
    made.add_argument("--limit", type=int, default=0, help="only so many, evenly spread")
    made.set_defaults(run=_prepare)

    train = commands.add_parser("train", help="train a delta (needs the extra 'adapt')")
    train.add_argument("prepared", type=Path, help="what prepare wrote")
    train.add_argument("--base", type=Path, required=True, help="CTranslate2 float16 Whisper")
    train.add_argument("--out", type=Path, required=True, help="folder of the run (resumable)")
    train.add_argument("--epochs", type=int, default=1)
    train.add_argument("--minutes", type=float, default=0.0, help="end sooner (0: no limit)")
    train.add_argument("--limit", type=int, default=0, help="only so many clips, evenly spread")
    train.add_argument("--max-seconds", type=float, default=10.0, help="leave out longer clips")
    train.add_argument("--held-out", type=float, default=0.1, help="share kept for evaluate")
    train.add_argument("--batch", type=int, default=8)
    train.add_argument("--rank", type=int, default=8)
    train.add_argument("--encoder-layers", type=int, default=2, help="how many, from the top")
    train.add_argument("--rate", type=float, default=1e-3, help="peak learning rate")
    train.add_argument("--seed", type=int, default=1)
    train.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    train.add_argument("--threads", type=int, default=0, help="of the CPU (0: torch decides)")
    train.add_argument("--float32", action="store_true", help="no bfloat16 (older machines)")
    train.set_defaults(run=_train)

    merge = commands.add_parser("merge", help="write a CTranslate2 folder from base and delta")
    merge.add_argument("delta", type=Path)
    merge.add_argument("--base", type=Path, required=True)
    merge.add_argument("--out", type=Path, required=True)
    merge.set_defaults(run=_merge)

    pick = commands.add_parser("export", help="make a delta file of a run, at some strength")
    pick.add_argument("training", type=Path, help="the --out of train")
    pick.add_argument("--base", type=Path, required=True)
    pick.add_argument("--out", type=Path, required=True, help="the delta, .npz")
    pick.add_argument("--strength", type=float, default=1.0, help="0: base, 1: as trained")
    pick.add_argument("--trained-on", default="", help="kept in the delta: data and licences")
    pick.set_defaults(run=_export)

    judge = commands.add_parser("evaluate", help="error rates on the clips held out")
    judge.add_argument("prepared", type=Path)
    judge.add_argument("--model", type=Path, required=True, action="append")
    judge.add_argument("--held-out", type=float, default=0.1)
    judge.add_argument("--limit", type=int, default=0)
    judge.add_argument("--prompt", default="", help="context given to every clip")
    judge.set_defaults(run=_evaluate)
    return parser


def _prepare(args: argparse.Namespace) -> None:
    recordings = _thinned(read_manifest(args.recordings), args.limit)
    kept, left_out = 0, 0
    with _progress() as bar:
        task = bar.add_task("recordings", total=len(recordings))
        for result in prepare(recordings, args.out):
            bar.advance(task)
            if isinstance(result, AudioFormatError):
                left_out += 1
                bar.console.print(f"left out: {result}", markup=False, soft_wrap=True)
            else:
                kept += 1
    print(f"{kept} recordings in {args.out}, {left_out} left out")


def _train(args: argparse.Namespace) -> None:
    try:
        from asr_models.adapt.train import Plan, Trainer, use_threads
    except ModuleNotFoundError:
        raise AsrModelError("adapt: training needs torch: pip install 'voicebot[adapt]'") from None
    corpus = load_corpus(args.prepared)
    clips, _ = split(corpus.clips, args.held_out)
    chosen = _thinned([clip for clip in clips if clip.seconds <= args.max_seconds], args.limit)
    plan = Plan(
        epochs=args.epochs,
        minutes=args.minutes,
        batch=args.batch,
        rank=args.rank,
        encoder_layers=args.encoder_layers,
        learning_rate=args.rate,
        seed=args.seed,
        device=args.device,
        bfloat16=not args.float32,
    )
    use_threads(args.threads)
    trainer = Trainer(args.base, corpus, chosen, args.out, plan)
    with _progress() as bar:
        task = bar.add_task("steps", total=trainer.steps)
        for step in trainer.run():
            bar.update(task, completed=step.step, description=f"loss {step.loss:.2f}")
    print(f"trained on {len(chosen)} clips; next: python -m asr_models.adapt export {args.out}")


def _export(args: argparse.Namespace) -> None:
    try:
        from asr_models.adapt.export import export
    except ModuleNotFoundError:
        raise AsrModelError("adapt: export needs torch: pip install 'voicebot[adapt]'") from None
    digest = export(args.training, args.base, args.out, args.strength, args.trained_on)
    print(f"{args.out}: {args.out.stat().st_size} bytes; merged model.bin sha256 {digest}")


def _merge(args: argparse.Namespace) -> None:
    digest = apply_delta(load_delta(args.delta), args.base, args.out)
    print(f"{args.out / 'model.bin'}: sha256 {digest}")


def _evaluate(args: argparse.Namespace) -> None:
    from asr_models.adapt.evaluate import TABLE_HEAD, evaluate, row

    corpus = load_corpus(args.prepared)
    clips = _thinned(split(corpus.clips, args.held_out)[1], args.limit)
    if not clips:
        raise AsrModelError("adapt: no clips are held out; raise --held-out")
    print(TABLE_HEAD)
    for folder in args.model:
        with _progress() as bar:
            task = bar.add_task(folder.name, total=len(clips) * 2)
            scores = evaluate(folder, corpus, clips, args.prompt, lambda: bar.advance(task))  # noqa: B023
        for condition, score in scores.items():
            print(row(folder.name, condition, score))


def _thinned(items: list[Item], limit: int) -> list[Item]:
    """At most `limit` items (0: all), evenly spread."""
    if not limit or len(items) <= limit:
        return items
    return [items[index * len(items) // limit] for index in range(limit)]


def _progress() -> Progress:
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    return Progress(*columns, TimeRemainingColumn(), console=_CONSOLE)


if __name__ == "__main__":
    sys.exit(main())
