"""A model's wording of a finished call. It may phrase; it may not add."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from voicebot.language.api import Cancelled, TextEngine, never
from voicebot.language.draft import Dropped, Line, SummaryDraft, draft_summary, sentences
from voicebot.records.views import TurnView
from voicebot.wrapup.facts import facts, held, turned_round


def phrased(
    engine: TextEngine, turns: Sequence[TurnView], cancelled: Cancelled = never
) -> SummaryDraft:
    """A paragraph about the call; empty where nothing that the model wrote stands.

    A sentence with a figure, code, name, negation or promise that is not in the call is dropped,
    and told with what it made up. Takes seconds to tens of seconds of CPU; raises what the engine
    raises.
    """
    lines = [Line(turn.who == "caller", turn.text) for turn in turns if turn.text.strip()]
    draft = draft_summary(engine, lines, cancelled)
    call = "\n".join(line.text for line in lines)
    kept, dropped = [], list(draft.dropped)
    for sentence in sentences(draft.text):
        claimed = facts(sentence)
        made_up = [fact.value for fact in sorted(claimed - held(claimed, call))]
        made_up += turned_round(sentence, call)
        if made_up:
            dropped.append(Dropped(sentence, tuple(made_up)))
        else:
            kept.append(sentence)
    return replace(draft, text="".join(kept), dropped=tuple(dropped))
