"""What of an utterance the line was given, and so what of it the caller has heard. Sans-I/O."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_END_MS = 20.0
"""Of a sound so much may be missing at its end: it fades, or is a frame filled up with silence."""
_ASIDE = -1


@dataclass(frozen=True)
class _Stretch:
    """Sound of one clause and the text that it completes, or a pause (neither clause nor text)."""

    clause: int | None
    text: str
    ms: float


class Said:
    """One utterance's account, to the words where a voice tells them, else to the clause.

    `left_ms` is always what the line has not sent yet. What was given to it lies behind it in
    order, so that all is known from its end.
    """

    def __init__(self) -> None:
        self._clauses: tuple[str, ...] = ()
        self._stretches: list[_Stretch] = []

    def begin(self, clauses: Sequence[str]) -> None:
        """An utterance of these clauses is about to be said."""
        self._clauses = tuple(clauses)
        self._stretches.clear()

    def forget(self) -> None:
        """It was stopped, and what was heard of it has been told."""
        self.begin(())

    # --- what the line is given ---------------------------------------------------------------
    def sound(self, clause: int, text: str, ms: float) -> None:
        """Sound of a clause, by number; `text` is said in full when it ends."""
        self._stretches.append(_Stretch(clause, text, ms))

    def pause(self, ms: float) -> None:
        """Silence after a clause."""
        self._stretches.append(_Stretch(None, "", ms))

    def aside(self, ms: float) -> None:
        """Something that is not part of the utterance; nothing where none was begun."""
        if self._stretches:
            self._stretches.append(_Stretch(_ASIDE, "", ms))

    # --- what is known from it ------------------------------------------------------------------
    @property
    def text(self) -> str:
        """All of the utterance."""
        return "".join(self._clauses)

    def heard(self, left_ms: float) -> tuple[str, str]:
        """(heard, unheard) if the line goes no further.

        A clause that is cut counts as unheard from its first word that did not leave in full;
        where the voice does not tell words, from its beginning.
        """
        played = list(self._stretches)
        while played:
            last = played[-1]
            if left_ms <= (0.0 if last.clause is None else _END_MS):
                break
            left_ms -= last.ms
            played.pop()
        heard = "".join(each.text for each in played)
        return heard, self.text[len(heard) :]

    def sounded(self, left_ms: float) -> tuple[str, ...] | None:
        """What had begun to sound, clause by clause; None if nothing was said, or was stopped."""
        if not self._stretches:
            return None
        played_ms = sum(each.ms for each in self._stretches) - left_ms
        begun: dict[int, str] = {}
        start_ms = 0.0
        open_clause: int | None = None  # its sound has begun, the text of that comes later
        for each in self._stretches:
            if each.clause is not None and each.clause != _ASIDE:
                if start_ms <= played_ms:
                    begun[each.clause] = begun.get(each.clause, "") + each.text
                    open_clause = None if each.text else each.clause
                elif each.clause == open_clause:
                    begun[each.clause] += each.text
                    open_clause = None if each.text else open_clause
            start_ms += each.ms
        if open_clause is not None:  # the text is still to come, with the rest of the clause
            begun[open_clause] = self._clauses[open_clause]
        return tuple(begun[clause] for clause in sorted(begun))

    def ending(self, left_ms: float) -> bool:
        """Whether the last clause has begun; true where nothing is said."""
        last = len(self._clauses) - 1
        starts = [at for at, each in enumerate(self._stretches) if each.clause == last]
        if not starts:
            return not self._clauses
        return left_ms <= sum(each.ms for each in self._stretches[starts[0] :])
