"""What is published went through the checks, is live whole, and can be taken back."""

from __future__ import annotations

from pathlib import Path

import pytest

from voicebot.errors import EditConflictError, PackError
from voicebot.pack_loader import load_pack
from voicebot.settings import SERVER_PACK
from voicebot.workshop import paths
from voicebot.workshop.editing import PackEditor

FAQ = "faq/general.yaml"
SCENE = "scenes/paper_jam.yaml"


def test_an_edit_goes_live_with_who_when_why_and_its_comments(
    editor: PackEditor, pack: Path
) -> None:
    before = editor.read(FAQ)
    text = before.text.replace("质保期是几年", "质保期是几年, 坏了还保不保")
    proposed = editor.propose(FAQ, text, before.stamp)
    assert proposed.ok
    assert "+  similar: [质保期是几年, 坏了还保不保" in proposed.diff
    assert load_pack(pack).faq[0].similar[1] != "坏了还保不保"
    version = editor.publish(proposed, "王主管", "来电这么问")
    assert load_pack(pack).faq[0].similar[1] == "坏了还保不保"
    assert (pack / FAQ).read_text(encoding="utf-8") == text
    assert text.startswith("# Questions with an approved answer.")
    assert (version.number, version.by, version.why) == (2, "王主管", "来电这么问")
    assert version.paths == (FAQ,)
    assert [each.number for each in editor.versions()] == [2, 1]
    assert editor.versions()[1].why == "as it was"
    assert editor.diff(2) == proposed.diff


def test_a_scene_that_fails_its_tests_is_not_published(editor: PackEditor, pack: Path) -> None:
    text = editor.read(SCENE).text.replace("deny: [取不出来, 拿不出来, 没取]", "deny: [没取]")
    text = text.replace("about: [取出, 拿出, 取不出, 拿不出]", "about: [取出]")
    proposed = editor.propose(SCENE, text)
    assert not proposed.ok and proposed.tests_run >= 1
    assert [report.scene for report in proposed.tests] == ["printer.paper_jam"]
    with pytest.raises(PackError, match=r"does not pass the checks: printer\.paper_jam: test"):
        editor.publish(proposed, "王主管")
    assert load_pack(pack).scenes
    assert editor.versions() == ()


def test_what_does_not_load_is_told_with_its_line(editor: PackEditor) -> None:
    proposed = editor.propose(SCENE, editor.read(SCENE).text + "\ncolour: red\n")
    assert not proposed.ok
    assert any("unknown key 'colour'" in str(each) for each in proposed.lint)
    assert proposed.lint[0].file == SCENE and proposed.lint[0].line > 30


def test_a_trigger_that_takes_another_scenes_callers_is_warned_of(editor: PackEditor) -> None:
    text = editor.read(SCENE).text.replace("[打印机卡纸了,", "[打印机卡纸了, 我要报修一下,")
    proposed = editor.propose(SCENE, text)
    assert proposed.ok
    told = [(each.file, each.warning) for each in proposed.lint]
    assert ("scenes/repair_request.yaml", True) in told, proposed.lint


def test_of_two_editors_of_one_file_the_second_is_told_who_was_quicker(
    editor: PackEditor, pack: Path
) -> None:
    other = PackEditor(pack)
    mine, theirs = editor.read(FAQ), other.read(FAQ)
    first = editor.propose(FAQ, mine.text.replace("一年", "两年"), mine.stamp)
    second = other.propose(FAQ, theirs.text.replace("一年", "三年"), theirs.stamp)
    editor.publish(first, "张三")
    with pytest.raises(EditConflictError, match=r"changed by 张三 \(version 2\) since you read it"):
        other.publish(second, "李四")
    with pytest.raises(EditConflictError, match="张三"):
        other.propose(FAQ, theirs.text + "\n", theirs.stamp)
    assert "两年" in editor.read(FAQ).text


def test_edits_of_two_files_both_go_live(editor: PackEditor, pack: Path) -> None:
    faq = editor.propose(FAQ, editor.read(FAQ).text.replace("一年", "两年"))
    scene = editor.propose(SCENE, editor.read(SCENE).text.replace("打印机卡纸了", "打印机卡住纸了"))
    editor.publish(faq, "张三")
    editor.publish(scene, "李四")
    assert "两年" in editor.read(FAQ).text and "打印机卡住纸了" in editor.read(SCENE).text


def test_two_edits_that_do_not_fit_together_do_not_both_go_live(editor: PackEditor) -> None:
    add = "- id: general.toner\n  question: 硒鼓多少钱\n  answer: 请咨询销售。\n"
    one = editor.propose("faq/one.yaml", add)
    other = editor.propose("faq/other.yaml", add)
    assert one.ok and other.ok
    editor.publish(one, "张三")
    with pytest.raises(PackError, match=r"does not pass the checks: .*each FAQ id once"):
        editor.publish(other, "李四")


def test_a_roll_back_brings_the_old_version_as_a_new_one(editor: PackEditor) -> None:
    before = editor.read(FAQ).text
    editor.publish(editor.propose(FAQ, before.replace("一年", "两年")), "张三")
    editor.publish(editor.propose("faq/more.yaml", before.replace("general.", "more.")), "张三")
    version = editor.roll_back(1, "李四", "答案错了")
    assert editor.read(FAQ).text == before and editor.read("faq/more.yaml").stamp == ""
    assert (version.number, version.by, version.why) == (4, "李四", "back to version 1: 答案错了")
    assert version.paths == (FAQ, "faq/more.yaml")
    editor.roll_back(3, "李四")
    assert "两年" in editor.read(FAQ).text and editor.read("faq/more.yaml").stamp
    with pytest.raises(PackError, match="the pack is as version 3 already"):
        editor.roll_back(3, "李四")
    with pytest.raises(PackError, match=r"expected the number of a kept version .* got 99"):
        editor.roll_back(99, "李四")


def test_what_was_edited_by_hand_is_kept_before_it_is_replaced(
    editor: PackEditor, pack: Path
) -> None:
    editor.publish(editor.propose(FAQ, editor.read(FAQ).text.replace("一年", "两年")), "张三")
    hand = editor.read(FAQ).text.replace("两年", "五年")
    (pack / FAQ).write_text(hand, encoding="utf-8")
    editor.publish(editor.propose(FAQ, hand.replace("五年", "六年")), "李四")
    assert [each.by for each in editor.versions()] == ["李四", "", "张三", ""]
    editor.roll_back(3, "李四")
    assert "五年" in editor.read(FAQ).text


def test_a_built_in_pack_can_be_read_and_tried_but_not_changed(
    pack: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "part of voicebot" in PackEditor(SERVER_PACK).read_only
    monkeypatch.setattr(paths, "BUILT_IN", pack.parent)
    editor = PackEditor(pack)
    proposed = editor.propose("labels.yaml", editor.read("labels.yaml").text + "# more\n")
    assert proposed.ok
    with pytest.raises(PackError, match="copy it first"):
        editor.publish(proposed, "张三")
    with pytest.raises(PackError, match="copy it first"):
        editor.roll_back(1, "张三")
    assert [path.name for path in pack.parent.iterdir()] == ["ours"]


@pytest.mark.parametrize(
    "path",
    [
        "../secret.yaml", "faq/../../secret.yaml", "/etc/passwd", "faq/.hidden.yaml", "faq//a.yaml",
        "documents/manual.md", "faq/a.yml", "scenes", "", ".", "faq\\..\\a.yaml", "faq/a\0.yaml",
        "faq/a\n.yaml", "other/a.yaml", "faq/" + "长" * 300 + ".yaml", "faq/a.yaml/", "pack.toml/x",
    ],
)  # fmt: skip
def test_no_path_leads_elsewhere(editor: PackEditor, path: str) -> None:
    with pytest.raises(PackError, match=r"expected one of pack\.toml"):
        editor.read(path)
    with pytest.raises(PackError, match=r"expected one of pack\.toml"):
        editor.propose(path, "x")


def test_no_link_leads_elsewhere(editor: PackEditor, pack: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.yaml").write_text("password: 1", encoding="utf-8")
    (pack / "faq" / "link.yaml").symlink_to(tmp_path / "secret.yaml")
    (pack / "scenes" / "more").symlink_to(tmp_path)
    for path in ("faq/link.yaml", "scenes/more/secret.yaml"):
        with pytest.raises(PackError, match="got a link"):
            editor.read(path)
        with pytest.raises(PackError, match="got a link"):
            editor.propose(path, "x")
    assert "faq/link.yaml" not in editor.files()
