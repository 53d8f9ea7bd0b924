"""Conditions of scenes: a tiny language, parsed once, never evaluated as Python.

::

    raid_done == no and driver_ok != yes
    raid_level in [1, 5, 10] or not known(model)
    fans > 3

A comparison with a slot that has no value yet is undecided, and a condition fires only when it is
decided and true (Kleene's three values): ``symptom != slow`` says nothing before the symptom is
known. A slot the caller could not tell has the value ``unknown``.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

MAX_CHARS = 400
UNKNOWN = "unknown"
Values = Mapping[str, str]
Decision = bool | None
Open = Collection[str]
Decide = Callable[[Values, Open], Decision]
_ORDER: dict[type[ast.cmpop], Callable[[float, float], bool]] = {
    ast.Lt: lambda a, b: a < b,
    ast.LtE: lambda a, b: a <= b,
    ast.Gt: lambda a, b: a > b,
    ast.GtE: lambda a, b: a >= b,
}


class ConditionError(ValueError):
    """The text is no condition; the message says what was expected and what came."""


@dataclass(frozen=True)
class Condition:
    """A parsed condition.

    `mentions` lists (slot, value) for every comparison, in order; value is None where the slot is
    compared as a number or only asked for with ``known()``. `numbers` are the thresholds by slot.
    """

    text: str
    mentions: tuple[tuple[str, str | None], ...]
    numbers: tuple[tuple[str, float], ...]
    _decide: Decide

    def __call__(self, values: Values) -> bool:
        """Whether it is decided, and true."""
        return self._decide(values, ()) is True

    def decide(self, values: Values, still_open: Open = ()) -> Decision:
        """True, False, or None while what is known does not settle it.

        `still_open` are slots that may yet get a value: then ``known(slot)`` is not settled either.
        """
        return self._decide(values, still_open)

    @property
    def slots(self) -> tuple[str, ...]:
        """The slots it looks at, each once."""
        return tuple(dict.fromkeys(slot for slot, _ in self.mentions))


def parse_condition(text: str) -> Condition:
    """Parse a condition. Raises ConditionError."""
    if len(text) > MAX_CHARS:
        raise ConditionError(f"expected at most {MAX_CHARS} characters, got {len(text)}")
    if text.count("(") > 20 or text.count("not ") > 40:
        raise ConditionError("expected a short condition, got deep nesting")
    try:
        tree = ast.parse(" ".join(text.split()), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ConditionError(f"expected a condition like 'slot == value', got {text!r}") from None
    builder = _Builder()
    decide = builder.build(tree)
    return Condition(text, tuple(builder.mentions), tuple(builder.numbers), decide)


class _Builder:
    """Turns the syntax tree into closures, and refuses everything outside the language."""

    def __init__(self) -> None:
        self.mentions: list[tuple[str, str | None]] = []
        self.numbers: list[tuple[str, float]] = []

    def build(self, node: ast.expr) -> Decide:
        if isinstance(node, ast.BoolOp):
            return _join(isinstance(node.op, ast.And), [self.build(part) for part in node.values])
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return _negate(self.build(node.operand))
        if isinstance(node, ast.Call):
            return self._known(node)
        if isinstance(node, ast.Compare) and len(node.ops) == 1:
            return self._compare(node.left, node.ops[0], node.comparators[0])
        raise ConditionError(
            f"expected slot == value, slot in [a, b], slot > 3, known(slot), and, or, not; "
            f"got {ast.unparse(node)!r}"
        )

    def _known(self, node: ast.Call) -> Decide:
        named = isinstance(node.func, ast.Name) and node.func.id == "known"
        if not named or len(node.args) != 1 or node.keywords:
            raise ConditionError(f"expected known(slot), got {ast.unparse(node)!r}")
        slot = _slot(node.args[0])
        self.mentions.append((slot, None))

        def decide(values: Values, still_open: Open) -> Decision:
            if slot not in values and slot in still_open:
                return None
            return slot in values and values[slot] != UNKNOWN

        return decide

    def _compare(self, left: ast.expr, op: ast.cmpop, right: ast.expr) -> Decide:
        slot = _slot(left)
        if isinstance(op, ast.Eq | ast.NotEq):
            members = [_literal(right)]
        elif isinstance(op, ast.In | ast.NotIn):
            if not isinstance(right, ast.List | ast.Tuple | ast.Set):
                raise ConditionError(f"expected a list after 'in', got {ast.unparse(right)!r}")
            members = [_literal(part) for part in right.elts]
        elif type(op) in _ORDER:
            return self._order(slot, _ORDER[type(op)], _literal(right))
        else:
            raise ConditionError(f"expected ==, !=, in, not in, <, >; got {ast.unparse(right)!r}")
        self.mentions.extend((slot, member) for member in members)
        allowed = frozenset(members)
        wanted = isinstance(op, ast.Eq | ast.In)
        return lambda values, _: (values[slot] in allowed) is wanted if slot in values else None

    def _order(self, slot: str, holds: Callable[[float, float], bool], literal: str) -> Decide:
        try:
            bound = float(literal)
        except ValueError:
            raise ConditionError(f"expected a number after < or >, got {literal!r}") from None
        self.mentions.append((slot, None))
        self.numbers.append((slot, bound))

        def decide(values: Values, still_open: Open) -> Decision:
            try:
                return holds(float(values[slot]), bound)
            except (KeyError, ValueError):
                return None

        return decide


def _slot(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    raise ConditionError(f"expected a slot's name, got {ast.unparse(node)!r}")


def _literal(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Constant) and isinstance(node.value, str | int | float):
        return str(node.value)
    raise ConditionError(f"expected a value, got {ast.unparse(node)!r}")


def _negate(part: Decide) -> Decide:
    def decide(values: Values, still_open: Open) -> Decision:
        decision = part(values, still_open)
        return None if decision is None else not decision

    return decide


def _join(conjunction: bool, parts: list[Decide]) -> Decide:
    def decide(values: Values, still_open: Open) -> Decision:
        decisions = [part(values, still_open) for part in parts]
        if (not conjunction) in decisions:
            return not conjunction
        return None if None in decisions else conjunction

    return decide
