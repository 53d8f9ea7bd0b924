"""A seat is shown the next check, a passage or a doubt, once; else nothing."""

from __future__ import annotations

from tests.assist.talks import read_talks, words
from tests.server_pack import server_pack
from voicebot.assist.assistant import Assistant, HeardTurn, Kind, Suggestion
from voicebot.knowledge.api import Hit, HitKind, SearchResult

PACK = server_pack()
WARRANTY = Hit(
    "service.warranty",
    HitKind.FAQ,
    2.0,
    "整机保修三年，从发票日期算起。",
    "服务器保修多久",
    "政策 2",
)


class Shelf:
    """A knowledge of one answer, and what it was asked."""

    def __init__(self, answerable: float = 0.9, hit: Hit = WARRANTY) -> None:
        self.asked: list[str] = []
        self._answerable, self._hit = answerable, hit

    def search(self, query: str, k: int = 5, product: str = "") -> SearchResult:
        self.asked.append(query)
        return SearchResult(query, (self._hit,), self._answerable)


class Empty:
    """A knowledge that has nothing."""

    def search(self, query: str, k: int = 5, product: str = "") -> SearchResult:
        return SearchResult(query, (), 0.0)


def talk(*said: str, knowledge: Shelf | Empty | None = None) -> list[tuple[Suggestion, ...]]:
    """What was shown after each turn; a seat's begins with ``>``."""
    assistant = Assistant(knowledge or Empty(), words(), answer_risk=0.5)
    return [
        assistant.hear(HeardTurn(nth, "seat" if text[0] == ">" else "caller", text.lstrip(">")))
        for nth, text in enumerate(said)
    ]


def test_the_scene_that_the_talk_is_in_tells_the_next_check() -> None:
    shown = talk("服务器报内存错误", ">是可纠正的吗", "可纠正的", ">换过位置没有", "没换过")
    first, _, second, _, third = shown
    assert [each.kind for each in (*first, *second, *third)] == [Kind.NEXT_CHECK] * 3
    assert first[0].source == "场景 内存报错" and first[0].turn == 0
    assert "可纠正" in first[0].text and "交换" in second[0].text
    assert third[0].text.startswith("待定位是内存还是插槽：")
    assert len({each.id for turn in shown for each in turn}) == 3


def test_the_seats_own_question_tells_what_a_bare_no_denies() -> None:
    *_, asked = talk("服务器报内存错误", ">是哪种错误", "可纠正的", ">旁边的交换过位置没有", "没有")
    assert asked and asked[0].text.startswith("待定位是内存还是插槽")


def test_what_does_not_go_together_is_flagged() -> None:
    *_, last = talk(
        "服务器报内存错误", ">是哪种错误", "可纠正的", ">换过位置没有", "没换过",
        "换完报错还在原来的插槽",
    )  # fmt: skip
    assert [each.kind for each in last] == [Kind.CONTRADICTION]
    assert "到底换过没有" in last[0].text


def test_a_passage_answers_a_question_and_is_shown_once() -> None:
    shelf = Shelf()
    first, second = talk("服务器保修几年", "保修到底是几年啊", knowledge=shelf)
    assert [(each.kind, each.source) for each in first] == [(Kind.PASSAGE, "政策 2")]
    assert "保修三年" in first[0].text
    assert second == () and len(shelf.asked) == 2


def test_what_the_documents_do_not_answer_is_not_shown() -> None:
    assert talk("服务器保修几年", knowledge=Shelf(0.3)) == [()]
    assert talk("我的RAID卡保修几年", knowledge=Shelf(0.6)) == [()], "it does not speak of the part"
    assert talk("今天天气怎么样", "你们公司在哪") == [(), ()]


def test_a_seat_and_small_talk_bring_nothing_up() -> None:
    shelf = Shelf()
    said = [">您好，保修几年我查一下", "嗯", "好的谢谢", "你稍等", "", "再见", ">再见"]
    assistant = Assistant(shelf, words())
    for nth, text in enumerate(said):
        who = "seat" if text[:1] == ">" else "caller"
        assert assistant.hear(HeardTurn(nth, who, text.lstrip(">"))) == ()
    assert shelf.asked == []


def test_a_seat_who_joins_sees_what_is_due_and_nothing_older() -> None:
    assistant = Assistant(Empty(), words())
    before = (
        HeardTurn(0, "caller", "服务器报内存错误"),
        HeardTurn(1, "bot", "告警写的是可纠正错误，还是不可纠正错误？", "memory.error", "kind"),
        HeardTurn(2, "caller", "可纠正的"),
        HeardTurn(3, "bot", "这条内存和旁边正常的交换过位置吗？", "memory.error", "swapped"),
        HeardTurn(4, "caller", "转人工"),
    )
    (due,) = assistant.catch_up(before)
    assert due.kind is Kind.NEXT_CHECK and "交换" in due.text and due.turn == 4
    (after,) = assistant.hear(HeardTurn(5, "caller", "交换过了"))
    assert "跟着内存走" in after.text


def test_hostile_turns_are_survived() -> None:
    for text in ("？" * 3000, "\u0000\u202e", "' OR 1=1 --", "<b>内存</b>" * 200, "😀"):
        talk(text, ">" + text, text, knowledge=Shelf())


def test_most_checks_of_the_written_talks_are_found_without_an_index() -> None:
    """By triggers alone; `make bench-assist` measures with the pack's own index."""
    wanted = right = false = 0
    for each in read_talks():
        assistant = Assistant(Empty(), words())
        for nth, line in enumerate(each.lines):
            made = assistant.hear(HeardTurn(nth, line.who, line.text))
            false += bool(made) and line.want == "none"
            if line.want.startswith("check:"):
                scene = PACK.scene(line.want.removeprefix("check:"))
                assert scene is not None
                wanted += 1
                right += any(s.source == f"场景 {scene.name}" for s in made[:2])
    print(f"checks {right}/{wanted}, on quiet turns {false}")
    assert right >= 0.6 * wanted and false <= 2
