"""The reliability plot and the risk-coverage curve as a page without anything from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from tests.bench.turn_judging import Fit, auc_of, bins, ece, risk_coverage

_SIZE, _EDGE = 320, 40


def page(fit: Fit) -> str:
    """The HTML."""
    n, right = len(fit.right), int(fit.right.sum())
    rows = "".join(
        f"<tr><td>{name}</td><td>{value:+.3f}</td></tr>"
        for name, value in [("bias", fit.calibration.bias), *fit.calibration.weights.items()]
    )
    figures = (
        f"{n} turns, {right} right; by models that had not seen them: "
        f"ECE {ece(fit.unseen, fit.right):.3f}, AUC {auc_of(fit.unseen, fit.right):.3f}"
    )
    return (
        "<!doctype html><meta charset=utf-8><title>Turn confidence</title>"
        "<style>body{font:15px sans-serif;margin:2em;max-width:60em}svg{margin-right:2em}"
        "td{padding:0 1em 0 0}</style>"
        f"<h1>Turn confidence</h1><p>{escape(figures)}</p>"
        f"<p>{escape(fit.calibration.fitted_on)}</p>"
        f"{reliability(fit)}{coverage(fit)}<table>{rows}</table>"
    )


def reliability(fit: Fit) -> str:
    """Confidence against the share that was right; a dot's area is how many turns it stands for."""
    total = len(fit.right)
    dots = "".join(
        f'<circle cx="{_x(each.confidence):.1f}" cy="{_y(each.right):.1f}" '
        f'r="{3 + 14 * (each.count / total) ** 0.5:.1f}" fill="#2a6fb0" fill-opacity=".6">'
        f"<title>n {each.count}, said {each.confidence:.2f}, was {each.right:.2f}</title></circle>"
        for each in bins(fit.unseen, fit.right)
    )
    diagonal = _line([(0.0, 0.0), (1.0, 1.0)], "#999")
    return _plot("confidence", "share right", diagonal + dots)


def coverage(fit: Fit) -> str:
    """The risk that is taken against the share of turns that are answered."""
    points = [(share, risk) for _, share, risk in risk_coverage(fit.unseen, fit.right)]
    return _plot("share answered", "share of these that is wrong", _line(points, "#b0402a"))


def _plot(below: str, beside: str, inside: str) -> str:
    marks = "".join(
        f'<text x="{_x(v)}" y="{_SIZE - 22}" font-size="11" text-anchor="middle">{v:g}</text>'
        f'<text x="{_EDGE - 6}" y="{_y(v) + 4}" font-size="11" text-anchor="end">{v:g}</text>'
        for v in (0.0, 0.5, 1.0)
    )
    frame = _line([(0, 0), (1, 0), (1, 1), (0, 1), (0, 0)], "#ccc")
    middle = _SIZE / 2
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_SIZE}" height="{_SIZE}">{frame}{inside}'
        f'{marks}<text x="{middle}" y="{_SIZE - 6}" font-size="12" text-anchor="middle">{below}'
        f'</text><text x="12" y="{middle}" font-size="12" text-anchor="middle" '
        f'transform="rotate(-90 12 {middle})">{beside}</text></svg>'
    )


def _line(points: Sequence[tuple[float, float]], colour: str) -> str:
    path = " ".join(f"{_x(x):.1f},{_y(y):.1f}" for x, y in points)
    return f'<polyline points="{path}" fill="none" stroke="{colour}"/>'


def _x(value: float) -> float:
    return _EDGE + value * (_SIZE - 2 * _EDGE)


def _y(value: float) -> float:
    return _SIZE - _EDGE - value * (_SIZE - 2 * _EDGE)
