"""How much of what must be hidden is hidden, kind by kind, and what is hidden without need."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from voicebot.records.masking import mask

CASES = Path(__file__).parent / "data" / "masking.txt"
_MARKED = re.compile(r"【(.*?)】")
KEPT = "kept"
RECALL = 0.98
SPARED = 0.97
_SHOWN = 5  # of a secret: first three and last two characters


@dataclass(frozen=True)
class Case:
    """A sentence, and the places (start, end) of what in it is personal."""

    kind: str
    said: str
    spans: tuple[tuple[int, int], ...]


def cases() -> list[Case]:
    found, kind = [], ""
    for line in CASES.read_text(encoding="utf-8").splitlines():
        if line.startswith("# ") and len(line.split()) == 2:
            kind = line[2:]
        elif line and not line.startswith("#"):
            found.append(parsed(kind, line))
    return found


def parsed(kind: str, line: str) -> Case:
    spans, removed = [], 0
    for match in _MARKED.finditer(line):
        start = match.start() - removed
        spans.append((start, start + len(match[1])))
        removed += 2
    return Case(kind, _MARKED.sub(r"\1", line), tuple(spans))


def aligned(case: Case) -> str:
    """What is stored, one character for each of the sentence: e-mail's *** may be longer or
    shorter than what it hides."""
    stored = mask(case.said)
    if case.kind != "email":
        return stored
    ((_, end),) = case.spans
    head, _, tail = stored.partition("***")
    return head + "*" * (end - len(head)) + tail


def leaks(case: Case) -> bool:
    """Whether a secret can be read: more of it than the shown characters is left."""
    stored = aligned(case)
    for start, end in case.spans:
        left = [char for char in stored[start:end] if char.isalnum()]
        whole = [char for char in case.said[start:end] if char.isalnum()]
        if left == whole or len(left) > max(_SHOWN, len(whole) * 0.55):
            return True
    return False


def harms(case: Case) -> bool:
    """Whether something outside of the secrets was changed."""
    stored = aligned(case)
    for start, end in case.spans:
        stored = stored[:start] + case.said[start:end] + stored[end:]
    return stored != case.said


def test_there_are_enough_cases() -> None:
    by_kind = Counter(case.kind for case in cases())
    assert sum(by_kind.values()) >= 300
    assert {"mobile", "landline", "identity", "bank", "email", "name", "address", KEPT} <= {
        *by_kind
    }
    assert all(bool(case.spans) == (case.kind != KEPT) for case in cases())


def test_personal_data_is_found_and_the_rest_is_spared() -> None:
    found = cases()
    personal = [case for case in found if case.kind != KEPT]
    kept = [case for case in found if case.kind == KEPT]
    leaked = [case for case in personal if leaks(case)]
    harmed = [case for case in found if harms(case)]
    for kind, count in Counter(case.kind for case in personal).items():
        lost = [case.said for case in leaked if case.kind == kind]
        print(f"{kind}: {count - len(lost)} of {count} hidden", *lost, sep="\n   not: ")
    print(f"changed without need, of {len(found)}:")
    print(*(f"   {case.said} -> {mask(case.said)}" for case in harmed), sep="\n")
    recall = 1 - len(leaked) / len(personal)
    spared = 1 - len(harmed) / len(found)
    print(f"recall {recall:.3f} of {len(personal)}, spared {spared:.3f}, kept {len(kept)}")
    assert recall >= RECALL
    assert spared >= SPARED
