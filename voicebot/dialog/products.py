"""Which product a question is about, and whether the company has it.

A model that is named limits the answers to its product line and to what all lines share. The model
of the call (said earlier) does the same, unless the question names another kind of machine: who
has a server and asks how to enlarge the storage does not ask about the server.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable

from voicebot.dialog.phonetic import Canonicalizer
from voicebot.pack import Pack

# Letters and at least three figures: R740, YL9999, DL380, NF5280M5, TS860M6.
_CODE = re.compile(
    r"(?<![a-zA-Z0-9.])([a-zA-Z]{1,4}\s?\d{3,5}(?:[a-zA-Z]{1,2}\d{0,2})?)(?![a-zA-Z0-9.])"
)
_NO_MODEL = re.compile(
    r"^(?:DDR|RAID|USB|CPU|PCI|SAS|SATA|IPV|SHA|AES|RFC|ISO|HTTP|CR|WX|SN|X|E|VLAN|ID|KB|MD|MS|V|WIN|WINDOWS)\d",
    re.IGNORECASE,
)
_BRANDS = (
    "戴尔", "惠普", "联想", "华为", "浪潮", "新华三", "华三", "H3C", "超微", "IBM", "思科", "曙光",
    "中兴", "宝德", "Dell", "HPE", "超聚变", "长城", "同方", "锐捷", "群晖", "EMC", "NetApp",
)  # fmt: skip
_BRAND = re.compile("|".join(_BRANDS), re.IGNORECASE)
# From another maker's machine into ours, or instead of one: the question is about ours.
_BESIDE = re.compile(r"从.{0,8}(?:拔|拆|换|迁|搬|转)|之前用|以前用|原来用|替换|代替")
# Of a line's FAQ so many name its kind: 双控存储 for YS2200; a part (硬盘) is of every kind, unless
# half of the questions are about it (交换机).
KIND_SHARE, PART_SHARE = 0.2, 0.5


class Products:
    """The product lines of a pack."""

    def __init__(self, pack: Pack, canonical: Canonicalizer) -> None:
        self._canonical = canonical
        self._lines = {item.product for item in pack.faq} | {s.product for s in pack.scenes}
        self._lines |= {term.term for term in pack.lexicon if term.kind == "model"}
        self._lines.discard("")
        self._codes = {_plain(term.term) for term in pack.lexicon if term.kind != "term"}
        self._codes |= _codes_in(pack)
        self._kinds = _kinds(pack, canonical)

    def named(self, text: str) -> tuple[str, ...]:
        """The company's models that `text` names, in order."""
        return self._canonical.terms(text, "model")

    def foreign(self, text: str) -> str:
        """A model or maker named in `text` that the company does not have; "" if there is none,
        or if one of the company's own is named as well."""
        if self.named(text) or _BESIDE.search(text):
            return ""
        for source in (text, self._canonical.rewrite(text)):
            for match in _CODE.finditer(source):
                code = _plain(match.group())
                if code not in self._codes and not _NO_MODEL.match(code):
                    brand = _BRAND.search(source[: match.start()])
                    return (brand.group() if brand else "") + code
        brand = _BRAND.search(text)
        return brand.group() if brand else ""

    def tells(self, texts: Iterable[str], line: str) -> bool:
        """Whether one of `texts` names `line`, or its kind by the whole word for it."""
        kinds = self._kinds.get(line, frozenset())
        return any(
            line in self.named(text)
            or kinds.intersection(self._canonical.terms(text, "product"))
            or kinds.intersection(self._canonical.terms(text, "part"))
            for text in texts
        )

    def of_another(self, title: str, question: str, of_call: str = "") -> bool:
        """Whether `title` is of a product line that `question` does not name, be it by its kind,
        and that is not the line of the call."""
        meant = {*self.named(question), of_call}
        said = self._canonical.terms(question, "product") + self._canonical.terms(question, "part")
        return any(
            line in self._lines
            and line not in meant
            and not any(_of_kind(term, self._kinds.get(line, frozenset())) for term in said)
            for line in self.named(title)
        )

    def limit(self, text: str, of_call: str) -> str:
        """The product line that answers to `text` are limited to; "" for none."""
        named = self.named(text)
        if named:
            return named[-1] if named[-1] in self._lines and len(set(named)) == 1 else ""
        if not of_call:
            return ""
        own = self._kinds.get(of_call, frozenset())
        others = {kind for kinds in self._kinds.values() for kind in kinds} - own
        said = {*self._canonical.terms(text, "product"), *self._canonical.terms(text, "part")}
        # 存储 means 双控存储 and 全闪存储: any of a kind is named by the last word of its name.
        elsewhere = any(_of_kind(term, others) and not _of_kind(term, own) for term in said)
        return "" if elsewhere else of_call


def _kinds(pack: Pack, canonical: Canonicalizer) -> dict[str, frozenset[str]]:
    """The words by which callers name each line, from its FAQ."""
    questions: Counter[str] = Counter()
    named: dict[str, Counter[tuple[str, float]]] = defaultdict(Counter)
    for item in pack.faq:
        for text in (item.question, *item.similar) if item.product else ():
            questions[item.product] += 1
            kinds = {(term, KIND_SHARE) for term in canonical.terms(text, "product")}
            parts = {(term, PART_SHARE) for term in canonical.terms(text, "part")}
            named[item.product].update(kinds | parts)
    return {
        line: frozenset(t for (t, share), n in terms.items() if n >= share * questions[line])
        for line, terms in named.items()
    }


def _of_kind(term: str, kinds: Collection[str]) -> bool:
    return any(kind.endswith(term) for kind in kinds)


def _codes_in(pack: Pack) -> set[str]:
    """Codes in the company's own texts: diagnosis codes, parts, its models."""
    texts = [text for item in pack.faq for text in (item.question, *item.similar, item.answer)]
    for scene in pack.scenes:
        texts += scene.triggers
        for slot in scene.slots:
            texts += [form for choice in slot.choices for form in (choice.name, *choice.say)]
    return {_plain(match.group()) for text in texts for match in _CODE.finditer(text)}


def _plain(code: str) -> str:
    return "".join(code.split()).upper()
