"""Drafts in the store: proposed once, decided once, with who and when; nothing personal."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from voicebot.errors import RecordsError
from voicebot.records import Records
from voicebot.records.draft import Draft, DraftKind, DraftState, Heard, new_draft


def faq(question: str = "打印机能不能连无线网", **fields: object) -> Draft:
    return new_draft(DraftKind.FAQ, question, count=1, **fields)


def test_a_draft_is_kept_with_its_calls_and_found_by_the_first_of_its_id(store: Records) -> None:
    draft = faq(heard=(Heard("c1", 1000), Heard("c1", 9000), Heard("c2", 0)), confidence=0.5)
    assert store.drafts.add("ours", [draft]) == 1
    assert store.drafts.list(pack="ours") == (draft,)
    assert store.drafts.get(draft.id[:6]) == draft
    assert draft.source_calls == ("c1", "c2")
    assert store.drafts.list(pack="other") == store.drafts.list(kind="similar") == ()


def test_the_same_draft_is_not_proposed_twice_whatever_became_of_it(store: Records) -> None:
    first = faq()
    assert store.drafts.add("ours", [first, faq()]) == 1
    store.drafts.reject(first.id, "王主管")
    assert store.drafts.add("ours", [faq()]) == 0
    assert store.drafts.add("other", [faq()]) == 1
    similar = [new_draft(DraftKind.SIMILAR, first.question, near_entry=e) for e in ("a", "b")]
    assert store.drafts.add("ours", similar) == 2


def test_a_decision_is_kept_with_who_when_and_why_and_in_the_audit(store: Records) -> None:
    yes, no = faq(), faq("你们几点下班")
    store.drafts.add("ours", [yes, no])
    accepted = store.drafts.accept(yes.id, "王主管", version=3, why="常问")
    rejected = store.drafts.reject(no.id, "李四", "来电 13800138000 问的")
    assert (accepted.state, accepted.decided_by, accepted.version) == ("accepted", "王主管", 3)
    assert accepted.decided_at is not None and accepted.why == "常问"
    assert rejected.why == "来电 138******00 问的"
    assert store.drafts.list() == ()
    assert {each.id for each in store.drafts.list(None)} == {yes.id, no.id}
    assert [each.id for each in store.drafts.list(DraftState.REJECTED)] == [no.id]
    audit = [(row["who"], row["what"]) for row in store.custody.audit()]
    assert audit == [("李四", "draft_rejected"), ("王主管", "draft_accepted")]
    assert "13800138000" not in str(store.custody.audit())


def test_of_two_who_decide_at_once_one_is_told_who_was_quicker(store: Records) -> None:
    draft = faq()
    store.drafts.add("ours", [draft])

    def decide(name: str) -> str:
        try:
            return store.drafts.reject(draft.id, name).decided_by
        except RecordsError as error:
            return str(error)

    with ThreadPoolExecutor(2) as pool:
        said = sorted(pool.map(decide, ["张三", "李四"]), key=len)
    assert said[0] in ("张三", "李四")
    assert said[1] == f"drafts: {draft.id[:8]} was rejected by {said[0]} already"
    assert len(store.custody.audit()) == 1


def test_an_edit_keeps_what_was_drafted_and_masks_what_is_typed(store: Records) -> None:
    draft, other = faq(), faq("你们几点下班")
    store.drafts.add("ours", [draft, other])
    edited = store.drafts.edit(
        draft.id, "王主管", question="打印机怎么连\n无线网", answer="打 13800138000 问我。"
    )
    assert edited.question == "打印机怎么连 无线网"
    assert edited.answer == "打 138******00 问我。" and edited.answer_source == "王主管"
    assert edited.drafted == {"question": draft.question, "answer": ""} and edited.edited
    with pytest.raises(RecordsError, match="another draft asks just that"):
        store.drafts.edit(draft.id, "王主管", question=other.question)
    with pytest.raises(RecordsError, match="at most 200 characters"):
        store.drafts.edit(draft.id, "王主管", question="长" * 201)
    store.drafts.accept(draft.id, "王主管")
    with pytest.raises(RecordsError, match="was accepted by 王主管 already"):
        store.drafts.edit(draft.id, "李四", answer="别的")


def test_asked_again_adds_calls_and_counts_each_once(store: Records) -> None:
    draft = faq(heard=(Heard("c1", 1000),))
    store.drafts.add("ours", [draft])
    again = (Heard("c1", 1000), Heard("c2", 5), Heard("c2", 5))
    store.drafts.renew(draft.id, again, 0.7)
    store.drafts.renew(draft.id, again, 0.7)
    found = store.drafts.get(draft.id)
    assert (found.count, found.confidence) == (2, 0.7)


@pytest.mark.parametrize("wanted", ["", "abc", "%%%%", "____", "' OR 1=1 --", "zzzzzz", "abcdef"])
def test_what_is_no_id_finds_nothing(store: Records, wanted: str) -> None:
    store.drafts.add("ours", [faq()])
    with pytest.raises(RecordsError, match=r"drafts: (expected a draft's id|no draft begins)"):
        store.drafts.get(wanted)
    with pytest.raises(RecordsError):
        store.drafts.accept(wanted, "王主管")


def test_nobody_decides_nothing(store: Records) -> None:
    draft = faq()
    store.drafts.add("ours", [draft])
    for nobody in ("", "  ", "\n\x07"):
        with pytest.raises(RecordsError, match="expected who decides"):
            store.drafts.accept(draft.id, nobody)
    assert store.drafts.get(draft.id).state is DraftState.PROPOSED
