"""Does making follow-ups whole find the right FAQ? On the demo pack, before and after.

python -m tests.bench.bench_follow_ups
"""

from __future__ import annotations

from tests.dialog.follow_up_cases import read
from voicebot.dialog.phonetic import Canonicalizer
from voicebot.dialog.query_maker import QueryMaker
from voicebot.dialog.state import DialogState
from voicebot.knowledge.api import HitKind, SearchResult
from voicebot.knowledge.build import build_knowledge
from voicebot.knowledge.refusal import threshold
from voicebot.pack_loader import load_pack
from voicebot.settings import SERVER_PACK, load_settings


def main() -> None:
    settings = load_settings()
    pack = load_pack(SERVER_PACK)
    knowledge = build_knowledge(settings, pack, lambda what, state: None)
    queries = QueryMaker(pack, Canonicalizer(pack.lexicon))

    def top(result: SearchResult) -> str:
        return next((hit.id for hit in result.hits if hit.kind is HitKind.FAQ), "")

    for label, wanted in (("need the topic", True), ("stand alone", False)):
        cases = [c for c in read() if (c.words is not None) is wanted and c.faq]
        before = after = answered = 0
        for case in cases:
            state = DialogState(topic=queries.about(case.question, "", case.said, ""))
            made = queries.make(case.text, state)
            raw = knowledge.search(case.text)
            whole = knowledge.search(made.text, product=made.product)
            before += top(raw) == case.faq
            after += top(whole) == case.faq
            answered += top(whole) == case.faq and whole.answerable >= threshold(
                settings.knowledge.wrong_answers
            )
        n = len(cases)
        print(f"{label}: right FAQ first {before}/{n} as said, {after}/{n} made whole;")
        print(f"  of these {answered}/{n} also pass the default threshold")


if __name__ == "__main__":
    main()
