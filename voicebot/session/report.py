"""Facts made from what the parts of a session know. Pure."""

from __future__ import annotations

from dataclasses import asdict

from telephony import Call
from telephony.quality import Quality
from voicebot.dialog.events import Say
from voicebot.knowledge.api import SearchResult
from voicebot.session import events as facts
from voicebot.session.conversation import Thought
from voicebot.session.judged import rung
from voicebot.session.thinker import Considered
from voicebot.turns.budget import Budget
from voicebot.turns.events import TurnEnded


def answered(call: Call, pack: str) -> facts.CallAnswered:
    """The call's first fact."""
    info = call.info
    return facts.CallAnswered(0, info.caller, info.callee, call.codec, pack, info.trunk)


def caller_spoke(
    at_ms: int, considered: Considered, ended: TurnEnded, offset_ms: int, barged_in: bool
) -> facts.CallerSpoke:
    """`offset_ms` takes the turn's frame clock to the call's."""
    recognition = considered.recognition
    return facts.CallerSpoke(
        at_ms,
        considered.text,
        recognition.confidence,
        ended.speech_start_ms + offset_ms,
        ended.speech_end_ms + offset_ms,
        barged_in,
        tuple(other.text for other in recognition.alternatives[1:]),
        recognition.rejected,
        recognition.text,
    )


def bot_spoke(
    at_ms: int, say: Say, budget: Budget | None, thought: Thought | None = None
) -> facts.BotSpoke:
    """With a `budget`, also how long the caller waited and what for.

    `thought` is what the utterance belongs to; its confidence is told once, with the budget.
    """
    filled = budget is not None and any(stage.stage == "filler" for stage in budget.stages)
    by_model = thought is not None and thought.by_model
    judged = thought if budget is not None and thought and thought.inputs else None
    return facts.BotSpoke(
        at_ms,
        say.text,
        say.kind,
        say.confidence,
        None if budget is None else int(budget.elapsed_ms()),
        tuple(asdict(citation) for citation in say.citations),
        say.scene,
        say.slot,
        say.branch,
        () if budget is None else tuple(asdict(stage) for stage in budget.stages),
        rung(say, by_model=by_model, filled=filled),
        judged.confidence if judged else None,
        judged.inputs.to_dict() if judged and judged.inputs else {},
        thought.model.prompts if thought else (),
        say.by,
    )


def searched(at_ms: int, result: SearchResult, chosen_by: str) -> facts.Searched:
    """What was found, by ids only: the texts are in the index."""
    return facts.Searched(
        at_ms,
        result.query,
        tuple(hit.id for hit in result.hits),
        result.answerable,
        result.scene.id if result.scene else "",
        result.scene_probability,
        result.elapsed_ms,
        chosen_by,
        result.raw,
        result.product,
    )


def line_quality(at_ms: int, quality: Quality | None) -> facts.CallQuality | None:
    """The line's figures, rounded to what they are good for; None without any media."""
    if quality is None:
        return None
    return facts.CallQuality(
        at_ms,
        quality.received,
        quality.lost,
        round(quality.loss_percent, 2),
        quality.late,
        round(quality.jitter_ms, 1),
        quality.sent,
        quality.far_lost,
        round(quality.far_jitter_ms, 1),
        round(quality.rtt_ms, 1),
        round(quality.mos, 2),
    )
