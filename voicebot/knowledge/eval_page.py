"""The report of ``voicebot kb eval`` as one HTML page that needs nothing beside it."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from voicebot.knowledge.evaluate import Outcome, Refusal, Scores, Share
from voicebot.knowledge.knowledge import Knowledge

CUT_CHARS = 400
_PLOT = 320  # pixels a side
_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222}
table{border-collapse:collapse}
td,th{padding:.2rem .7rem;border-bottom:1px solid #ddd;text-align:left}
article{border-top:2px solid #ddd;margin-top:1.5rem;padding-top:.5rem}
.gold{background:#eef7ee}.first{background:#fbeeee}.text{padding:.5rem;white-space:pre-wrap}
.note{color:#666}
"""


def render(
    name: str,
    knowledge: Knowledge,
    outcomes: Sequence[Outcome],
    found: Sequence[Scores],
    refused: Refusal,
    worst: int,
) -> str:
    """The page. Asks `knowledge` once more about each of the `worst` misses shown."""
    missed = [outcome for outcome in outcomes if outcome.question.gold and outcome.rank != 0]
    missed.sort(key=lambda outcome: -outcome.answerable)  # the surest mistakes first
    texts = knowledge.answers()
    parts = [
        f"<h1>kb eval: {escape(name)}</h1>",
        _recall_table(found),
        "<h2>Refusal</h2>",
        _refusal(refused),
        risk_coverage(refused),
        f"<h2>{len(missed)} of {found[0].recall[1].n} not first</h2>",
        f'<p class="note">The {min(worst, len(missed))} that would be said with the most '
        "confidence. Logits are what each kind of evidence adds to the order.</p>",
        *(_miss(outcome, knowledge, texts) for outcome in missed[:worst]),
    ]
    head = (
        f'<meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>kb eval: {escape(name)}</title><style>{_STYLE}</style>"
    )
    return f'<!doctype html><html lang="zh-CN"><head>{head}</head><body>{"".join(parts)}</body>'


def _recall_table(found: Sequence[Scores]) -> str:
    rows = "".join(
        f"<tr><td>{escape(part.source)}</td><td>{part.recall[1].n}</td>"
        + "".join(f"<td>{_bounded(share)}</td>" for share in part.recall.values())
        + f"<td>{part.mrr:.3f}</td></tr>"
        for part in found
    )
    head = "".join(f"<th>{h}</th>" for h in ("source", "n", "R@1", "R@3", "R@10", "MRR"))
    return f"<table><tr>{head}</tr>{rows}</table>"


def _bounded(share: Share) -> str:
    low, high = share.bounds
    return f'{share.value:.3f} <span class="note">{low:.3f}–{high:.3f}</span>'


def _refusal(refused: Refusal) -> str:
    auroc = "–" if refused.auroc is None else f"{refused.auroc:.3f}"
    every = "–" if refused.auroc_all is None else f"{refused.auroc_all:.3f}"
    return (
        f"<p>AUROC {auroc} between right first hits and questions without an answer (marked so, "
        f"or asked with their gold left out); {every} with every question that has one on the "
        f"first side. Calibration error {refused.calibration_error:.3f}. At "
        f"{refused.threshold:.2f}, {_bounded(refused.passed)} of the answerable questions pass and "
        f"{_bounded(refused.answered)} of the unanswerable ones.</p>"
    )


def risk_coverage(refused: Refusal) -> str:
    """Inline SVG: how many of the answers are wrong (up) when so many cases are answered."""
    points = " ".join(
        f"{_PLOT * point.coverage:.1f},{_PLOT * (1 - point.risk):.1f}" for point in refused.curve
    )
    at = [point for point in refused.curve if point.threshold >= refused.threshold]
    mark = ""
    if at:
        x, y = _PLOT * at[-1].coverage, _PLOT * (1 - at[-1].risk)
        label = f"{refused.threshold:.2f}: {at[-1].risk:.2f} wrong of {at[-1].coverage:.2f}"
        mark = (
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="#b00"/>'
            f'<text x="{x + 8:.1f}" y="{y + 14:.1f}">{label}</text>'
        )
    return (
        f'<svg viewBox="-40 -10 {_PLOT + 60} {_PLOT + 50}" width="{_PLOT + 60}" role="img" '
        f'aria-label="risk and coverage" font-size="12">'
        f'<path d="M0 0V{_PLOT}H{_PLOT}" fill="none" stroke="#888"/>'
        f'<text x="-36" y="8">wrong</text><text x="-12" y="{_PLOT}">0</text>'
        f'<text x="{_PLOT - 60}" y="{_PLOT + 16}">answered</text>'
        f'<polyline points="{points}" fill="none" stroke="#06c" stroke-width="1.5"/>{mark}</svg>'
    )


def _miss(outcome: Outcome, knowledge: Knowledge, texts: dict[str, str]) -> str:
    question = outcome.question
    why = knowledge.explain(question.text)
    first = outcome.hits[0] if outcome.hits else None
    best = max(question.gold, key=lambda gold: sum(why.get(gold, {"": -1e9}).values()))
    place = f"place {outcome.rank + 1}" if outcome.rank is not None else "not among the first 10"
    shown = _passage("gold", f"{best} ({place})", texts.get(best, ""))
    shown += _passage("first", f"{first.id} came first", first.text) if first else ""
    return (
        f"<article><h3>{escape(question.text)}</h3>"
        f'<p class="note">{escape(question.qid)}, {escape(question.source)}, '
        f"answerable {outcome.answerable:.2f}</p>{shown}"
        f"{_why(why, best, first.id if first else '')}</article>"
    )


def _passage(kind: str, head: str, text: str) -> str:
    cut = text[:CUT_CHARS] + ("…" if len(text) > CUT_CHARS else "")
    return f'<p><b>{escape(head)}</b></p><div class="text {kind}">{escape(cut)}</div>'


def _why(why: dict[str, dict[str, float]], gold: str, first: str) -> str:
    if first not in why:
        return '<p class="note">The first hit came from the FAQ\'s questions.</p>'
    if gold not in why:
        return '<p class="note">The gold is not among the candidates of any signal.</p>'
    ahead = {name: why[first][name] - why[gold][name] for name in why[first]}
    parts = sorted(ahead.items(), key=lambda pair: -abs(pair[1]))
    named = ", ".join(f"{name} {value:+.2f}" for name, value in parts if abs(value) >= 0.005)
    return f'<p class="note">The first is ahead by (logits): {escape(named)}.</p>'
