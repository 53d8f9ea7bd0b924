"""A scene's tree as a picture: SVG without any program but this one, or the text of Graphviz.

The tree grows to the right; every end has a row of its own, so nothing can overlap. Kinds of
ends differ in their outline as well as in colour, for printers without any.
"""

from __future__ import annotations

from dataclasses import dataclass
from xml.sax.saxutils import escape

from voicebot.scenes.model import Scene
from voicebot.scenes.tree import Asked, Node, tree_of

FONTS = (
    "'Noto Sans CJK SC', 'Source Han Sans SC', 'Microsoft YaHei', 'PingFang SC', "
    "'WenQuanYi Micro Hei', sans-serif"
)
FONT_PX = 14
LINE_PX = 19
BOX_PX = 210
GAP_X_PX = 120
GAP_Y_PX = 16
PAD_PX = 9
MARGIN_PX = 24
MAX_LINES = 4
# fill, stroke, stroke pattern, corner radius
_LOOKS = {
    "ask": ("#ffffff", "#1f4e79", "", 4),
    "answer": ("#e8f3e8", "#2e6b2e", "", 16),
    "exit": ("#fdf1e0", "#9a5b00", "6 3", 16),
    "handover": ("#f3f3f3", "#555555", "2 3", 16),
    "contradiction": ("#fbe9e9", "#a02020", "8 3 2 3", 0),
    "more": ("#ffffff", "#999999", "2 3", 4),
}
_LEGEND = (
    ("ask", "提问"),
    ("answer", "诊断并答复"),
    ("exit", "诊断并转接"),
    ("contradiction", "矛盾"),
    ("handover", "没有结论，转接"),
)


@dataclass(frozen=True)
class _Box:
    x: float
    y: float
    height: float
    kind: str
    lines: tuple[str, ...]
    title: str
    above: tuple[_Box, str] | None


def svg(scene: Scene) -> str:
    """The scene as an SVG document."""
    boxes: list[_Box] = []
    top = MARGIN_PX + 2 * LINE_PX + 14
    bottom = _place(tree_of(scene), 0, top, None, boxes)
    triggers = wrapped(f"触发：{'、'.join(scene.triggers)}", 900, 2)
    notes = [f"矛盾 {each.id}：{each.when.text} —— {each.says[0]}" for each in scene.contradictions]
    height = bottom + (len(notes) + len(triggers) + 2) * LINE_PX + MARGIN_PX
    width = max([box.x + BOX_PX for box in boxes] + [_width(note) for note in notes] + [720.0])
    width += 2 * MARGIN_PX
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" font-family="{FONTS}" font-size="{FONT_PX}">',
        f"<title>{escape(scene.name)}</title>",
        '<rect width="100%" height="100%" fill="#ffffff"/>',
        _text(MARGIN_PX, MARGIN_PX + 14, f"{scene.name}（{scene.id}，{scene.label}）", bold=True),
        _legend(MARGIN_PX + LINE_PX + 10),
        *(_edge(box) for box in boxes if box.above),
        *(_drawn(box) for box in boxes),
    ]
    y = bottom + LINE_PX
    for line in (*triggers, *notes):
        parts.append(_text(MARGIN_PX, y, line, colour="#444444"))
        y += LINE_PX
    return "\n".join([*parts, "</svg>", ""])


def dot(scene: Scene) -> str:
    """The same tree in the language of Graphviz."""
    lines = [
        "digraph scene {",
        f"  label={_quoted(f'{scene.name}（{scene.id}）')}; labelloc=t; rankdir=LR;",
        f'  node [shape=box, fontname="{FONTS.split(",")[0].strip(chr(39))}"];',
    ]
    _dot(tree_of(scene), lines, [0])
    return "\n".join([*lines, "}", ""])


def _dot(node: Node, lines: list[str], count: list[int]) -> str:
    name = f"n{count[0]}"
    count[0] += 1
    kind, text = _content(node)
    fill, stroke, dashes, radius = _LOOKS[kind]
    style = ",".join(["filled", *(["rounded"] if radius else []), *(["dashed"] if dashes else [])])
    lines.append(
        f'  {name} [label={_quoted(text)}, style="{style}", fillcolor="{fill}", color="{stroke}"];'
    )
    if isinstance(node, Asked):
        for label, after in node.ways:
            lines.append(f"  {name} -> {_dot(after, lines, count)} [label={_quoted(label)}];")
    return name


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def _content(node: Node) -> tuple[str, str]:
    if isinstance(node, Asked):
        return "ask", node.text
    return node.kind, node.text


def _place(
    node: Node, depth: int, top: float, above: tuple[_Box, str] | None, boxes: list[_Box]
) -> float:
    """Put the node and what is below it into `boxes`; the first free row under them."""
    kind, text = _content(node)
    lines = wrapped(text, BOX_PX - 2 * PAD_PX, MAX_LINES)
    height = len(lines) * LINE_PX + 2 * PAD_PX
    x = MARGIN_PX + depth * (BOX_PX + GAP_X_PX)
    title = node.slot if isinstance(node, Asked) else node.id
    box = _Box(x, top, height, kind, lines, f"{title}: {text}" if title else text, above)
    boxes.append(box)
    y = top
    for label, after in node.ways if isinstance(node, Asked) else ():
        y = _place(after, depth + 1, y, (box, label), boxes)
    return max(y, top + height + GAP_Y_PX)


def _drawn(box: _Box) -> str:
    fill, stroke, dashes, radius = _LOOKS[box.kind]
    lines = [
        _text(box.x + PAD_PX, box.y + PAD_PX + 14 + nth * LINE_PX, line)
        for nth, line in enumerate(box.lines)
    ]
    return (
        f"<g><title>{escape(box.title)}</title>"
        f'<rect x="{box.x:.0f}" y="{box.y:.0f}" width="{BOX_PX}" height="{box.height:.0f}" '
        f'rx="{radius}" fill="{fill}" stroke="{stroke}" stroke-width="1.4" '
        f'stroke-dasharray="{dashes or "none"}"/>{"".join(lines)}</g>'
    )


def _edge(box: _Box) -> str:
    """From the question down its side and across to this box, the answer over the line."""
    if box.above is None:
        return ""
    start, label = box.above
    x, y = start.x + BOX_PX, box.y + PAD_PX + 10
    bend = x + 14
    from_y = start.y + PAD_PX + 10
    shown = wrapped(label, GAP_X_PX - 24, 2)
    words = [
        _text(bend + 4, y - 5 - (len(shown) - 1 - nth) * 15, line, size=12, colour="#1f4e79")
        for nth, line in enumerate(shown)
    ]
    return (
        f'<path d="M{x:.0f} {from_y:.0f} H{bend:.0f} V{y:.0f} H{box.x - 5:.0f}" fill="none" '
        f'stroke="#666666" stroke-width="1.1"/>'
        f'<path d="M{box.x - 7:.0f} {y - 4:.0f} l7 4 l-7 4 z" '
        f'fill="#666666"/>{"".join(words)}'
    )


def _legend(y: float) -> str:
    parts, x = [], float(MARGIN_PX)
    for kind, text in _LEGEND:
        fill, stroke, dashes, radius = _LOOKS[kind]
        parts.append(
            f'<rect x="{x:.0f}" y="{y:.0f}" width="24" height="14" rx="{min(radius, 7)}" '
            f'fill="{fill}" stroke="{stroke}" stroke-dasharray="{dashes or "none"}"/>'
            + _text(x + 30, y + 12, text, size=12)
        )
        x += 30 + _width(text) + 16
    return "".join(parts)


def _text(
    x: float,
    y: float,
    text: str,
    *,
    size: int = FONT_PX,
    colour: str = "#111111",
    bold: bool = False,
) -> str:
    weight = ' font-weight="bold"' if bold else ""
    return (
        f'<text x="{x:.0f}" y="{y:.0f}" font-size="{size}" fill="{colour}"{weight}>'
        f"{escape(text)}</text>"
    )


def _width(text: str) -> float:
    """About how wide a text is: Chinese characters are square, others a little over half."""
    return sum(FONT_PX if ord(char) > 0x2E7F else FONT_PX * 0.56 for char in text)


def wrapped(text: str, width_px: float, most: int) -> tuple[str, ...]:
    """`text` in at most `most` lines of this width; what does not fit ends in an ellipsis."""
    lines, line = [], ""
    for char in text:
        if char != "\n" and _width(line + char) <= width_px:
            line += char
            continue
        lines.append(line)
        line = char.strip()
    lines.append(line)
    if len(lines) > most:
        lines = [*lines[: most - 1], lines[most - 1][:-1] + "…"]
    return tuple(lines)
