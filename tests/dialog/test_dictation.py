"""A serial number is taken down over several turns, read back, corrected and agreed upon."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from voicebot.dialog.dictated import spoken_group
from voicebot.dialog.dictation import Dictation
from voicebot.dialog.dictation_rules import DictationRules
from voicebot.dialog.dictation_state import Next, Phase, Step


def dictated(*texts: str) -> Dictation:
    """A dictation that has heard `texts`."""
    dictation = Dictation()
    for text in texts:
        dictation.heard(text)
    return dictation


def test_groups_over_several_turns_are_read_back_and_agreed_upon() -> None:
    dictation = Dictation()
    assert dictation.heard("序列号是二一九").next is Next.LISTEN
    assert dictation.heard("五五八").next is Next.LISTEN
    assert dictation.heard("A零三，好了") == Step(Next.READ_BACK, ("219", "558", "A03"))
    assert dictation.state.phase is Phase.CONFIRMING
    done = dictation.heard("对，没错")
    assert (done.next, done.value) == (Next.DONE, "219558A03")
    assert dictation.state.phase is Phase.DONE


def test_a_pause_ends_it_and_a_short_one_does_not() -> None:
    dictation = dictated("二一九五五八")
    assert dictation.paused(1500).next is Next.LISTEN
    assert dictation.paused(2500) == Step(Next.READ_BACK, ("219", "558"))
    assert Dictation().paused(60_000).next is Next.LISTEN


def test_a_known_length_ends_it_at_once() -> None:
    dictation = Dictation(DictationRules(length=11))
    assert dictation.heard("幺三八洞洞幺三八").next is Next.LISTEN
    assert dictation.heard("洞洞洞") == Step(Next.READ_BACK, ("138", "0013", "8000"))


def test_no_corrects_the_last_group_said() -> None:
    dictation = dictated("二一九", "五五八")
    assert dictation.heard("不对") == Step(Next.ASK_GROUP, ("219", "558"), 1)
    assert dictation.heard("五五九") == Step(Next.READ_BACK, ("219", "559")), "none was heard yet"


def test_no_with_the_right_group_corrects_it_in_one_go() -> None:
    dictation = dictated("二一九", "五五八")
    assert dictation.heard("不对，是五五九") == Step(Next.READ_BACK, ("219", "559"))
    assert dictation.heard("对").value == "219559"


def test_no_while_it_is_read_back_means_the_group_just_read() -> None:
    dictation = dictated("二一九", "五五八", "零零七", "好了")
    dictation.read(0)
    dictation.read(1)
    assert dictation.heard("不对，五六八") == Step(Next.READ_BACK, ("219", "568", "007"), 1)


def test_a_group_can_be_named() -> None:
    for said, expected in [
        ("第二组不对，是五六八", ("219", "568", "007")),
        ("第二组是五六八", ("219", "568", "007")),
        ("第一组不对，二二九", ("229", "558", "007")),
        ("最后一组错了，零零八", ("219", "558", "008")),
        ("倒数第二组应该是五六八", ("219", "568", "007")),
    ]:
        dictation = dictated("二一九", "五五八", "零零七", "好了")
        step = dictation.heard(said)
        assert (step.next, step.groups) == (Next.READ_BACK, expected), said
        assert dictation.heard("对的").next is Next.DONE


def test_a_named_group_without_its_figures_is_asked_for() -> None:
    dictation = dictated("二一九", "五五八", "零零七", "好了")
    assert dictation.heard("第二组不对") == Step(Next.ASK_GROUP, ("219", "558", "007"), 1)
    assert dictation.heard("五六八").value == "219568007"


def test_starting_over_forgets_all() -> None:
    dictation = dictated("二一九", "五五八")
    assert dictation.heard("我重新说一遍") == Step(Next.START_OVER)
    assert dictation.value == ""
    assert dictation.heard("三三三，就这些").groups == ("333",)


def test_keys_are_taken_at_any_time() -> None:
    dictation = dictated("二一九")
    for digit in "558":
        assert dictation.key(digit).next is Next.LISTEN
    assert dictation.key("#") == Step(Next.READ_BACK, ("219", "558"))
    assert dictation.key("#").next is Next.DONE


def test_star_takes_the_last_group_back() -> None:
    dictation = dictated("二一九", "五五八")
    assert dictation.key("*").next is Next.ASK_GROUP
    dictation.key("5")
    dictation.key("6")
    dictation.key("8")
    assert dictation.key("#") == Step(Next.READ_BACK, ("219", "568"))


def test_who_types_while_it_is_read_back_types_it_anew() -> None:
    dictation = dictated("二一九", "五五八", "好了")
    dictation.read(0)
    for digit in "219568":
        dictation.key(digit)
    assert dictation.key("#").value == "219568"


def test_only_a_yes_is_a_yes() -> None:
    for yes in ("对", "嗯", "没错了", "是的是的", "好了", "都对"):
        assert dictated("二一九", "五五八", "好了").heard(yes).next is Next.DONE, yes
    for other in ("哦", "啊", "对不对", "是不是啊", "转人工", "不用了"):
        dictation = dictated("二一九", "五五八", "好了")
        assert dictation.heard(other).next is Next.NOT_FOR_US, other
        assert dictation.value == "219558"


def test_saying_it_along_with_the_bot_changes_nothing() -> None:
    dictation = dictated("二一九", "五五八", "好了")
    dictation.read(0)
    assert dictation.heard("二一九") == Step(Next.READ_BACK, ("219", "558"), 1)


def test_another_group_of_the_same_length_replaces_the_one_just_read() -> None:
    dictation = dictated("二一九", "五五八", "好了")
    dictation.read(0)
    dictation.read(1)
    assert dictation.heard("五六八").groups == ("219", "568")


def test_more_can_be_added_after_it_was_read_back() -> None:
    dictation = dictated("二一九", "五五八", "好了")
    dictation.read(1)
    assert dictation.heard("后面还有零零七").groups == ("219", "558", "007")


def test_other_words_go_to_the_dialog_and_lose_nothing() -> None:
    dictation = dictated("二一九")
    for text in ("我不知道在哪里看", "转人工", ""):
        assert dictation.heard(text).next is Next.NOT_FOR_US
    assert dictation.value == "219"


def test_too_much_is_clipped_and_read_back() -> None:
    dictation = Dictation(DictationRules(max_length=6))
    assert dictation.heard("一二三四五六七八九").value == "123456"
    assert dictation.state.phase is Phase.CONFIRMING


def test_once_agreed_upon_only_a_correction_opens_it_again() -> None:
    dictation = dictated("二一九", "五五八", "好了", "对")
    assert dictation.heard("四四四").next is Next.NOT_FOR_US
    assert dictation.key("4").next is Next.NOT_FOR_US
    assert dictation.value == "219558"
    assert dictation.heard("不对，第二组是五六八").groups == ("219", "568")


@given(st.lists(st.text(alphabet="0123456789", min_size=2, max_size=5), min_size=1, max_size=6))
def test_what_was_dictated_is_what_is_agreed_upon(groups: list[str]) -> None:
    dictation = Dictation()
    for group in groups:
        dictation.heard("".join(spoken_group(group).split()))
    assert dictation.heard("好了").next is Next.READ_BACK
    assert dictation.heard("是的").value == "".join(groups)


@given(
    st.lists(
        st.one_of(
            st.sampled_from("0123456789*#A"),
            st.sampled_from(
                ["不对", "第二组不对", "三七二", "好了", "对", "重新说", "还有五五", "第九组是一二"]
            ),
            st.text(max_size=6),
        ),
        max_size=20,
    )
)
def test_no_order_of_words_and_keys_breaks_it(inputs: list[str]) -> None:
    dictation = Dictation(DictationRules(max_length=20))
    for item in inputs:
        pressed = item in tuple("0123456789*#A")
        step = dictation.key(item) if pressed else dictation.heard(item)
        assert step.groups == () or 0 <= step.group < len(step.groups)
        assert len(dictation.value) <= 20
        assert all(group for group in step.groups)
        dictation.paused(3000)


def test_ears_write_a_no_as_an_army_and_a_yes_as_a_team() -> None:
    dictation = dictated("二一九", "五五八", "好了")
    assert dictation.heard("部队是五六八").groups == ("219", "568")
    assert dictation.heard("第一组部队是360吧").groups == ("3608", "568")
    assert dictation.heard("队的").next is Next.DONE


def test_a_yes_before_all_of_it_was_read_brings_the_rest() -> None:
    dictation = dictated("二一九", "五五八", "零零七", "好了")
    dictation.read(0)
    assert dictation.heard("对") == Step(Next.READ_BACK, ("219", "558", "007"), 1)
    assert dictation.heard("对").next is Next.DONE


def test_a_correction_ahead_of_the_reading_brings_all_that_was_not_heard() -> None:
    dictation = dictated("二一九", "五五八", "零零七", "三三三", "好了")
    dictation.read(0)
    read = dictation.heard("最后一组错了，是四四四")
    assert read == Step(Next.READ_BACK, ("219", "558", "007", "444"), 1)
    assert dictation.heard("对").next is Next.DONE
