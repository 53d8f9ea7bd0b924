"""A published version reaches new calls without a restart; one that cannot be loaded does not."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from pathlib import Path

import pytest

from voicebot.errors import PackError
from voicebot.knowledge.knowledge import Knowledge
from voicebot.live_pack import PackWatch
from voicebot.pack_loader import load_pack
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
