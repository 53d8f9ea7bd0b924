"""Adding to a FAQ file changes the one line, whatever the layout; and never the meaning."""

from __future__ import annotations

import difflib

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from voicebot.errors import PackError
from voicebot.settings import SERVER_PACK
from voicebot.workshop.faq_text import entry_ids, with_entry, with_similar

_HEAD = "- id: a\n  question: 问\n"
_LONG = ", ".join("字" * 9 + str(nth) for nth in range(9))
LAYOUTS = {
    "brackets": "# top\n" + _HEAD + "  similar: [一个, '两个']  # end\n  answer: 答\n",
    "lines": _HEAD + "  similar:\n    - 一个\n    - 两个  # two\n\n  answer: 答\n# bottom",
    "lines flush": "- id: a\n  similar:\n  - 一个\n  - 两个\n  question: 问\n  answer: 答\n",
    "one text": _HEAD + "  similar: 一个, 半个\n  answer: 答\n",
    "empty": _HEAD + "  similar: []\n  answer: 答\n",
    "none": "- id: a\n  question: 问 # why\n  answer: 答\n",
    "braces": "- {id: a, question: 问, answer: 答}\n- {id: b, question: 问, answer: 答}\n",
    "folded": "- id: a\n  question: >\n    问\n    题\n\n  answer: |\n    答\n",
    "indented": "   - id: a\n     question: 问\n     answer: 答\n   - id: b\n     answer: 答",
    "long": _HEAD + f"  similar: [{_LONG}]\n  answer: 答\n",
}


def load(text: str) -> list[dict[str, object]]:
    found = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506  # all values stay texts
    assert isinstance(found, list)
    return found


@pytest.mark.parametrize("layout", LAYOUTS)
def test_only_the_line_that_must_change_does(layout: str) -> None:
    text = LAYOUTS[layout]
    new = with_similar(text, "a", ["三个", "带, 逗号: 的"])
    assert load(new)[0]["similar"][-2:] == ["三个", "带, 逗号: 的"]  # type: ignore[index]
    gone = [line for line in difflib.ndiff(text.splitlines(), new.splitlines()) if line[0] == "-"]
    assert len(gone) <= 1
    assert all(
        comment in new for comment in ("# top", "# end", "# two", "# why") if comment in text
    )
    assert with_similar(new, "a", ["三个"]) == new


@pytest.mark.parametrize("layout", [name for name in LAYOUTS if name != "braces"])
def test_a_new_entry_is_put_at_the_end(layout: str) -> None:
    text = LAYOUTS[layout]
    new = with_entry(text, {"id": "z", "question": "yes", "answer": "第一步：关机。\n第二步"})
    assert new.startswith(text)
    assert load(new)[:-1] == load(text)
    assert load(new)[-1] == {"id": "z", "question": "yes", "answer": "第一步：关机。\n第二步"}


def test_every_file_of_the_demo_pack_can_be_added_to() -> None:
    for path in sorted((SERVER_PACK / "faq").glob("*.yaml")):
        text = path.read_text(encoding="utf-8")
        for entry in entry_ids(text)[:2]:
            new = with_similar(text, entry, ["这是新加的问法"])
            changed = [
                line for line in difflib.unified_diff(text.split("\n"), new.split("\n"), n=0)
                if line[0] in "+-" and line[:3] not in ("+++", "---")
            ]  # fmt: skip
            assert len(changed) <= 3, (path.name, entry, changed)


@settings(max_examples=30)
@given(st.text(min_size=1, max_size=40).filter(lambda t: t.isprintable() and t.strip() == t))
def test_whatever_a_caller_says_stays_one_text(said: str) -> None:
    for text in (LAYOUTS["brackets"], LAYOUTS["lines"], LAYOUTS["none"]):
        new = with_similar(text, "a", [said])
        assert said in load(new)[0]["similar"]  # type: ignore[operator]
        assert [entry["id"] for entry in load(new)] == ["a"]
    assert load(with_entry("", {"id": "n", "question": said, "answer": said}))[0]["answer"] == said


def test_what_is_no_list_of_entries_is_refused() -> None:
    for text in ("a: 1\n", "just text", "[[[", "- {id: a, question: 问, answer: 答"):
        with pytest.raises(PackError):
            with_similar(text, "a", ["三个"])
        assert entry_ids(text) == () or text == "just text"
    with pytest.raises(PackError, match="expected an entry 'b'"):
        with_similar(LAYOUTS["none"], "b", ["三个"])
    with pytest.raises(PackError, match="in brackets"):
        with_entry("[{id: a, question: 问, answer: 答}]", {"id": "b"})
