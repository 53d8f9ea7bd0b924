"""One turn in the making: collects actions, picks variants, words no text twice in a call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from voicebot.dialog.events import Action, Citation, Handoff, HangUp, Say, SayKind, Search
from voicebot.dialog.query_maker import QueryMaker
from voicebot.dialog.said_before import SaidBefore, sources
from voicebot.dialog.scene_run import facts
from voicebot.dialog.state import Awaiting, DialogState, Pending, Phase, Purpose
from voicebot.dialog.textforms import sentences
from voicebot.pack import Pack

SPOKEN_KEPT = 80  # texts of a call that are remembered; who talks longer may hear one again


class Turn:
    """The state as it changes within a turn, and the actions so far."""

    def __init__(
        self,
        pack: Pack,
        state: DialogState,
        heard: float = 1.0,
        queries: QueryMaker | None = None,
    ) -> None:
        self.pack = pack
        self._queries = queries
        self.state = replace(state, unasked=False)
        self.question_heard = not state.unasked
        self.heard = heard
        self.actions: list[Action] = []
        self.repeating = False
        self._before: tuple[tuple[str, ...], SaidBefore] = ((), SaidBefore(()))

    def set(self, **changes: Any) -> None:
        """Change fields of the state."""
        self.state = replace(self.state, **changes)

    def finish(self) -> tuple[DialogState, tuple[Action, ...]]:
        """The state after the turn, and its actions."""
        spoken = [
            each.text
            for each in self.actions
            if isinstance(each, Say) and each.kind is not SayKind.FILLER
        ]
        if spoken and not self.repeating:
            self.set(last_turn="".join(spoken))
        return self.state, tuple(self.actions)

    # --- saying ---------------------------------------------------------------------------
    def variant(self, name: str) -> str:
        """The next variant of a prompt, one not said in this call if there is one."""
        nth = self.state.used.get(name, 0)
        texts = self.pack.prompts.all(name)
        text = self.unsaid(texts, nth)
        self.set(used={**self.state.used, name: nth + 1})
        return text

    def unsaid(self, texts: Sequence[str], nth: int = 0) -> str:
        """The first of `texts`, from the `nth` on, of which no sentence was said in this call; else
        one not said in these words, else the one whose turn it is, but never what was said last
        if there is another."""
        turned = [texts[(nth + i) % len(texts)] for i in range(len(texts))]
        before = self.before
        fresh = [text for text in turned if not before.any_of(text)]
        fresh += [text for text in turned if not before.whole(text)]
        others = [text for text in turned if text != self.state.said]
        return next(iter(fresh + others), turned[0])

    @property
    def before(self) -> SaidBefore:
        """What was said in this call."""
        if self._before[0] is not self.state.spoken:
            said = SaidBefore(self.state.spoken, self.state.answered)
            self._before = (self.state.spoken, said)
        return self._before[1]

    def asked(self, question: str) -> bool:
        """Whether a sentence of `question`, or all of it, was said: 亮吗？ is none of 黄灯亮吗？"""
        own = sentences(question)
        said = (sentences(text)[-len(own) :] for text in self.state.spoken)
        return any(map(self.before.same, own)) or own in said

    def used_up(self, name: str) -> bool:
        """Whether every variant of a prompt was said."""
        return all(map(self.before.any_of, self.pack.prompts.all(name)))

    def fitted(self, name: str, **held: str) -> str:
        """The next variant of a prompt with what it holds in braces put in."""
        texts = []
        for text in self.pack.prompts.all(name):
            for key, value in held.items():
                text = text.replace("{" + key + "}", value)
            texts.append(text)
        nth = self.state.used.get(name, 0)
        self.set(used={**self.state.used, name: nth + 1})
        return self.unsaid(texts, nth)

    def prompt(self, name: str, kind: SayKind, **details: Any) -> None:
        """Say a fixed utterance."""
        self.say(self.variant(name), kind, **details)

    def say(
        self,
        text: str,
        kind: SayKind,
        *,
        confidence: float = 1.0,
        citations: tuple[Citation, ...] = (),
        scene: str = "",
        slot: str = "",
        branch: str = "",
        groups: tuple[str, ...] = (),
        first_group: int = 0,
    ) -> None:
        """Say `text`; if the very same was said last, lead in with other words."""
        if not text:
            return
        again = text in self.state.spoken and kind in (SayKind.ANSWER, SayKind.ASK)
        if text == self.state.said or (again and bool(slot or citations)):
            asks = kind in (SayKind.ASK, SayKind.CONTRADICTION, SayKind.READ_BACK)
            text = self.variant("confirm_more" if asks else "repeat_prefix") + text
        if kind is SayKind.ANSWER:
            out_of = (*self.state.answered, *sources(citations, scene, branch))
            self.set(answered=out_of[-SPOKEN_KEPT:])
        self.set(said=text, spoken=(*self.state.spoken, text)[-SPOKEN_KEPT:])
        self.actions.append(
            Say(
                text,
                kind,
                confidence=confidence,
                citations=citations,
                scene=scene,
                slot=slot,
                branch=branch,
                groups=groups,
                first_group=first_group,
            )
        )

    def deliver(
        self,
        parts: tuple[str, ...],
        then: Awaiting,
        *,
        confidence: float,
        citations: tuple[Citation, ...] = (),
        scene: str = "",
        branch: str = "",
    ) -> None:
        """Say the first part of an answer; `then` is what is awaited once all is said."""
        rest = parts[1:]
        self.say(
            parts[0] if parts else "",
            SayKind.ANSWER,
            confidence=confidence,
            citations=citations,
            scene=scene,
            branch=branch,
        )
        if rest:
            self.set(
                awaiting=Awaiting.MORE,
                rest=rest,
                rest_citations=citations,
                rest_confidence=confidence,
                rest_then=then,
            )
            self.prompt("more", SayKind.ASK)
            return
        self.set(awaiting=then, rest=(), rest_citations=())
        if then is Awaiting.TRY and not self.used_up("try_it"):
            self.prompt("try_it", SayKind.ANSWER)
        elif then is Awaiting.SEND and self.state.sending is not None:
            self.prompt(f"offer_{self.state.sending.what}", SayKind.ASK)

    # --- other actions --------------------------------------------------------------------
    def search(self, pending: Pending) -> None:
        """Look something up; the turn goes on with `Found`. A follow-up is searched for as what
        it means; a branch's own words as they are."""
        if self._queries is not None and pending.purpose is not Purpose.BRANCH:
            made = self._queries.make(pending.query, self.state)
            raw = pending.query if made.text != pending.query else ""
            pending = replace(
                pending, query=made.text, raw=raw, others=made.others, product=made.product
            )
        self._look_up(pending)

    def search_other(self, pending: Pending) -> bool:
        """Look the next of a search's other queries up; False if there is none."""
        if not pending.others:
            return False
        first, *others = pending.others
        raw = pending.raw or pending.query
        self._look_up(replace(pending, query=first, raw=raw, others=tuple(others)))
        return True

    def _look_up(self, pending: Pending) -> None:
        self.set(pending=pending)
        self.actions.append(Search(pending.query, pending.raw, pending.product))

    def hand_off(self, prompt: str, reason: str, skill: str = "", why: str = "") -> None:
        """Say so, and bring a human with the story so far."""
        self.prompt(prompt, SayKind.HANDOFF)
        known = {**self.facts(), **({"转接原因": why} if why else {})}
        self.set(phase=Phase.HANDING_OFF, awaiting=Awaiting.NOTHING, pending=None)
        self.actions.append(Handoff(reason, skill or self.pack.info.handoff_skill, known))

    def hang_up(self, prompt: str = "goodbye") -> None:
        """Say goodbye and end the call."""
        self.prompt(prompt, SayKind.GOODBYE)
        self.set(phase=Phase.ENDED, awaiting=Awaiting.NOTHING)
        self.actions.append(HangUp())

    def as_said(
        self,
        parts: tuple[str, ...],
        then: Awaiting,
        *,
        confidence: float,
        citations: tuple[Citation, ...] = (),
    ) -> None:
        """All of an answer was said before: tell so, and await what `then` says. Who says 再说一遍
        hears the first of `parts`, and the others with 继续. The third time a human is offered."""
        if self.used_up("as_said"):
            self.set(rest=(), rest_citations=())
            self.offer_human("offer_human", "limit")
            return
        self.prompt("as_said", SayKind.CLARIFY)
        self.repeating = True
        self.set(
            last_turn=parts[0],
            awaiting=then,
            rest=parts[1:],
            rest_citations=citations,
            rest_confidence=confidence,
            rest_then=then,
        )

    def anything_else(self) -> None:
        """Ask whether there is more to do."""
        self.prompt("anything_else", SayKind.ASK)
        self.set(awaiting=Awaiting.ELSE, rest=(), rest_citations=())

    def did_it_help(self) -> None:
        """Ask whether what was tried has helped."""
        self.prompt("did_it_help", SayKind.ASK)
        self.set(awaiting=Awaiting.HELPED)

    def offer_human(self, prompt: str = "not_solved", reason: str = "requested") -> None:
        """Offer a human, by default because what was answered did not help."""
        self.prompt(prompt, SayKind.OFFER_HUMAN)
        self.set(awaiting=Awaiting.OFFER, offer_reason=reason)

    def facts(self) -> dict[str, str]:
        """What is known, by label: of the call, and of the scene that runs or ran last."""
        run = self.state.scene or self.state.closed
        scene = self.pack.scene(run.scene) if run else None
        return {**self.state.facts, **(facts(scene, run) if scene and run else {})}
