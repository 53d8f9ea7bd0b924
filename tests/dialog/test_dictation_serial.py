"""A serial number whose shape is known: what is wanting, look-alikes, and what may be agreed to."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from voicebot.dialog.dictation import Dictation
from voicebot.dialog.dictation_rules import DictationRules
from voicebot.dialog.dictation_state import DictationState, Next, Phase

SERIAL = DictationRules(length=12, pattern="YL[0-9]{10}")


def test_who_corrects_in_the_middle_goes_on_where_they_were() -> None:
    dictation = Dictation(SERIAL)
    dictation.heard("YL二零")
    dictation.heard("九五三七")
    asked = dictation.heard("不对，九五三八")
    assert (asked.next, asked.value) == (Next.ASK_REST, "YL209538")
    read = dictation.heard("零八五六")
    assert (read.next, read.group, read.value) == (Next.READ_BACK, 0, "YL2095380856")
    assert dictation.heard("对").next is Next.DONE


def test_letters_that_every_value_has_may_be_left_out_or_misheard() -> None:
    for said in ("二零九五三七零八五六", "YO二零九五三七零八五六", "WL二零九五三七零八五六"):
        dictation = Dictation(SERIAL)
        step = dictation.heard(said)
        step = dictation.paused(2500) if step.next is Next.LISTEN else step
        assert (step.next, step.value, step.fits) == (Next.READ_BACK, "YL2095370856", True), said


def test_no_letters_are_put_before_figures_where_there_is_a_choice() -> None:
    rules = DictationRules(length=10, pattern="CN[0-9]{8}|US[0-9]{8}")
    assert rules.settled("12345678") == "12345678" and rules.missing("12345678") == 2
    assert rules.settled("US1234S678") == "US1234S678"
    assert rules.settled("USO2345678") == "US02345678"


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


@dataclass(frozen=True)
class Cut:
    """The reading back is cut after this group (-1: before any)."""

    after: int


INPUTS = st.one_of(
    st.sampled_from("0123456789*#A"),
    st.sampled_from(
        ["不对", "第二组不对", "三七二", "好了", "对", "重新说", "还有五五", "YL二零九五", "A O 三"]
    ),
    st.sampled_from(["YL二零九五三七零八五六", "最后一组是八五七", "第一组是YL"]),
    st.text(max_size=6),
    st.integers(0, 6000),
    st.builds(Cut, st.integers(-1, 3)),
)


@settings(max_examples=300)
@given(st.lists(INPUTS, max_size=25))
def test_only_what_fits_and_was_read_whole_is_ever_agreed_upon(
    inputs: list[str | int | Cut],
) -> None:
    """And the state alone holds all of it: a dictation made anew at each step is the same one."""
    state = DictationState()
    heard: tuple[str, ...] = ()  # what of it the caller has heard, from its beginning on
    for item in inputs:
        dictation = Dictation(SERIAL, DictationState.from_dict(asdict(state)))
        if isinstance(item, Cut):
            if state.phase is Phase.CONFIRMING:
                dictation.read(item.after)
                heard = state.groups[: item.after + 1]
            state = dictation.state
            continue
        if isinstance(item, int):
            step = dictation.paused(item)
        elif item in tuple("0123456789*#A"):
            step = dictation.key(item)
        else:
            step = dictation.heard(item)
        if step.next is Next.DONE:
            assert SERIAL.fits(step.value) and heard == step.groups
            return
        if step.next is Next.READ_BACK:
            assert step.groups[: step.group] == heard[: step.group]
            heard = step.groups
        state = dictation.state
