"""``voicebot kb eval``: how well an index answers questions whose answers are known."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from voicebot.knowledge.evaluate import Outcome, Refusal, Scores, Share
    from voicebot.knowledge.knowledge import Knowledge


def evaluate(
    file: Annotated[
        Path, typer.Argument(help='JSON lines {"question", "gold": id or ids, "source"?}')
    ],
    index: Annotated[Path | None, typer.Option("--index", "--kb", help="index folder")] = None,
    pack: Annotated[Path | None, typer.Option("--pack", help="a pack: its own index")] = None,
    report: Annotated[
        Path | None, typer.Option("--report", help="write an HTML page with the worst misses")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="figures as JSON on stdout")] = False,
    min_recall1: Annotated[
        float, typer.Option(min=0, max=1, help="exit status 1 if recall at 1 is below this")
    ] = 0.0,
    worst: Annotated[int, typer.Option(min=0, help="misses in the HTML page")] = 50,
    models: Annotated[
        Path | None, typer.Option("--models", help="weights folder (default: VOICEBOT_MODELS)")
    ] = None,
) -> None:
    """Ask every question of FILE and say how often its gold comes first, and what is refused.

    A question with "answerable": false should be refused. Every other one is asked a second time
    with its gold left out: what comes then is wrong. FILE's format: docs/knowledge.md.
    """
    from voicebot.errors import KnowledgeError
    from voicebot.knowledge.eval_page import render
    from voicebot.knowledge.eval_questions import read_eval_questions, with_known_gold
    from voicebot.knowledge.evaluate import ask_all, refusal, scores
    from voicebot.knowledge.refusal import threshold
    from voicebot.settings import load_settings

    if (index is None) == (pack is None):
        raise typer.BadParameter("name either an --index or a --pack")
    questions = read_eval_questions(file)
    settings = load_settings(overrides={"models": models})
    knowledge = _open(index, pack, models)
    known, notes = with_known_gold(questions, knowledge.answers())
    for note in notes:
        typer.echo(f"{file}: {note}", err=True)
    with _bar() as progress:
        outcomes = ask_all(knowledge, known, progress)
    at = threshold(settings.knowledge.wrong_answers)
    found, refused = scores(outcomes), refusal(outcomes, at)
    if as_json:
        typer.echo(json.dumps(_fields(found, refused, outcomes), ensure_ascii=False))
    else:
        _show(found, refused, outcomes)
    if report is not None:
        page = render(file.name, knowledge, outcomes, found, refused, worst)
        try:
            report.write_text(page, encoding="utf-8")
        except OSError as error:
            raise KnowledgeError(f"{report}: cannot be written: {error.strerror}") from None
    if found[0].recall[1].value < min_recall1:
        recall = found[0].recall[1].value
        typer.echo(f"recall at 1 is {recall:.3f}, expected at least {min_recall1:g}", err=True)
        raise typer.Exit(1)


def _open(index: Path | None, pack: Path | None, models: Path | None) -> Knowledge:
    import platformdirs

    from voicebot.cli import kb
    from voicebot.knowledge.knowledge import Knowledge
    from voicebot.knowledge.pack_index import open_pack_index
    from voicebot.pack_loader import load_pack

    embedder, vectors = kb._embedder(models), kb._vectors()
    if index is not None:
        return Knowledge.open(index, embedder, vectors)
    cache = Path(platformdirs.user_cache_dir("voicebot")) / "index"
    with kb.progress_bars() as progress:
        return open_pack_index(load_pack(pack or Path()), embedder, cache, progress, vectors)


@contextmanager
def _bar() -> Iterator[Callable[[int, int], None]]:
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task("ask", total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def _show(found: Sequence[Scores], refused: Refusal, outcomes: Sequence[Outcome]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table("source", "n", "R@1 (95 %)", "R@3", "R@10", "MRR")
    for part in found:
        first, third, tenth = part.recall.values()
        cells = (_bounded(first), f"{third.value:.3f}", f"{tenth.value:.3f}", f"{part.mrr:.3f}")
        table.add_row(escape(part.source), str(first.n), *cells)
    console = Console(soft_wrap=True, highlight=False)
    console.print(table)
    auroc = "-" if refused.auroc is None else f"{refused.auroc:.3f}"
    every = "-" if refused.auroc_all is None else f"{refused.auroc_all:.3f}"
    console.print(
        f"refusal: AUROC {auroc} (right first hits against no answer; all that have an answer "
        f"against none: {every}), calibration error {refused.calibration_error:.3f}"
    )
    console.print(
        f"at {refused.threshold:.2f}: {_bounded(refused.passed)} of answerable questions pass, "
        f"{_bounded(refused.answered)} of unanswerable ones"
    )
    p50, p95 = _times(outcomes)
    console.print(f"a query takes {p50:.0f} ms (p95 {p95:.0f} ms)")


def _bounded(share: Share) -> str:
    low, high = share.bounds
    return f"{share.value:.3f} ({low:.3f}–{high:.3f})"


def _times(outcomes: Sequence[Outcome]) -> tuple[float, float]:
    times = sorted(outcome.elapsed_ms for outcome in outcomes)
    return statistics.median(times), times[int(0.95 * (len(times) - 1))]


def _fields(
    found: Sequence[Scores], refused: Refusal, outcomes: Sequence[Outcome]
) -> dict[str, Any]:
    p50, p95 = _times(outcomes)
    return {
        "scores": [
            {
                "source": part.source,
                "n": part.recall[1].n,
                "mrr": round(part.mrr, 4),
                **{f"recall@{cut}": _share(share) for cut, share in part.recall.items()},
            }
            for part in found
        ],
        "refusal": {
            "threshold": refused.threshold,
            "auroc": refused.auroc,
            "auroc_all": refused.auroc_all,
            "calibration_error": round(refused.calibration_error, 4),
            "answerable_passed": _share(refused.passed),
            "unanswerable_answered": _share(refused.answered),
        },
        "ms": {"p50": round(p50, 1), "p95": round(p95, 1)},
    }


def _share(share: Share) -> dict[str, float]:
    low, high = share.bounds
    return {
        "value": round(share.value, 4), "low": round(low, 4), "high": round(high, 4),
        "n": share.n,
    }  # fmt: skip
