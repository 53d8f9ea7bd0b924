"""Any chat model's folder: its own template, its prefix kept, texts streamed, forms filled."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path

import pytest

from tests.language.tiny_model import GEMMA, LLAMA, write_tiny_model
from voicebot.errors import LanguageError
from voicebot.language.api import Abandoned, FewShot, Late
from voicebot.language.chat_template import ChatTemplate
from voicebot.language.ct2_engine import Ct2Engine
from voicebot.language.ct2_text import ModelText

HEAD = FewShot("你是客服。", (("在吗", "在"),))


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    made = {}
    for family, template in (("llama", LLAMA), ("gemma", GEMMA), ("qwen", None)):
        made[family] = tmp_path_factory.mktemp(family)
        write_tiny_model(made[family], family, template)
    return made


RENDERED = {
    "llama": (
        "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\n你是客服。<|eot_id|>"
        "<|start_header_id|>user<|end_header_id|>\n\n在吗<|eot_id|>"
        "<|start_header_id|>assistant<|end_header_id|>\n\n在<|eot_id|>"
        "<|start_header_id|>user<|end_header_id|>\n\n保修多久<|eot_id|>"
        "<|start_header_id|>assistant<|end_header_id|>\n\n"
    ),
    "gemma": (
        "<bos><start_of_turn>user\n你是客服。\n\n在吗<end_of_turn>\n<start_of_turn>model\n在"
        "<end_of_turn>\n<start_of_turn>user\n保修多久<end_of_turn>\n<start_of_turn>model\n"
    ),
    "qwen": (
        "<|im_start|>system\n你是客服。<|im_end|>\n<|im_start|>user\n在吗<|im_end|>\n"
        "<|im_start|>assistant\n在<|im_end|>\n<|im_start|>user\n保修多久<|im_end|>\n"
        "<|im_start|>assistant\n"
    ),
}


@pytest.mark.parametrize("family", RENDERED)
def test_a_conversation_is_written_as_the_model_was_trained(
    family: str, folders: dict[str, Path]
) -> None:
    template = ChatTemplate.of(folders[family], knows_chatml=family == "qwen")
    assert template.render(HEAD, "保修多久") == RENDERED[family]


@pytest.mark.parametrize("family", RENDERED)
def test_what_is_kept_and_what_is_asked_are_the_whole_prompt(
    family: str, folders: dict[str, Path]
) -> None:
    text = ModelText(folders[family])
    prefix, turn = text.tokens(HEAD, "保修多久")
    assert prefix + turn == text.pieces(RENDERED[family])
    assert len(prefix) > len(turn)
    assert text.tokens(HEAD, "内存多大")[0] == prefix


@pytest.mark.parametrize("family", RENDERED)
def test_every_engine_use_runs_on_it(family: str, folders: dict[str, Path]) -> None:
    with Ct2Engine(folders[family]) as engine:
        choice = engine.choose(HEAD, "哪个？", ["甲", "乙", "丙"])
        assert sum(choice.probabilities) == pytest.approx(1.0)
        again = engine.choose(HEAD, "哪个？", ["甲", "乙", "丙"])
        assert again.probabilities == pytest.approx(choice.probabilities)
        heard: list[str] = []
        draft = engine.generate(HEAD, "讲", 20, on_text=heard.append)
        assert draft.text.startswith("".join(heard))
        form = engine.fields(HEAD, "填", ["机型", "电话"])
        assert set(form) == {"机型", "电话"}
        assert all('"' not in value for value in form.values())
        assert engine.count("AB") == 2


def test_a_form_is_json_whatever_the_model_writes(folders: dict[str, Path]) -> None:
    with Ct2Engine(folders["llama"]) as engine:
        form = dict(engine.fields(HEAD, '"}{\n', ["a"]))
    assert json.loads(json.dumps(form)) == form


class Gated(Ct2Engine):
    """An engine whose worker is held up until it is let go."""

    def hold(self) -> threading.Event:
        go = threading.Event()
        self._worker.submit(go.wait, 20)
        return go


def test_deadlines_and_cancels_hold_while_it_waits_its_turn(folders: dict[str, Path]) -> None:
    with Gated(folders["qwen"]) as engine:
        go = engine.hold()
        started_s = time.monotonic()
        with pytest.raises(Late):
            engine.choose(HEAD, "哪个？", ["甲", "乙"], deadline_ms=50)
        with pytest.raises(Late):
            engine.generate(HEAD, "讲", 5, deadline_ms=50)
        with pytest.raises(Late):
            engine.fields(HEAD, "填", ["a"], deadline_ms=50)
        with pytest.raises(Abandoned):
            engine.choose(HEAD, "哪个？", ["甲", "乙"], cancelled=lambda: True)
        with pytest.raises(Abandoned):
            engine.generate(HEAD, "讲", 5, lambda: True)
        assert time.monotonic() - started_s < 10
        go.set()
        assert engine.choose(HEAD, "哪个？", ["甲", "乙"]).elapsed_ms > 0


def test_a_folder_without_a_template_says_what_to_do(tmp_path: Path) -> None:
    write_tiny_model(tmp_path, "llama", None)
    with pytest.raises(LanguageError, match="expected a chat template"):
        Ct2Engine(tmp_path)


@pytest.mark.parametrize(
    "template", ["{% for %}", "{{ raise_exception('no') }}", "{{ messages.__class__.mro() }}"]
)
def test_a_template_that_fails_or_reaches_out_is_an_error(template: str, tmp_path: Path) -> None:
    with pytest.raises(LanguageError):
        made = ChatTemplate(template, {}, str(tmp_path))
        made.render(HEAD, "问")


def test_no_model_there(tmp_path: Path) -> None:
    with pytest.raises(LanguageError, match=r"tokenizer\.json"):
        Ct2Engine(tmp_path)


def test_a_text_that_is_enough_ends_with_what_was_written(folders: dict[str, Path]) -> None:
    heard: list[str] = []
    with Ct2Engine(folders["qwen"]) as engine:
        draft = engine.generate(HEAD, "讲", 4000, lambda: len(heard) >= 3, on_text=heard.append)
    assert not draft.finished
    assert draft.text.startswith("".join(heard[:3]))
    assert draft.tokens < 4000
