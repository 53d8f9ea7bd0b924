"""From a caller's words to what is searched: follow-ups made whole, and limited to a product."""

from __future__ import annotations

import re
from dataclasses import dataclass

from voicebot.dialog.followup import FollowUps
from voicebot.dialog.intents import asks
from voicebot.dialog.named_terms import NamedTerms
from voicebot.dialog.phonetic import Canonicalizer
from voicebot.dialog.products import Products
from voicebot.dialog.state import DialogState
from voicebot.dialog.topic import Topic
from voicebot.pack import Pack

MODEL_FACT = "机型"
# Said while looking for words; the search for a whole question is better without.
_FILLER = re.compile(r"来着(?=[?？]?$)")
FRAGMENT_CHARS = 14  # a turn as short as this may go with the one before
JOINED_CHARS = 80  # of a turn that goes on with the one before, however long
# A sentence left open here was waited for; its other half may be of any length.
_LEFT_OPEN = re.compile(r"(?:老是|总是|的时候|然后|但是|不过|因为|所以|如果|结果|还有就是)$")


@dataclass(frozen=True)
class Query:
    """What to search for, limited to the line `product` ("": to none); `others` are tried if it
    finds nothing."""

    text: str
    product: str = ""
    others: tuple[str, ...] = ()


class QueryMaker:
    """Makes queries with a pack's words."""

    def __init__(self, pack: Pack, canonical: Canonicalizer) -> None:
        self._pack = pack
        self.products = Products(pack, canonical)
        self._canonical = canonical
        self._follow_ups = FollowUps(canonical)
        self._named = NamedTerms(pack, canonical)

    def make(self, text: str, state: DialogState) -> Query:
        """The query for what a caller said in `state`."""
        query = self._follow_ups.rewrite(text, state.topic).query
        goes_on = len(text) <= FRAGMENT_CHARS or _LEFT_OPEN.search(state.fragment)
        if state.fragment and query == text and goes_on:
            query = f"{state.fragment}，{text[:JOINED_CHARS]}"
            return Query(query, self._line(query, state), (text,))
        if query != text:
            return Query(query, self._line(query, state))
        query = _FILLER.sub("", query)
        on_topic = self._follow_ups.on_topic(query, state.topic)
        others = (on_topic,) if on_topic and asks(text) else ()
        return Query(query, self._line(query, state), others)

    def follows_up(self, text: str, state: DialogState) -> bool:
        """Whether `text` asks something once it is made whole: 哦看错了，是2260."""
        return bool(self._follow_ups.rewrite(text, state.topic).how)

    def _line(self, query: str, state: DialogState) -> str:
        return self.products.limit(query, self._of_call(state))

    def _of_call(self, state: DialogState) -> str:
        """The model that the caller named, or else the one that the fault they answer questions of
        is one of, if the fault's own words or the talk name it or its kind."""
        run = state.scene
        scene = self._pack.scene(run.scene) if run and run.taken_up else None
        named = state.facts.get(MODEL_FACT, "")
        if named or scene is None or not scene.product:
            return named
        talk = state.topic.question if state.topic else ""
        # 内存报错 is of any server, whichever one its scene was written for.
        texts = (*scene.triggers, talk)
        return scene.product if self.products.tells(texts, scene.product) else ""

    def about(self, query: str, title: str, said: str, source: str) -> Topic:
        """The topic after `query` was answered with `said` out of what is headed `title`: a FAQ's
        question, which stands alone better than what a caller said, or "" for a passage."""
        kept = not title or bool(set(self.products.named(query)) - set(self.products.named(title)))
        question = query if kept else title
        terms = self._follow_ups.terms(question) or self._follow_ups.terms(said)
        return Topic(question, terms[0] if terms else "", said, source)

    def names_nothing(self, query: str) -> bool:
        """Whether `query` names no part, term, system or model of its own."""
        return not self._follow_ups.terms(query) and not self.products.named(query)

    def of_another_line(self, title: str, question: str, state: DialogState) -> bool:
        """Whether `title` is of a product that neither `question` nor the call is about."""
        of_call = self._of_call(state)
        talk = state.topic.question if state.topic else ""
        return self.products.of_another(title, f"{question}，{talk}", of_call)

    def lacks(self, query: str, text: str, item: str = "") -> float:
        """How many parts, terms and systems `query` names that `text` (and the FAQ `item`) does
        not, each as far as it binds."""
        return self._named.lacking(query, text, item)
