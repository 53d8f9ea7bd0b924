"""A serial number is taken down over several turns, read back, corrected and agreed upon."""

from __future__ import annotations

from dataclasses import asdict

from hypothesis import given
from hypothesis import strategies as st

from voicebot.dialog.dictated import spoken_group
from voicebot.dialog.dictation import Dictation
from voicebot.dialog.dictation_rules import DictationRules
from voicebot.dialog.dictation_state import DictationState, Next, Phase, Step


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
    assert dictation.heard("五五九") == Step(Next.READ_BACK, ("219", "559"), 1)


def test_no_with_the_right_group_corrects_it_in_one_go() -> None:
    dictation = dictated("二一九", "五五八")
    assert dictation.heard("不对，是五五九") == Step(Next.READ_BACK, ("219", "559"), 1)
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
    assert dictation.key("#") == Step(Next.READ_BACK, ("219", "568"), 1)


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


SERIAL = DictationRules(length=12, pattern="YL[0-9]{10}")


def test_letters_that_every_value_has_may_be_left_out_or_misheard() -> None:
    for said in ("二零九五三七零八五六", "YO二零九五三七零八五六", "WL二零九五三七零八五六"):
        dictation = Dictation(SERIAL)
        step = dictation.heard(said)
        step = dictation.paused(2500) if step.next is Next.LISTEN else step
        assert (step.next, step.value, step.fits) == (Next.READ_BACK, "YL2095370856", True), said


def test_look_alikes_are_exchanged_only_where_one_reading_fits() -> None:
    dictation = Dictation(SERIAL)
    assert dictation.heard("YL二O九五三七O八五六").value == "YL2095370856"
    free = Dictation(DictationRules(length=4, pattern="[A-Z0-9]{4}"))
    asked = free.heard("AO三五")
    assert (asked.next, asked.place) == (Next.ASK_LETTER, 1)
    assert free.heard("数字零").value == "A035"
    assert free.heard("对").next is Next.DONE


def test_what_is_wanting_is_asked_for_and_what_is_too_much_is_not_taken() -> None:
    dictation = Dictation(SERIAL)
    dictation.heard("YL二零九五")
    assert dictation.paused(2500).next is Next.LISTEN
    assert dictation.paused(4500).next is Next.ASK_REST
    assert dictation.pause_ms() is None  # asked once is enough
    assert dictation.heard("三二一二一二一二一二一二").next is Next.MISSED
    assert dictation.value == "YL2095"
    assert dictation.heard("YL二零九五三七零八五六").value == "YL2095370856"


def test_a_value_that_cannot_be_is_never_agreed_upon() -> None:
    dictation = Dictation(DictationRules(pattern="1[3-9][0-9]{9}", letters=False))
    dictation.heard("一二三四五")
    read = dictation.paused(2500)
    assert (read.next, read.fits) == (Next.READ_BACK, False)
    assert dictation.heard("对").next is Next.MISFIT
    assert dictation.value == "" and dictation.state.phase is Phase.LISTENING


INPUTS = st.one_of(
    st.sampled_from("0123456789*#A"),
    st.sampled_from(
        ["不对", "第二组不对", "三七二", "好了", "对", "重新说", "还有五五", "YL二零九五", "A O 三"]
    ),
    st.text(max_size=6),
    st.integers(0, 6000),
)


@given(st.lists(INPUTS, max_size=25))
def test_only_what_fits_and_was_read_whole_is_ever_agreed_upon(inputs: list[str | int]) -> None:
    """And the state alone holds all of it: a dictation made anew at each step is the same one."""
    state = DictationState()
    read = 0
    for item in inputs:
        dictation = Dictation(SERIAL, DictationState.from_dict(asdict(state)))
        if isinstance(item, int):
            step = dictation.paused(item)
        elif item in tuple("0123456789*#A"):
            step = dictation.key(item)
        else:
            step = dictation.heard(item)
        if step.next is Next.DONE:
            assert SERIAL.fits(step.value) and read == len(step.groups)
            return
        read = len(step.groups) if step.next is Next.READ_BACK else read
        state = dictation.state
