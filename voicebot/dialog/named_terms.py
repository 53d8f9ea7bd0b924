"""How much of what a question names a text lacks: parts, terms and systems.

Some words bind: who asks about 内存 is not told about 硬盘. Others are where or why it happens:
机房断电以后自动开机怎么设 is answered by a text without 机房. A pack's own FAQ tell them apart: of
the similar questions that name a word, how many are of a FAQ that names it too.
"""

from __future__ import annotations

from voicebot.dialog.phonetic import Canonicalizer
from voicebot.pack import Pack

KINDS = ("part", "term", "os")
SEEN_BEFORE = 1.0  # how many questions a word is taken to have bound before any is counted


class NamedTerms:
    """Compares with a pack's words; counts a word when it is first asked for."""

    def __init__(self, pack: Pack, canonical: Canonicalizer) -> None:
        self._canonical = canonical
        self._faq = {
            item.id: (*item.similar, item.question, item.answer)
            for item in pack.faq
            if item.status == "approved"
        }
        self._forms = {term.term: (term.term, *term.spoken) for term in pack.lexicon}
        self._binding: dict[str, float] = {}
        self._named: dict[str, frozenset[str]] = {}

    def lacking(self, query: str, text: str, item: str = "") -> float:
        """The summed weights (0..1 each) of what `query` names and `text` does not.

        If `item` is the id of a FAQ, what its similar questions name is there too.
        """
        missing = self._terms(query) - self._terms(text)
        if missing and item in self._faq:
            missing -= self._of_faq(item)
        return sum(self._weight(term) for term in missing)

    def _terms(self, text: str) -> frozenset[str]:
        return frozenset(term for kind in KINDS for term in self._canonical.terms(text, kind))

    def _of_faq(self, item: str) -> frozenset[str]:
        if item not in self._named:
            self._named[item] = self._terms("，".join(self._faq[item]))
        return self._named[item]

    def _weight(self, term: str) -> float:
        if term not in self._binding:
            self._binding[term] = self._share(self._forms.get(term, (term,)))
        return self._binding[term]

    def _share(self, forms: tuple[str, ...]) -> float:
        """Of the similar questions that name a term, how many have it in the FAQ they are of."""
        asked = again = 0
        for *similar, question, answer in self._faq.values():
            naming = sum(any(form in text for form in forms) for text in similar)
            asked += naming
            if any(form in f"{question}，{answer}" for form in forms):
                again += naming
        return (again + SEEN_BEFORE) / (asked + SEEN_BEFORE)
