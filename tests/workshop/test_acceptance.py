"""An accepted draft answers callers: checked, published with who and why, then noted."""

from __future__ import annotations

from pathlib import Path

import pytest

from voicebot.errors import EditConflictError, PackError, RecordsError
from voicebot.pack_loader import load_pack
from voicebot.records import Records
from voicebot.workshop.acceptance import NEW_ENTRIES, accept
from voicebot.workshop.drafts import Draft, DraftKind, DraftState, new_draft
from voicebot.workshop.editing import PackEditor

PACK = "my-company"


def propose(store: Records, *drafts: Draft) -> list[str]:
    assert store.drafts.add(PACK, drafts) == len(drafts)
    return [draft.id for draft in drafts]


def wireless(**fields: str) -> Draft:
    return new_draft(DraftKind.FAQ, "打印机能不能连无线网", **fields)


def similar(question: str = "坏了还保不保", entry: str = "general.warranty") -> Draft:
    return new_draft(DraftKind.SIMILAR, question, near_entry=entry)


def test_drafts_of_both_kinds_go_live_as_one_version(
    store: Records, editor: PackEditor, pack: Path
) -> None:
    faq = wireless(answer="可以，在设置里打开无线。", answer_source="manual.md > 无线")
    ids = propose(store, faq, similar())
    done = accept(store.drafts, editor, ids, "王主管", "常问")
    assert done.version is not None
    assert (done.version.number, done.version.by) == (2, "王主管")
    assert done.version.why == f"drafts {ids[0][:8]}, {ids[1][:8]}: 常问"
    entries = {each.question: each for each in load_pack(pack).faq}
    assert "坏了还保不保" in entries["保修多久"].similar
    assert entries["打印机能不能连无线网"].answer == "可以，在设置里打开无线。"
    assert entries["打印机能不能连无线网"].source == "manual.md > 无线"
    assert [each.state for each in done.drafts] == [DraftState.ACCEPTED] * 2
    assert all(each.version == 2 for each in done.drafts)


def test_a_faq_without_an_answer_is_not_accepted_until_an_expert_writes_one(
    store: Records, editor: PackEditor
) -> None:
    (draft,) = propose(store, wireless())
    with pytest.raises(PackError, match=r"has no answer: .* an expert writes one"):
        accept(store.drafts, editor, [draft], "王主管")
    store.drafts.edit(draft, "王主管", answer="可以，在设置里打开无线。")
    accept(store.drafts, editor, [draft], "王主管")
    assert "source: 王主管" in editor.read(NEW_ENTRIES).text


def test_what_does_not_pass_the_checks_stays_proposed(
    store: Records, editor: PackEditor, pack: Path
) -> None:
    scene = pack / "scenes" / "paper_jam.yaml"
    scene.write_text(scene.read_text(encoding="utf-8") + "colour: red\n", encoding="utf-8")
    ids = propose(store, similar())
    with pytest.raises(PackError, match="unknown key 'colour'"):
        accept(store.drafts, editor, ids, "王主管")
    assert store.drafts.get(ids[0]).state is DraftState.PROPOSED
    assert editor.versions() == ()


def test_a_crash_between_pack_and_store_is_mended_by_accepting_again(
    store: Records, editor: PackEditor, monkeypatch: pytest.MonkeyPatch
) -> None:
    faq = wireless(answer="可以。")
    ids = propose(store, faq, similar())

    def crash(*_args: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("voicebot.records.drafts.Drafts.accept", crash)
        with pytest.raises(KeyboardInterrupt):
            accept(store.drafts, editor, ids, "王主管")
    text = editor.read(NEW_ENTRIES).text
    done = accept(store.drafts, editor, ids, "王主管")
    assert done.version is None and len(editor.versions()) == 2
    assert editor.read(NEW_ENTRIES).text == text
    assert [each.state for each in done.drafts] == [DraftState.ACCEPTED] * 2


def test_a_decided_or_orphaned_draft_is_refused(store: Records, editor: PackEditor) -> None:
    gone, twice = propose(store, similar(entry="general.gone"), similar())
    with pytest.raises(PackError, match=r"belongs to the FAQ 'general\.gone'"):
        accept(store.drafts, editor, [gone], "王主管")
    store.drafts.reject(twice, "李四")
    with pytest.raises(RecordsError, match="was rejected by 李四 already"):
        accept(store.drafts, editor, [twice], "王主管")


def test_a_draft_of_another_pack_is_refused(store: Records, editor: PackEditor) -> None:
    draft = similar()
    store.drafts.add("another-pack", [draft])
    with pytest.raises(PackError, match=r"for the pack 'another-pack', expected one for 'my-comp"):
        accept(store.drafts, editor, [draft.id], "王主管")
    assert store.drafts.get(draft.id).state is DraftState.PROPOSED
    assert editor.versions() == ()


def test_an_edit_that_somebody_publishes_meanwhile_is_not_lost(
    store: Records, editor: PackEditor, pack: Path
) -> None:
    ids = propose(store, similar())

    def meanwhile(what: str) -> None:
        if what == "reading" and not editor.versions():
            other = PackEditor(pack)
            text = other.read("faq/general.yaml").text.replace("一年", "两年")
            other.publish(other.propose("faq/general.yaml", text), "张三")

    with pytest.raises(EditConflictError, match="changed by 张三"):
        accept(store.drafts, editor, ids, "王主管", step=meanwhile)
    accept(store.drafts, editor, ids, "王主管")
    text = editor.read("faq/general.yaml").text
    assert "两年" in text and "坏了还保不保" in text


@pytest.mark.parametrize(
    "said",
    [
        "怎么连'; DROP TABLE drafts; --", "- id: x\n  question: y", "a: {b: [c",
        "&x *y !!python/object",
        "打印机 # 不是注释", "'引号\" \\ 反斜杠", "yes", "{scene}", "打印机: 怎么连", "@`%|>-",
    ],
)  # fmt: skip
def test_hostile_words_become_words(
    store: Records, editor: PackEditor, pack: Path, said: str
) -> None:
    ids = propose(store, similar(said), new_draft(DraftKind.FAQ, "问：" + said, answer=said))
    accept(store.drafts, editor, ids, "王主管")
    found = {each.id: each for each in load_pack(pack).faq}
    assert " ".join(said.split()) in found["general.warranty"].similar
    assert found[f"calls.{ids[1][:8]}"].answer == said
