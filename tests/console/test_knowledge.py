"""知识与话术: drafts are decided upon, texts go live only when they pass, nothing is ever lost."""

from __future__ import annotations

import dataclasses
import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.console.conftest import EVIL, Browser, browse
from voicebot.console import House
from voicebot.pack_loader import load_pack
from voicebot.records import Records
from voicebot.records.draft import DraftKind, DraftState, new_draft
from voicebot.settings import SERVER_PACK
from voicebot.workshop.editing import PackEditor

PACK = SERVER_PACK.parent / "template"


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    return Path(shutil.copytree(PACK, tmp_path / "mypack"))


@pytest.fixture
def workshop(house: House, people: Records, pack: Path) -> House:
    return dataclasses.replace(house, editor=PackEditor(pack))


@pytest.fixture
async def editor(workshop: House) -> AsyncIterator[Browser]:
    async with browse(workshop) as browser:
        await browser.sign_in("supervisor")
        yield browser


def stamp_in(page: str) -> str:
    found = re.search(r'name="stamp" value="([^"]*)"', page)
    assert found
    return found[1]


def a_scene(pack: Path) -> str:
    return sorted(path.relative_to(pack).as_posix() for path in pack.glob("scenes/*.yaml"))[0]


async def test_a_text_goes_live_only_after_it_was_checked_and_passes(
    editor: Browser, pack: Path
) -> None:
    file = a_scene(pack)
    page = (await editor.get("/knowledge/texts", params={"file": file})).text
    text = (pack / file).read_text(encoding="utf-8")
    fields = {"file": file, "stamp": stamp_in(page)}
    broken = await editor.send_form("/knowledge/texts", **fields, text="- : :", action="publish")
    assert "没有通过" in broken.text
    assert (pack / file).read_text(encoding="utf-8") == text, "what does not pass is not live"
    changed = text + "# 班长看过\n"
    checked = await editor.send_form("/knowledge/texts", **fields, text=changed, action="check")
    assert "+# 班长看过" in checked.text and "场景测试" in checked.text
    assert (pack / file).read_text(encoding="utf-8") == text, "a check publishes nothing"
    done = await editor.send_form(
        "/knowledge/texts", **fields, text=changed, action="publish", why="加注"
    )
    assert "已发布为第" in done.text
    assert (pack / file).read_text(encoding="utf-8") == changed
    versions = (await editor.get("/knowledge/versions")).text
    assert "加注" in versions and "supervisor" in versions
    late = await editor.send_form("/knowledge/texts", **fields, text=text + "#\n", action="check")
    assert late.status_code == 409 and "别人先改了" in late.text


async def test_a_version_is_rolled_back_and_its_change_can_be_read(
    editor: Browser, pack: Path
) -> None:
    file = a_scene(pack)
    before = (pack / file).read_text(encoding="utf-8")
    stamp = stamp_in((await editor.get("/knowledge/texts", params={"file": file})).text)
    fields = {"file": file, "stamp": stamp, "text": before + "# 二\n", "action": "publish"}
    await editor.send_form("/knowledge/texts", **fields)
    page = (await editor.get("/knowledge/versions?show=2")).text
    assert "+# 二" in page and "回退到第 1 版" in page
    assert (await editor.send_form("/knowledge/versions", version="1")).status_code == 303
    assert (pack / file).read_text(encoding="utf-8") == before
    for odd in ("99", "-1", "x", ""):
        answer = await editor.send_form("/knowledge/versions", version=odd)
        assert answer.status_code in (400, 409), odd


@pytest.mark.parametrize(
    "path",
    [
        "../../../etc/passwd",
        "scenes/../../secret.yaml",
        "/etc/passwd",
        "scenes/%2e%2e/x.yaml",
        "scenes\\..\\x.yaml",
        "caller.key",
        "scenes/x.py",
        "scenes/link.yaml",
        EVIL,
    ],
)
async def test_path_traversal_no_name_leads_out_of_the_pack(
    editor: Browser, pack: Path, path: str
) -> None:
    (pack.parent / "secret.yaml").write_text("geheim: 1", encoding="utf-8")
    (pack / "scenes" / "link.yaml").symlink_to(pack.parent / "secret.yaml")
    read = await editor.get("/knowledge/texts", params={"file": path})
    assert read.status_code == 404
    assert "geheim" not in read.text and "root:" not in read.text and EVIL not in read.text
    wrote = await editor.send_form(
        "/knowledge/texts", file=path, text="x: 1", stamp="", action="publish"
    )
    assert wrote.status_code == 409 and EVIL not in wrote.text
    assert (pack.parent / "secret.yaml").read_text(encoding="utf-8") == "geheim: 1"


async def test_drafts_are_edited_accepted_and_rejected(
    editor: Browser, workshop: House, pack: Path
) -> None:
    drafts = workshop.records.drafts
    good = new_draft(DraftKind.FAQ, f"保修能转让吗{EVIL}", answer="不能转让。", count=3)
    bad = new_draft(DraftKind.FAQ, "今天天气怎么样", answer="晴。")
    drafts.add(load_pack(pack).info.name, [good, bad])
    page = (await editor.get("/knowledge")).text
    assert "保修能转让吗&lt;script&gt;" in page and EVIL not in page and "问过 3 次" in page
    await editor.send_form("/knowledge", id=bad.id, action="reject", why="无关")
    fields = {"question": "保修能转让吗", "answer": "保修跟着机器走，可以转让。"}
    saved = await editor.send_form("/knowledge", id=good.id, action="edit", **fields)
    assert "已保存修改" in saved.text
    done = await editor.send_form("/knowledge", id=good.id, action="accept", **fields)
    assert "已采纳，发布为第" in done.text
    assert "保修跟着机器走" in (pack / "faq/from_calls.yaml").read_text(encoding="utf-8")
    assert "没有待处理的草稿" in (await editor.get("/knowledge")).text
    rejected = (await editor.get("/knowledge?state=rejected")).text
    assert "今天天气怎么样" in rejected and "无关" in rejected
    late = await editor.send_form("/knowledge", id=good.id, action="accept", **fields)
    assert late.status_code == 409


async def test_drafts_of_another_pack_are_neither_shown_nor_decided_here(
    editor: Browser, workshop: House, pack: Path
) -> None:
    drafts = workshop.records.drafts
    theirs = new_draft(DraftKind.FAQ, "别家的保修多久", answer="三年。")
    drafts.add("another-pack", [theirs])
    assert "别家的保修多久" not in (await editor.get("/knowledge")).text
    fields = {"question": theirs.question, "answer": theirs.answer}
    for action in ("accept", "edit", "reject"):
        page = await editor.send_form("/knowledge", id=theirs.id, action=action, **fields)
        assert page.status_code == 409 and "属于知识包 another-pack" in page.text, action
    assert drafts.get(theirs.id).state is DraftState.PROPOSED
    assert not (pack / "faq/from_calls.yaml").exists()


async def test_a_pack_of_the_program_is_read_only_and_says_why(
    house: House, people: Records
) -> None:
    built_in = dataclasses.replace(house, editor=PackEditor(PACK))
    async with browse(built_in) as browser:
        await browser.sign_in("supervisor")
        page = (await browser.get("/knowledge/texts")).text
        assert "只能看不能改" in page
        assert "还没有版本" in (await browser.get("/knowledge/versions")).text


async def test_a_tester_reads_and_does_not_edit(workshop: House, pack: Path) -> None:
    async with browse(workshop) as browser:
        await browser.sign_in("tester")
        page = await browser.get("/knowledge/texts", params={"file": a_scene(pack)})
        assert page.status_code == 200
        assert "检查和测试" not in page.text and "readonly" in page.text
