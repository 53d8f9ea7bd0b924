"""A published version reaches new calls without a restart; one that cannot be loaded does not."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from voicebot.errors import PackError
from voicebot.knowledge.build import build_knowledge
from voicebot.knowledge.knowledge import Knowledge
from voicebot.live_pack import PackParts, PackWatch, renewed
from voicebot.pack_loader import load_pack
from voicebot.session.spoken_texts import all_texts
from voicebot.settings import load_settings
from voicebot.speech.speaker import Speaker
from voicebot.workshop.editing import PackEditor

FAQ = "faq/general.yaml"


class Watched:
    """Stands for the bot: notes what it was asked to do."""

    def __init__(self, root: Path) -> None:
        self.loaded: list[str] = []
        self.prepared = 0
        self._prepares = asyncio.Condition()
        self.changed = asyncio.Event()
        self._root = root

    async def take_up(self) -> None:
        try:
            self.loaded.append(load_pack(self._root).faq[0].answer)
        except PackError:
            self.loaded.append("refused")
            raise
        finally:
            self.changed.set()

    async def prepare(self) -> None:
        async with self._prepares:
            self.prepared += 1
            self._prepares.notify_all()
        await asyncio.Event().wait()

    async def next(self) -> None:
        await asyncio.wait_for(self.changed.wait(), 30)
        self.changed.clear()

    async def preparing(self, times: int) -> None:
        async with asyncio.timeout(30), self._prepares:
            await self._prepares.wait_for(lambda: self.prepared >= times)
        assert self.prepared == times


async def test_each_published_version_is_taken_up_once(pack: Path) -> None:
    editor, bot = PackEditor(pack), Watched(pack)
    watch = asyncio.create_task(PackWatch(pack, bot.take_up, bot.prepare, every_s=0.01).run())
    await bot.preparing(1)
    for years in ("两年", "三年"):
        text = re.sub("整机保修.年", f"整机保修{years}", editor.read(FAQ).text)
        editor.publish(editor.propose(FAQ, text), "张三")
        await bot.next()
        assert years in bot.loaded[-1]
    (pack / FAQ).write_text("[broken", encoding="utf-8")  # by hand: nobody is told
    editor.roll_back(1, "张三")
    await bot.next()
    assert "一年" in bot.loaded[-1]
    assert len(bot.loaded) == 3
    await bot.preparing(4)
    watch.cancel()
    with pytest.raises(asyncio.CancelledError):
        await watch


async def test_a_version_that_cannot_be_loaded_is_told_and_the_watch_goes_on(pack: Path) -> None:
    editor, bot = PackEditor(pack), Watched(pack)
    watch = asyncio.create_task(PackWatch(pack, bot.take_up, bot.prepare, every_s=0.2).run())
    await asyncio.sleep(0)
    text = editor.read(FAQ).text
    editor.publish(editor.propose(FAQ, text.replace("一年", "两年")), "张三")
    (pack / FAQ).write_text("[broken", encoding="utf-8")
    await bot.next()
    assert bot.loaded == ["refused"] and bot.prepared == 1
    editor.roll_back(1, "张三")
    await bot.next()
    assert "一年" in bot.loaded[-1]
    await bot.preparing(2)
    watch.cancel()
    with pytest.raises(asyncio.CancelledError):
        await watch


@pytest.mark.weights
def test_knowledge_that_stays_does_not_follow_the_index(
    pack: Path, knowledge: Knowledge, tmp_path: Path
) -> None:
    embedder = knowledge.embedder
    first = load_pack(pack).faq[0]
    second = replace(
        first, id="general.toner", question="硒鼓多少钱", similar=(), answer="问销售。"
    )
    old = Knowledge.build([first], (), (), embedder, tmp_path / "index")
    old.stay()
    new = Knowledge.build([second], (), (), embedder, tmp_path / "index")
    assert [hit.id for hit in old.search("保修多久").hits] == [first.id]
    assert [hit.id for hit in new.search("保修多久").hits] == [second.id]


class SilentSpeaker:
    """A voice that has said everything before; notes what it will have to say."""

    voices = 1

    def __init__(self) -> None:
        self.needed: tuple[str, ...] = ()

    def needs(self, name: str, texts: tuple[str, ...], first: tuple[str, ...]) -> None:
        self.needed = texts

    def prepare(self, texts: list[str], voice: int = 0) -> None:
        assert all(texts)


@pytest.mark.weights
def test_new_calls_get_the_new_answer_and_calls_in_progress_the_old(
    pack: Path, models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    settings = load_settings(overrides={"pack": pack, "models": models})
    loaded = load_pack(pack)
    knowledge = build_knowledge(settings, loaded, lambda what, state: None)
    old = PackParts.of(settings, loaded, knowledge, all_texts(settings, loaded, knowledge))
    editor, speaker = PackEditor(pack), SilentSpeaker()
    text = editor.read(FAQ).text.replace("整机保修一年", "整机保修两年")
    editor.publish(editor.propose(FAQ, text), "张三")
    new = renewed(settings, old, cast(Speaker, speaker))
    assert "两年" in new.knowledge.search("保修多久").hits[0].text
    assert "一年" in old.knowledge.search("保修多久").hits[0].text
    assert any("整机保修两年" in each for each in speaker.needed)
    (pack / "scenes" / "paper_jam.yaml").write_text("[broken", encoding="utf-8")
    with pytest.raises(PackError, match="paper_jam"):
        renewed(settings, new, cast(Speaker, speaker))
    assert "两年" in new.knowledge.search("保修多久").hits[0].text
