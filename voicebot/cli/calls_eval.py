"""``voicebot calls eval``: how good our summaries are, on any file of dialogues."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from voicebot.wrapup.dialogues import BadLine, Dialogue
    from voicebot.wrapup.evaluation import Evaluation
    from voicebot.wrapup.summary import DialogueSummary

SHOWN_PROBLEMS = 20


def evaluate(
    file: Annotated[Path, typer.Argument(help="dialogues with human summaries, JSONL")],
    out: Annotated[Path | None, typer.Option(help="write our summaries there, JSONL")] = None,
    report: Annotated[Path | None, typer.Option(help="write the table there, Markdown")] = None,
) -> None:
    """Summarise each dialogue of FILE and score it: facts, ROUGE, beside two baselines.

    A line is {"id", "turns": [{"role", "text"}], "final_summary", "user_summary",
    "agent_summary"}. A line that is none is told, and the next one is read.
    """
    from voicebot.errors import EvaluationError
    from voicebot.wrapup.evaluation import Evaluation, as_markdown

    dialogues, bad = _read(file)
    _tell(file, bad)
    if not dialogues:
        raise EvaluationError(
            f"calls eval: {file} holds no dialogue ({len(bad)} lines were wrong); a line is "
            '{"id", "turns": [{"role", "text"}], "final_summary"}'
        )
    evaluation = Evaluation()
    summaries = _scored(evaluation, dialogues)
    notes = _notes(evaluation, len(dialogues), len(bad))
    if out is not None:
        _write(out, "".join(_line(d, s) for d, s in zip(dialogues, summaries, strict=True)))
    if report is not None:
        _write(report, as_markdown(evaluation, notes))
    _print(evaluation, notes)


def _read(file: Path) -> tuple[list[Dialogue], list[BadLine]]:
    from voicebot.errors import EvaluationError
    from voicebot.wrapup.dialogues import BadLine, read_dialogues

    dialogues: list[Dialogue] = []
    bad: list[BadLine] = []
    try:
        # What is no UTF-8 makes its own line wrong, not the file.
        with file.open(encoding="utf-8", errors="replace") as lines:
            for each in read_dialogues(lines):
                if isinstance(each, BadLine):
                    bad.append(each)
                else:
                    dialogues.append(each)
    except OSError as error:
        raise EvaluationError(f"calls eval: cannot read {file}: {error.strerror}") from None
    return dialogues, bad


def _tell(file: Path, bad: list[BadLine]) -> None:
    for each in bad[:SHOWN_PROBLEMS]:
        typer.echo(f"{file}: {each}", err=True)
    if len(bad) > SHOWN_PROBLEMS:
        typer.echo(f"{file}: and {len(bad) - SHOWN_PROBLEMS} more", err=True)


def _scored(evaluation: Evaluation, dialogues: list[Dialogue]) -> list[DialogueSummary]:
    from rich.console import Console
    from rich.progress import track

    screen = Console(stderr=True)
    return [
        evaluation.add(each)
        for each in track(dialogues, "summarising", console=screen, transient=True)
    ]


def _notes(evaluation: Evaluation, count: int, bad: int) -> list[str]:
    return [
        f"{count} dialogues; {bad} lines were wrong; {evaluation.unscored} have no human summary "
        "and are not compared.",
        "Facts P: of the facts (numbers, codes, names, negations) in the summaries, the share that "
        "the calls hold. Facts R: of those in the human summaries, the share that ours hold.",
        "R-1, R-2, R-L: ROUGE F1 by character (Latin words and figures whole), mean of dialogues.",
    ]


def _line(dialogue: Dialogue, summary: DialogueSummary) -> str:
    told = {
        "id": dialogue.id,
        "summary": summary.text,
        "user_summary": summary.of_caller,
        "agent_summary": summary.of_agent,
        "points": [
            {"role": each.role, "text": each.text, "turns": list(each.turns)}
            for each in summary.points
        ],
    }
    return json.dumps(told, ensure_ascii=False) + "\n"


def _write(path: Path, text: str) -> None:
    from voicebot.errors import EvaluationError

    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise EvaluationError(f"calls eval: cannot write {path}: {error.strerror}") from None


def _print(evaluation: Evaluation, notes: list[str]) -> None:
    from rich.console import Console
    from rich.table import Table

    from voicebot.wrapup.evaluation import HEADER

    table = Table(box=None, header_style="bold", pad_edge=False)
    for nth, title in enumerate(HEADER):
        table.add_column(title, justify="right" if nth else "left")
    for each in evaluation.tallies():
        table.add_row(*each.row())
    console = Console(highlight=False)
    console.print(table)
    for note in notes:
        console.print(note, style="dim")
